"""Labels of figures without records, which of them are shares, and which come first."""

from __future__ import annotations

LABELS = {
    "accuracy": "Accuracy",
    "accuracy_by_order": "Accuracy by order",
    "agreement": "Agreement",
    "approx_kl": "Approximate KL of the update",
    "both_right": "Right in both orders",
    "calibration_brier": "Brier score once calibrated",
    "calibration_ece": "ECE once calibrated",
    "first_position_rate": "First response preferred",
    "gold_accuracy": "Accuracy against the gold score",
    "entropy_per_response": "Entropy, nats a response",
    "entropy_per_token": "Entropy, nats a token",
    "gold_gain": "Gain in gold score",
    "heldout": "Held-out preferences",
    "heldout_brier": "Held-out Brier score",
    "heldout_ece": "Held-out ECE",
    "gold_score": "Gold score",
    "gold_win_rate": "Win rate by gold score",
    "kappa": "Cohen's κ",
    "kl": "KL",
    "kl_coef": "KL coefficient",
    "kl_of_mismatched_pairs": "KL over mismatched pairs, nats a response",
    "kl_per_response": "KL from the reference, nats a response",
    "kl_per_token": "KL from the reference, nats a token",
    "position_agreement": "Same verdict in both orders",
    "position_consistency": "Both-order consistency",
    "reward_accuracy": "Reward model accuracy",
    "brier": "Brier score",
    "ece": "ECE",
    "usd": "US dollars",
    "win_rate": "Win rate",
    "win_rate_abstentions": "Prompts on which the judge abstained",
    "win_rate_length_controlled": "Win rate at equal length",
    "ab": "A first",
    "ba": "B first",
}
OF_POLICY = {
    "kl": "KL from the base, nats a response",
    "kl_k3": "KL from the base by k3, nats a response",
    "kl_se": "KL, its standard error",
    "kl_unmeasured": "Responses without a KL",
    "length": "Length, characters",
}
"""Names in the `policy` section, where the unit is known."""

SHARES = {
    "ab",
    "agreement",
    "ba",
    "first_position_rate",
    "longer_chosen",
    "longer_preferred",
    "position_agreement",
    "position_consistency",
}
SHARE_WORDS = ("accuracy", "win_rate")
"""A figure with one of these in its name is a share, and so is what it is broken down by."""

A_SHARE = SHARE_WORDS[0]
"""The name under which parts of a share are shown."""

FIRST = (
    "accurac",
    "loss",
    "reward",
    "margin",
    "kl",
    "entropy",
    "length",
    "left_out",
    "watch",
)
"""Figures of a training that come first, by the beginning of a name's last word."""
LAST = frozenset({"truncated", "steps", "members", "learning_rate", "grad_norm", "epoch"})
UNITS = ("_per_token", "_per_response", "_of_mismatched_pairs")


def label(name: str) -> str:
    """The label of the figure `name`; of `part/name` the part stays as it is."""
    part, _, last = name.rpartition("/")
    if part and last:
        return f"{part}: {label(last)}"
    spoken = name.replace("heldout", "held-out").replace("_", " ")
    return LABELS.get(name) or spoken.strip().capitalize()


def interest(name: str) -> int:
    """The rank of a figure of a training: a place in `FIRST`, or behind it."""
    bare = name
    for unit in UNITS:
        bare = bare.removesuffix(unit)
    if bare.rsplit("/", 1)[-1] in LAST:
        return len(FIRST) + 1
    if name.startswith("watch"):
        return FIRST.index("watch")
    last = bare.replace("/", "_").rsplit("_", 1)[-1]
    for place, word in enumerate(FIRST):
        if last.startswith(word) or bare.endswith(word):
            return place
    return len(FIRST)


def is_share(name: str) -> bool:
    """True if a figure lies in [0, 1] and is shown in percent."""
    return name in SHARES or any(word in name for word in SHARE_WORDS)
