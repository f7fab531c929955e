"""Conformance of reporters."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from rlaif_core.api import JudgedPair, Preference, Reporter, Verdict, Vote
from rlaif_core.runs import Run
from rlaif_core.store.ledger import Kept, Ledger
from rlaif_core.testing.conformance import Conformance, run
from rlaif_core.testing.sample import make_prompt, make_responses


class ReporterConformance(Conformance[Reporter[Any, Run]]):
    """Checks a reporter."""

    async def exercise(self, component: Reporter[Any, Run]) -> bytes:
        """Report about a run that is going on, compared with itself."""
        with tempfile.TemporaryDirectory() as name:
            folder = make_run(Path(name) / "run")
            with Run.open(folder) as opened, Run.open(folder) as other:
                written = component.write(opened, Path(name) / "report", [other])
            return written.read_bytes().replace(name.encode(), b"")

    def test_it_writes_where_it_is_told_and_nothing_else(self) -> None:
        """`rlaif report --output` names the file; what stands in the run directory is a run's."""

        async def writing(folder: Path) -> tuple[Path, set[str]]:
            async with self.running() as reporter:
                with Run.open(make_run(folder / "run")) as opened:
                    before = _files(folder)
                    written = reporter.write(opened, folder / "report", [])
                    return written, _files(folder) - before

        with tempfile.TemporaryDirectory() as name:
            written, new = run(writing(Path(name)))
            assert written == Path(name) / "report", f"it returns {written}"
            assert new == {"report"}, f"it leaves {sorted(new)}"

    def test_of_itself_it_writes_into_the_run_directory(self) -> None:
        """A run is moved and deleted as a whole."""

        async def writing(folder: Path) -> tuple[Path, bool]:
            async with self.running() as reporter:
                with Run.open(make_run(folder)) as opened:
                    written = reporter.write(opened, None, [])
                    return written, written.is_file()

        with tempfile.TemporaryDirectory() as name:
            written, there = run(writing(Path(name) / "run"))
            assert there, f"{written} is no file"
            assert Path(name) / "run" in written.parents, f"{written} is outside the run directory"


def make_run(folder: Path) -> Path:
    """A run directory with a prompt, a judged pair and a preference, as a run leaves it midway."""
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").write_text("api: 1\nname: sample\n", "utf-8")
    prompt = make_prompt()
    a, b = make_responses(prompt, "It is 4.", "It is 5.")
    ledger = Ledger(folder / "ledger.sqlite")
    ledger.keep_prompts("train", [prompt])
    ledger.keep_responses(0, "train", [a, b])
    vote = Vote("ab", 0, Verdict(0.9, explanation="The first is right."))
    ledger.keep_judged(0, "train", [JudgedPair(prompt, a, b, (vote,), 0.9, 1.0)])
    ledger.keep_preferences(0, [Kept(Preference(prompt, a, b, 0.9), "kept", "")])
    ledger.keep_stage(0, "judge", 1.0, {"summary": "1 verdict on 1 pair"}, done=True)
    ledger.close()
    return folder


def _files(folder: Path) -> set[str]:
    # SQLite keeps two files beside a ledger that is read while it is written.
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.endswith(("-wal", "-shm"))}
