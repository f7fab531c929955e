"""`write_report`: a run in, one HTML file out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rlaif_core import __version__
from rlaif_core.api.errors import RunError
from rlaif_core.runs import Run
from rlaif_report.comparisons import browser
from rlaif_report.components import component_rows
from rlaif_report.contests import contests
from rlaif_report.figures import figures, is_number
from rlaif_report.judge_quality import ranking
from rlaif_report.other_runs import against
from rlaif_report.overview import facts, notices, tiles
from rlaif_report.rendering import render
from rlaif_report.rounds import round_view, side_by_side
from rlaif_report.rounds_overview import rounds_overview
from rlaif_report.run_metrics import Measured, measured
from rlaif_report.sample import Sample
from rlaif_report.text import Excerpt

NAME = "report.html"
STAGES = (
    "prompts",
    "sample",
    "guards",
    "calibrate",
    "judge",
    "select",
    "reward_model",
    "optimize",
    "evaluate",
)
FAILURES = 50
RECIPE = 100_000


def write_report(run: Run, output: Path | None = None, others: Sequence[Run] = ()) -> Path:
    """Write the page of a run, finished or not: of `rlaif run`, `judge` or `compare`.

    The page is self-contained: it asks the network for nothing, and a Content-Security-Policy
    holds it to that. It shows at most 300 comparisons, whatever the size of the run.

    Args:
        run: The run.
        output: The file to write; `report.html` in the run directory if not given.
        others: Runs that judged the same pairs, to compare the labels with.

    Returns:
        The file written.

    Raises:
        RunError: If something cannot be read or written.
    """
    target = run.path / NAME if output is None else output
    page = _page(run, others)
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.write_text(page, encoding="utf-8")
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        fix = "fix that and ask again" if output is None else "choose another --output"
        raise RunError(f"{target}: {error.strerror}: {fix}") from error
    return target


def _page(run: Run, others: Sequence[Run]) -> str:
    known = measured(run)
    sample = Sample()
    sampled = not known.labelling
    rounds = [round_view(section, run, sample, sampled=sampled) for section in known.rounds]
    shown = browser(run, sample)
    failures = run.failures()
    hidden = [error.calls for error in failures[FAILURES:]]
    context: dict[str, Any] = {
        "name": run.name,
        "labelling": known.labelling,
        "labelled": figures(known.judging),
        "has_labels": "accuracy" in known.judging,
        "notices": notices(run, known),
        "names": run.policy_names(),
        "has_reward_model": _has_reward_model(run, known),
        "tiles": tiles(known, rounds[-1].candidates if rounds else None),
        "components": component_rows(run),
        "facts": facts(run),
        "rounds": rounds,
        "policies": ranking(known.policies),
        "course": rounds_overview(known.course) if len(rounds) > 1 else None,
        "others": [against(run, other) for other in others],
        "contests": contests(known.contests, known.gold) if known.comparing else None,
        "comparison": side_by_side(known.rounds),
        "models": run.usage(),
        "cost": figures(known.cost),
        "seconds": _by_stage(known),
        "failures": failures[:FAILURES],
        "more_failures": (len(hidden), sum(hidden)),
        "browser": shown,
        "ledger": run.has_ledger,
        "recipe": Excerpt.of(run.recipe, RECIPE),
        "version": __version__,
    }
    return render(context, shown.filters)


def _has_reward_model(run: Run, known: Measured) -> bool:
    """True if the recipe has one or, without a recipe, if one was measured."""
    if not run.recipe:
        return any(section.get("reward_model") for section in known.rounds)
    return bool(run.sections.get("reward_model"))


def _by_stage(known: Measured) -> list[tuple[str, float, float]]:
    names = [name for name in STAGES if name in known.seconds]
    names += [name for name in known.seconds if name not in STAGES]
    spent = {name: float(known.seconds[name]) for name in names if is_number(known.seconds[name])}
    longest = max(spent.values(), default=0.0) or 1.0
    return [(name, seconds, seconds / longest) for name, seconds in spent.items()]
