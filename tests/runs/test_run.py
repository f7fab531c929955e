"""`Run` gives plugins what a run directory holds, in streams and in pages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from rlaif_core.api import RunError
from rlaif_core.runs import Run, in_common
from rlaif_core.store.ledger import Ledger
from tests.support.run_folder import RunWriter, finished_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("runs") / "run", rounds=2)


@pytest.fixture
def run(folder: Path) -> Iterator[Run]:
    with Run.open(folder) as opened:
        yield opened


def test_a_folder_without_a_run_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is no run directory") as error:
        Run.open(tmp_path)
    assert "\n" not in str(error.value)


def test_the_plain_files_are_read(run: Run) -> None:
    assert len((run.metrics or {})["rounds"]) == 2
    assert run.manifest["seed"] == run.sections["seed"] == 7
    assert run.recipe.startswith("api: 1\n")
    assert run.name == "polite-sums"


def test_metrics_without_a_ledger_are_a_run_with_nothing_in_it(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "metrics.json").write_bytes((folder / "metrics.json").read_bytes())
    with Run.open(tmp_path) as run:
        assert not run.has_ledger
        assert run.metrics is not None
        assert list(run.pairs(0)) == list(run.prompts()) == run.stages() == []
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def test_a_run_that_goes_on_is_read_beside_its_writer(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", 4)
    writer.play(0, until="judge")
    with Run.open(tmp_path / "run") as run:
        assert run.metrics is None
        before = len(list(run.pairs(0)))
        assert before > 0
        assert run.measured()["rounds"][0]["comparisons"] == 2 * before
        writer.play(1, until="judge")
        assert run.rounds() == [0, 1]
    writer.ledger.close()


def test_prompts_come_in_pages(run: Run) -> None:
    every = list(run.prompts())
    pages = [list(run.prompts(offset=offset, limit=10)) for offset in (0, 10, 20)]
    assert [prompt for page in pages for prompt in page] == every
    assert list(run.prompts(ids={every[5].id})) == [every[5]]


def test_pages_of_responses_hold_all_responses_to_their_prompts(run: Run) -> None:
    every = list(run.responses(0))
    first = list(run.responses(0, limit=3))
    assert len({response.prompt_id for response in first}) == 3
    assert first + list(run.responses(0, after=first[-1].prompt_id)) == every
    assert run.responses_to(every[0].prompt_id, 0) == [
        response for response in every if response.prompt_id == every[0].prompt_id
    ]


@pytest.mark.parametrize("split", ["train", "evaluation"])
def test_pages_of_pairs_add_up_to_all(run: Run, split: str) -> None:
    every = list(run.pairs(1, split))
    paged, page = [], list(run.pairs(1, split, limit=7))
    while page:
        paged += page
        page = list(run.pairs(1, split, after=page[-1].key, limit=7))
    assert paged == every


@pytest.mark.parametrize("split", ["train", "evaluation"])
def test_judged_pairs_are_those_outlines_with_all_texts(run: Run, split: str) -> None:
    outlines = list(run.pairs(1, split))
    judged = list(run.judged(1, split))
    assert [(pair.prompt.id, pair.a.id, pair.b.id) for pair in judged] == [
        pair.key for pair in outlines
    ]
    for pair, outline in zip(judged, outlines, strict=True):
        assert (pair.p_a, pair.agreement) == (outline.p_a, outline.agreement)
        cast = {(vote.order, vote.index, vote.verdict.p_first) for vote in pair.votes}
        assert cast == set(outline.votes)
        assert pair.a.prompt_id == pair.b.prompt_id == pair.prompt.id
    middle = outlines[3]
    assert list(run.judged(1, split, after=middle.key, limit=2)) == judged[4:6]


def test_judged_pairs_are_those_of_the_engine(folder: Path, run: Run) -> None:
    ledger = Ledger(folder / "ledger.sqlite", readonly=True)
    assert {pair.a.id + pair.b.id: pair.p_a for pair in run.judged(0)} == {
        pair.a.id + pair.b.id: pair.p_a for pair in ledger.judged(0)
    }
    ledger.close()


def test_votes_come_in_pages_and_by_pair(run: Run) -> None:
    every = list(run.votes(0))
    assert [*run.votes(0, limit=5), *run.votes(0, after=every[4].key)] == every
    pair = next(run.pairs(0))
    on_it = [cast.vote for cast in every if cast.key[:3] == pair.key]
    assert sorted(run.votes_on(pair.key, 0), key=lambda vote: vote.order) == on_it


def test_votes_are_chosen_by_how_their_explanation_begins(run: Run) -> None:
    every = list(run.votes(0))
    start = next(cast.vote.verdict.explanation for cast in every if cast.vote.verdict.explanation)
    chosen = list(run.votes(0, explained=[start[:12]]))
    assert 0 < len(chosen) < len(every)
    assert all(cast.vote.verdict.explanation.startswith(start[:12]) for cast in chosen)


def test_preferences_tell_what_became_of_them(run: Run) -> None:
    outlines = list(run.candidates(0))
    full = list(run.preferences(0))
    assert [(row.preference.id, row.stage, row.reason) for row in full] == [
        (row.id, row.stage, row.reason) for row in outlines
    ]
    assert list(run.preferences(0, after=outlines[3].key, limit=2)) == full[4:6]
    dropped = sum(row.total for row in run.dropped(0))
    assert dropped == sum(row.reason != "" for row in outlines) > 0
    assert sum(row.total for row in run.excluded(0)) > 0


def test_calls_are_told_with_request_and_reply(run: Run) -> None:
    every = list(run.calls())
    assert every[0].request.startswith("{")
    assert every[0].reply.text
    assert [*run.calls(limit=3), *run.calls(after=every[2].number)] == every
    model = every[-1].model
    assert {call.model for call in run.calls(model=model)} == {model}
    assert sum(usage.calls for usage in run.usage()) == len(every) == run.cost().calls
    assert run.failures()[0].calls > 0


def test_stages_tell_their_figures_and_training_steps(run: Run) -> None:
    assert run.stage(0, "evaluate").figures["policy"]["kl"] == 1.37
    assert not run.stage(5, "evaluate").done
    round_index, stage = run.trained()[0]
    steps = run.training(round_index, stage)
    assert [step.step for step in steps] == sorted(step.step for step in steps) != []


def test_labels_of_two_runs_are_matched_pair_by_pair(run: Run) -> None:
    decided = [pair for pair in run.pairs(0) if pair.p_a is not None]
    both = list(in_common(run.labels(0), islice(run.labels(0), 1, None)))
    assert len(both) == len(decided) - 1
    assert all(ours == theirs for ours, theirs in both)


def test_policies_are_called_by_the_round_that_made_them(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", 4)
    prompt = writer.heldout[0]
    for number, split, hostile in ((0, "before", ""), (0, "after", "x"), (1, "after", "y")):
        writer.hostile = hostile
        writer.ledger.keep_responses(number, split, [writer.respond(prompt, 0)])
    writer.ledger.close()
    with Run.open(writer.folder) as run:
        names = run.policy_names()
    assert names == {
        "lab-policy@5f0c": "base",
        "lab-policy@5f0cx": "policy of round 0",
        "lab-policy@5f0cy": "policy of round 1",
    }


def test_importing_rlaif_core_loads_no_run() -> None:
    script = "import sys, rlaif_core; assert 'rlaif_core.runs' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
