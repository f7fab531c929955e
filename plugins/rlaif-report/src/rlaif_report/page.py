"""`write_report`: a run directory in, one HTML file out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from rlaif_core import __version__
from rlaif_core.api.errors import RunError
from rlaif_judge_metrics import compare_runs
from rlaif_report.comparisons import Browser, browser
from rlaif_report.components import parts
from rlaif_report.contests import contests
from rlaif_report.figures import figures, is_number
from rlaif_report.files import RunFiles
from rlaif_report.judge_quality import Line, against, ranking
from rlaif_report.overview import facts, notices, tiles
from rlaif_report.policy_names import policy_names
from rlaif_report.queries import OutlineReader
from rlaif_report.rendering import render
from rlaif_report.rounds import round_view, side_by_side
from rlaif_report.rounds_overview import course
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


def write_report(folder: Path, output: Path | None = None, others: Sequence[Path] = ()) -> Path:
    """Write the page of a run, finished or not: of `rlaif run`, `judge` or `compare`.

    The page is self-contained: it asks the network for nothing, and a Content-Security-Policy
    holds it to that. It shows at most 300 comparisons, whatever the size of the run.

    Args:
        folder: The run directory.
        output: The file to write; `report.html` in the run directory if not given.
        others: Directories of runs that judged the same pairs, to compare the labels with.

    Returns:
        The file written.

    Raises:
        RunError: If `folder` is no run directory, or something cannot be read or written.
    """
    target = folder / NAME if output is None else output
    files = RunFiles.read(folder)
    with ExitStack() as stack:
        ledger = None
        if files.ledger is not None:
            ledger = stack.enter_context(closing(OutlineReader(files.ledger, readonly=True)))
        page = _page(files, ledger, [_against(ledger, one) for one in others])
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.write_text(page, encoding="utf-8")
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        mend = "mend that and ask again" if output is None else "choose another --output"
        raise RunError(f"{target}: {error.strerror}: {mend}") from error
    return target


def _against(ledger: OutlineReader | None, folder: Path) -> tuple[str, Line | str]:
    """How far the run agrees with another."""
    other = RunFiles.read(folder).ledger
    if ledger is None or other is None:
        return str(folder), "one of the two runs has no ledger here"
    with closing(OutlineReader(other, readonly=True)) as theirs:
        return against(str(folder), compare_runs(ledger, theirs))


def _page(
    files: RunFiles, ledger: OutlineReader | None, others: Sequence[tuple[str, Line | str]]
) -> str:
    known = measured(files, ledger)
    sample = Sample()
    sampled = not known.labelling
    rounds = [round_view(one, ledger, sample, sampled=sampled) for one in known.rounds]
    shown = browser(ledger, sample) if ledger is not None else Browser([], [], 0)
    stages = ledger.stages() if ledger is not None else []
    failures = ledger.failures() if ledger is not None else []
    hidden = [count for _, count in failures[FAILURES:]]
    context: dict[str, Any] = {
        "name": files.name,
        "labelling": known.labelling,
        "labelled": figures(known.judging),
        "has_labels": "accuracy" in known.judging,
        "notices": notices(files, known, [(round, name, done) for round, name, *_, done in stages]),
        "names": policy_names(ledger) if ledger is not None else {},
        "has_reward_model": _has_reward_model(files, known),
        "tiles": tiles(known, rounds[-1].candidates if rounds else None),
        "components": parts(files),
        "facts": facts(files),
        "rounds": rounds,
        "policies": ranking(known.policies),
        "course": course(known.course) if len(rounds) > 1 else None,
        "others": others,
        "contests": contests(known.contests, known.gold) if known.comparing else None,
        "comparison": side_by_side(known.rounds),
        "models": list(ledger.usage()) if ledger is not None else [],
        "cost": figures(known.cost),
        "seconds": _by_stage(known),
        "failures": failures[:FAILURES],
        "more_failures": (len(hidden), sum(hidden)),
        "browser": shown,
        "ledger": ledger is not None,
        "recipe": Excerpt.of(files.recipe, RECIPE),
        "version": __version__,
    }
    return render(context, shown.filters)


def _has_reward_model(files: RunFiles, known: Measured) -> bool:
    """Whether the recipe has one; without a recipe, whether anything was measured of one."""
    if not files.recipe:
        return any(one.get("reward_model") for one in known.rounds)
    return bool(files.sections().get("reward_model"))


def _by_stage(known: Measured) -> list[tuple[str, float, float]]:
    names = [name for name in STAGES if name in known.seconds]
    names += [name for name in known.seconds if name not in STAGES]
    spent = {name: float(known.seconds[name]) for name in names if is_number(known.seconds[name])}
    longest = max(spent.values(), default=0.0) or 1.0
    return [(name, one, one / longest) for name, one in spent.items()]
