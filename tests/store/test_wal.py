"""The ledger's log is copied into its file by a thread, and a ledger loses nothing by it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from rlaif_core.store.ledger import Ledger
from rlaif_core.store.ledger.wal import COMMITS, Checkpoints


def in_file(path: Path) -> int:
    """Failures that stand in the database file itself, whatever the log beside it says."""
    alone = path.with_suffix(".alone")
    shutil.copy(path, alone)
    with closing(sqlite3.connect(f"{alone.as_uri()}?immutable=1", uri=True)) as db:
        try:
            return int(db.execute("SELECT count(*) FROM failures").fetchone()[0])
        except sqlite3.OperationalError:  # the table itself is still in the log
            return 0


def keep(ledger: Ledger, count: int) -> None:
    for number in range(count):
        ledger.keep_failure(str(number), "m", "no", 1)


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every copy is finished before the next commit."""

    def at_once(self: ThreadPoolExecutor, work: Callable[[], None]) -> Future[None]:
        done = submit(self, work)
        done.result()
        return done

    submit = ThreadPoolExecutor.submit
    monkeypatch.setattr(ThreadPoolExecutor, "submit", at_once)


@pytest.mark.usefixtures("copied")
def test_the_log_is_copied_after_so_many_commits(ledger: Ledger) -> None:
    keep(ledger, COMMITS - 1)
    assert in_file(ledger.path) == 0
    keep(ledger, 1)
    assert in_file(ledger.path) == COMMITS
    keep(ledger, COMMITS - 1)
    assert in_file(ledger.path) == COMMITS
    assert sum(failure.calls for failure in ledger.rows.failures()) == 2 * COMMITS - 1


def test_all_is_there_after_closing_beside_a_copy(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    keep(ledger, 3 * COMMITS)
    ledger.close()
    assert in_file(ledger.path) == 3 * COMMITS
    assert not Path(f"{ledger.path}-wal").exists()


def test_what_cannot_be_copied_is_left_to_the_next_commit(tmp_path: Path) -> None:
    gone = Checkpoints(tmp_path / "gone.sqlite")
    for _ in range(2 * COMMITS):
        gone.committed()
    gone.close()
    assert not list(tmp_path.iterdir())
