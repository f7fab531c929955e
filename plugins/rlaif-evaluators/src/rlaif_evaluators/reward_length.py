"""Length bias of a reward model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlaif_core.api import Preference
from rlaif_evaluators.outcomes import outcome


def length_figures(margins: Sequence[float], heldout: Sequence[Preference]) -> dict[str, Any]:
    """Length against reward, over pairs of responses to one prompt.

    Args:
        margins: r(chosen) - r(rejected) of each pair.
        heldout: The preferences, as many.

    Returns:
        `length_correlation`: Spearman's ρ in [-1, 1] of the differences in reward and in
        characters, each pair taken both ways round. `longer_preferred`: how often the reward
        model prefers the longer response, with its interval, and `longer_chosen`: how often the
        judge did, which is what it should be near to. Nothing if no pair differs in length; no
        correlation if no pair differs in reward.
    """
    import numpy as np
    from scipy.stats import spearmanr

    from rlaif_stats.length_control import longer_win_rate

    lengths = np.array([len(item.chosen.text) - len(item.rejected.text) for item in heldout], float)
    if not lengths.any():
        return {}
    prompts = [item.prompt.id for item in heldout]
    preferred = [outcome(margin, 0.0) for margin in margins]
    chosen = [outcome(item.p_chosen, 0.5) for item in heldout]
    figures: dict[str, Any] = {
        "longer_preferred": longer_win_rate(preferred, lengths, prompts).figure(),
        "longer_chosen": longer_win_rate(chosen, lengths, prompts).figure(),
    }
    rewards = np.asarray(margins, dtype=np.float64)
    if rewards.any():
        found = spearmanr(np.append(rewards, -rewards), np.append(lengths, -lengths))
        figures["length_correlation"] = float(found.statistic)
    return figures
