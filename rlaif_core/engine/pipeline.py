"""The whole loop on one page: which stages there are, in which order, round after round.

A stage is one module in `stages/`; it knows the round's state, never another stage. To add one,
write its module and name it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session
from rlaif_core.engine.stages.calibrate import CALIBRATE
from rlaif_core.engine.stages.evaluate import EVALUATE
from rlaif_core.engine.stages.guard import GUARD
from rlaif_core.engine.stages.human_check import HUMAN_CHECK
from rlaif_core.engine.stages.judge import JUDGE
from rlaif_core.engine.stages.optimize import OPTIMIZE
from rlaif_core.engine.stages.pairs import LOAD_PAIRS
from rlaif_core.engine.stages.reward_model import REWARD_MODEL
from rlaif_core.engine.stages.sample import SAMPLE
from rlaif_core.engine.stages.second_judge import SECOND_JUDGE
from rlaif_core.engine.stages.select import SELECT
from rlaif_core.engine.stages.stage import Stage

LABELLING: tuple[Stage, ...] = (GUARD, CALIBRATE, JUDGE, SECOND_JUDGE, HUMAN_CHECK, SELECT)
"""From responses to preferences."""

RUN: tuple[Stage, ...] = (SAMPLE, *LABELLING, REWARD_MODEL, OPTIMIZE, EVALUATE)
"""A round of `rlaif run`; `stages.prompts` reads the prompts of all rounds before the first."""

JUDGE_PAIRS: tuple[Stage, ...] = (LOAD_PAIRS, *LABELLING)
"""`rlaif judge`: one round over pairs that exist already."""

PROBE: tuple[Stage, ...] = (LOAD_PAIRS, CALIBRATE, JUDGE, SELECT)
"""`rlaif probe`: one judge alone, over the cases of a probe."""


async def play(session: Session, ready: Callable[[int], None] = lambda number: None) -> str:
    """Play every round of a recipe.

    Args:
        session: The open run.
        ready: Called with a round's number before it begins.

    Returns:
        The reason that ended the run early; empty if every round was played.
    """
    for round_ in rounds(session):
        ready(round_.number)
        stopped = await play_round(round_, RUN)
        if stopped:
            return stopped
    return ""


def rounds(session: Session) -> Iterator[Round]:
    """The rounds of a run in turn, each with its prompts."""
    section, prompts = session.recipe.file.rounds, session.ledger.prompts("train")
    for number in range(section.n):
        fresh = prompts[number :: section.n] if section.prompts == "fresh" else prompts
        yield Round(session, number, fresh)


async def play_round(round_: Round, pipeline: tuple[Stage, ...]) -> str:
    """Play a round's stages in turn; a stage that the ledger has done is skipped.

    Returns:
        The reason to end the run after one of them; empty if there is none.
    """
    for stage in pipeline:
        if not stage.applies(round_.session.recipe) or not stage.due(round_):
            continue
        figures = await stage.play(round_)
        warning, waits = stage.warning(figures), stage.waits(figures)
        if warning:
            round_.session.progress.note(f"round {round_.number}: {warning}")
        if waits:
            return f"round {round_.number}: {waits}"
    return ""
