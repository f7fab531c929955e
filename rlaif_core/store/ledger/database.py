"""The SQLite file beneath the ledger: opening, committing, and errors that say the fix.

WAL with `synchronous=NORMAL`: a commit survives kill -9 of the process at some tens of
microseconds; only a crash of the operating system can lose the last moments.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

from rlaif_core.api.errors import RunError
from rlaif_core.store.ledger.wal import Checkpoints

SCHEMA_VERSION = 1
BUSY_MILLISECONDS = 10_000
"""Seconds to wait for another process that is writing."""

VERSION = "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
"""Both at once: another process may be making the tables."""

PAGES_A_CHECKPOINT = 8000
"""Pages of the log (32 MiB) after which a commit copies what `Checkpoints` left of it, and the log
begins anew."""


class Database:
    """Opens or creates `ledger.sqlite`.

    Args:
        path: The database file.
        readonly: Open for reading beside a running writer.

    Raises:
        RunError: If the file is damaged, of another version, or cannot be written.
    """

    schema: ClassVar[tuple[str, ...]] = ()
    """The SQL files that make its tables."""
    option: ClassVar[str] = "--run-dir"
    """Where the user says in which folder it stands."""

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self.path = path
        self.readonly = readonly
        self.failure: RunError | None = None
        """What went wrong when it was last written to: what is paid from then on may be lost."""
        self._waiting: asyncio.Future[None] | None = None
        self._checkpoints = Checkpoints(path)
        try:
            self._open()
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def _open(self) -> None:
        if self.readonly:
            # Without a log beside it nobody is writing: then nothing needs to be made to read it.
            quiet = not Path(f"{self.path}-wal").exists()
            mode = "mode=ro&immutable=1" if quiet else "mode=ro"
            self._db = sqlite3.connect(f"{self.path.absolute().as_uri()}?{mode}", uri=True)
        else:
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._db.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
            self._write_ahead()
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(f"PRAGMA wal_autocheckpoint={PAGES_A_CHECKPOINT}")
        version, tables = self._db.execute(VERSION).fetchone()
        if version == 0 and not tables and not self.readonly:
            folder = files("rlaif_core.store.ledger")
            script = "\n".join(folder.joinpath(name).read_text() for name in self.schema)
            pragma = f"PRAGMA user_version={SCHEMA_VERSION};"
            self._db.executescript(f"BEGIN IMMEDIATE;\n{script}\n{pragma}\nCOMMIT;")
        elif version != SCHEMA_VERSION:
            self._db.close()
            raise RunError(
                f"{self.path}: ledger version {version}, this rlaif writes {SCHEMA_VERSION}; "
                f"read it with the version that made it, or choose another {self.option}"
            )
        self._identity = _identity(self.path)

    def _write_ahead(self) -> None:
        """Switch to the log.

        Another process that is making the same file is waited for by hand: `busy_timeout` does not
        hold for this.
        """
        until = time.monotonic() + BUSY_MILLISECONDS / 1000
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(0.01)

    def _failed(self, error: sqlite3.Error | RunError) -> RunError:
        self.failure = error if isinstance(error, RunError) else self._broken(error)
        return self.failure

    def _broken(self, error: sqlite3.Error) -> RunError:
        text = str(error)
        if "full" in text:
            fix = "free some space and run the same command again; nothing committed is lost"
        elif "readonly" in text or "read-only" in text or "unable to open" in text:
            fix = f"make its folder writable, or choose another {self.option}"
        elif "locked" in text:
            fix = "another program holds it; wait or stop that one"
        elif "malformed" in text or "not a database" in text or "disk image" in text:
            fix = f"the file is damaged; restore it from a copy, or choose another {self.option}"
        else:
            fix = "look at the disk and its permissions, then run the same command again"
        return RunError(f"{self.path}: {text}: {fix}")

    def _check_place(self) -> None:
        """A file that was moved or removed takes along what is written to it, and that was paid."""
        if _identity(self.path) != self._identity:
            raise RunError(
                f"{self.path} was moved or removed while it was in use: put it back and run the "
                "same command again"
            )

    def close(self) -> None:
        """Commit and close."""
        try:
            if not self.readonly:
                self._commit()
        finally:
            self._checkpoints.close()
            self._db.close()

    def _write(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Write now; commit with everything else of this turn of the event loop."""
        try:
            if not self._db.in_transaction:
                self._check_place()
                self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(statement, rows)
        except (sqlite3.Error, RunError) as error:
            raise self._failed(error) from error
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._commit()
            return
        if self._waiting is None:
            self._waiting = loop.create_future()
            loop.call_soon(self._settle)

    def _commit(self) -> None:
        try:
            if self._db.in_transaction:
                self._db.execute("COMMIT")
                self._checkpoints.committed()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, None
        assert waiting is not None
        try:
            self._commit()
        except RunError as error:
            waiting.set_exception(error)
            waiting.exception()  # somebody may not be waiting; the next write raises again
        else:
            waiting.set_result(None)

    async def committed(self) -> None:
        """Return once all that was written so far would survive kill -9.

        Raises:
            RunError: If a write has failed: it may have undone those of its turn before it.
        """
        if self._waiting is not None:
            await asyncio.shield(self._waiting)
        if self.failure is not None:
            raise self.failure

    def _read(self, query: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(query, parameters)
        except sqlite3.Error as error:
            raise self._broken(error) from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
