"""The write-ahead log, copied into the database file beside the event loop.

SQLite does it within a commit once the log is long enough: tens of milliseconds in which no reply
is read and no call is sent. A thread with a connection of its own leaves it next to nothing to do.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

COMMITS = 256
"""After so many the log is copied: of single calls that is some thousand pages, 4 MB."""


class Checkpoints:
    """Copies one database's log now and then.

    Args:
        path: The database file.
    """

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.absolute().as_uri()}?mode=rw"
        self._commits = 0
        self._thread = ThreadPoolExecutor(1, "checkpoint")
        self._last: Future[None] | None = None

    def committed(self) -> None:
        """One more commit was made."""
        self._commits += 1
        if self._commits >= COMMITS and (self._last is None or self._last.done()):
            self._commits = 0
            self._last = self._thread.submit(self._copy)

    def close(self) -> None:
        """Wait for a copy that has begun."""
        self._thread.shutdown()

    def _copy(self) -> None:
        # What goes wrong goes wrong for the next commit too, which says so.
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._uri, uri=True)) as db:
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")
