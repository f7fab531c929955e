"""The run directory: its lock, its files, and how artefacts come to stand in it whole."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rlaif_core.api.errors import RunError
from rlaif_core.recipe.recipe import Recipe

DISK = frozenset(
    (
        errno.EACCES,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.ENOENT,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EROFS,
        errno.ESTALE,
    )
)
"""Errors of the disk, which the user can fix; others are bugs."""


class RunFolder:
    """One run's directory, locked while it is open.

    Args:
        path: Made if it is not there.
        cache: A folder with answers that runs share; None for none.

    Raises:
        RunError: If another process has it open, or it cannot be written.
    """

    def __init__(self, path: Path, cache: Path | None = None) -> None:
        self.path = path.absolute()
        self.cache = None if cache is None else cache / "answers.sqlite"
        if cache is not None:
            with _writable(cache, "--cache-dir"):
                cache.mkdir(parents=True, exist_ok=True)
        with _writable(path, "--run-dir"):
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path / ".lock", timeout=0, thread_local=False)
            owner = self.path / ".owner"  # a lock that is held may be unreadable
            try:
                self._lock.acquire()
            except Timeout as error:
                process = owner.read_text("utf-8") if owner.exists() else "unknown"
                raise RunError(
                    f"{path} is in use by another run (process {process}): wait for it, stop it, "
                    "or choose another --run-dir"
                ) from error
        with _disk(self.path):
            owner.write_text(str(os.getpid()), "utf-8")

    def close(self) -> None:
        """Release the lock."""
        self._lock.release()

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.path / "ledger.sqlite"

    def of_round(self, round_index: int, name: str) -> Path:
        """An artefact of a round: preferences, reward_model, policy."""
        return self.path / f"round-{round_index}" / name

    def write(self, name: str, text: str) -> None:
        """Write a file whole: to a temporary name, then renamed."""
        target = self.path / name
        draft = target.with_name(f".{target.name}.part")
        with _disk(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(target)

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON file whole."""
        self.write(name, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def link(self, name: str, target: str) -> None:
        """Make `name` stand for another path in the directory, whatever it stood for before."""
        there = self.path / name
        draft = there.with_name(f".{name}.part")
        with _disk(there):
            draft.unlink(missing_ok=True)
            draft.symlink_to(target)
            draft.replace(there)

    @contextmanager
    def artefact(self, round_index: int, name: str) -> Iterator[Path]:
        """A folder to write to, which takes its name only if the block ends well."""
        target = self.of_round(round_index, name)
        draft = target.with_name(f".{name}.part")
        with _disk(target):
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            yield draft
            shutil.rmtree(target, ignore_errors=True)
            draft.rename(target)

    def work(self, round_index: int, name: str) -> Path:
        """A folder for checkpoints that outlives an interruption; `done` removes it."""
        folder = self.of_round(round_index, f".{name}.work")
        with _disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def done(self, round_index: int, name: str) -> None:
        """Remove what was kept only for an interruption."""
        shutil.rmtree(self.of_round(round_index, f".{name}.work"), ignore_errors=True)

    def adopt(self, recipe: Recipe, *, accept_changes: bool) -> list[str]:
        """Make this the directory of `recipe`.

        Returns:
            What differs from the recipe that the directory was made with; empty if nothing.

        Raises:
            RunError: If something differs and `accept_changes` is false.
        """
        kept = self.path / "recipe.yaml"
        changes = recipe.difference(kept.read_text("utf-8")) if kept.exists() else []
        if changes and not accept_changes:
            listed = "".join(f"\n  {line}" for line in changes)
            raise RunError(
                f"{self.path} was made with another recipe:{listed}\n"
                "go on with the new one by --accept-changes (answers already in the ledger are "
                "used where the question is still the same), or start over with another --run-dir"
            )
        if changes:
            for folder in self.path.glob("round-*/.*.work"):
                shutil.rmtree(folder, ignore_errors=True)
        self.write("recipe.yaml", recipe.resolved())
        return changes

    def write_manifest(self, recipe: Recipe) -> None:
        """Write what this run was made with, for whoever wants to make it again."""
        plugins = {}
        for place, spec in recipe.components.items():
            entry = spec.entry
            record: dict[str, Any] = {"use": entry.name, "kind": entry.kind}
            record |= {"distribution": entry.distribution}
            record |= {"version": entry.version, "object": entry.value, "chosen": spec.chosen}
            if entry.sha256:
                record["sha256"] = entry.sha256
            plugins[place] = record
        named = (spec.entry.distribution for spec in recipe.components.values())
        self.write_json(
            "manifest.json",
            {
                "name": recipe.file.name,
                "written": datetime.now(timezone.utc).isoformat(timespec="seconds"),
                "seed": recipe.file.seed,
                "recipe_sha256": recipe.fingerprint(),
                "python": sys.version.split()[0],
                "platform": sys.platform,
                "rlaif-core": version("rlaif-core"),
                "libraries": _libraries({"rlaif-core", *named}),
                "components": plugins,
            },
        )


def round_of(artefact: Path) -> int | None:
    """The round in whose folder an artefact lies; None outside a run directory."""
    found = re.fullmatch(r"round-(\d+)", artefact.parent.name)
    return int(found[1]) if found else None


@contextmanager
def _writable(folder: Path, option: str) -> Iterator[None]:
    """Says in one line that a folder cannot be used, and which option names it."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{folder}: {error.strerror}: make it writable or choose another {option}"
        ) from error


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Says in one line that the disk is full, read-only or gone; other errors are bugs."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK:
            raise
        where, reason = error.filename or path, os.strerror(error.errno)
        raise RunError(f"{where}: {reason}: fix that and run the same command again") from error


def _libraries(distributions: set[str]) -> dict[str, str]:
    """Versions of what these distributions require, as far as both are installed."""
    found: dict[str, str] = {}
    for name in distributions:
        with suppress(PackageNotFoundError, ValueError):  # local code is of no distribution
            needed = (line for line in requires(name) or () if "extra ==" not in line)
            for library in (re.split(r"[^\w.-]", line)[0] for line in needed):
                with suppress(PackageNotFoundError):
                    found[library] = version(library)
    return dict(sorted(found.items()))
