"""A disk that is full, read-only, damaged or gone: one clear line, nothing lost, and then on."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from rlaif_core.api import RunError
from rlaif_core.store.ledger import Ledger
from rlaif_core.store.run_dir import RunFolder
from tests.support.fixtures import Toy

BWRAP = ["bwrap", "--dev-bind", "/", "/"]


def namespaces() -> bool:
    if shutil.which("bwrap") is None:
        return False
    return subprocess.run([*BWRAP, "true"], capture_output=True, check=False).returncode == 0


mounts = pytest.mark.skipif(
    not namespaces(), reason="a small or read-only disk is mounted by bubblewrap, which cannot here"
)

FILL = """
import os, subprocess, sys
run, out, left, *command = sys.argv[1:]
os.mkdir(f"{run}")
disk = os.statvfs(run)
with open(f"{run}/ballast", "wb") as ballast:
    os.posix_fallocate(ballast.fileno(), 0, disk.f_bavail * disk.f_frsize - int(left) * 1024)
full = subprocess.run(command, capture_output=True, text=True)
os.remove(f"{run}/ballast")
free = subprocess.run(command, capture_output=True, text=True)
print(full.returncode, free.returncode)
print(full.stderr, free.stderr, file=sys.stderr)
subprocess.run(["cp", "-r", run, out], check=True)
"""
"""Runs a command on a nearly full disk, makes room, and runs it again."""


def only_line(refused: subprocess.CompletedProcess[str]) -> str:
    """What a run says of its end: one line, exit code 2."""
    assert refused.returncode == 2, refused.stderr
    return the_error(refused.stderr)


def the_error(said: str) -> str:
    assert "Traceback" not in said
    (error,) = [line for line in said.splitlines() if line.startswith("error: ")]
    return error


def mounted(toy: Toy, how: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [*BWRAP, *how, *toy.command()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@mounts
@pytest.mark.parametrize("left", [0, 250, 450])
def test_a_full_disk_stops_the_run_which_goes_on_once_there_is_room(left: int, toy: Toy) -> None:
    toy.write(n=40)
    disk = toy.folder / "disk"
    disk.mkdir()
    command = toy.command(run_dir="disk/run")
    fill = [sys.executable, "-c", FILL, str(disk / "run"), str(toy.folder / "run"), str(left)]
    size = ["--size", "20000000", "--tmpfs", str(disk)]
    done = subprocess.run(
        [*BWRAP, *size, *fill, *command], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["2", "0"], done.stderr
    said = the_error(done.stderr)
    assert "full" in said or "No space left" in said
    assert "run the same command again" in said
    assert len(toy.asked()) - len(set(toy.asked())) <= 8  # what was in flight when it was full
    assert toy.run(run_dir="calm").returncode == 0
    assert toy.preferences() == toy.preferences("calm")


@mounts
def test_a_read_only_run_directory_is_said_before_anything_is_asked(toy: Toy) -> None:
    assert toy.run("--set", "budget.calls=100").returncode == 2
    asked, run = toy.asked(), str(toy.folder / "run")
    refused = mounted(toy, ["--ro-bind", run, run])
    assert "Read-only file system" in only_line(refused)
    assert "--run-dir" in refused.stderr
    assert toy.asked() == asked
    assert toy.run("--accept-changes").returncode == 0
    assert toy.asked()[: len(asked)] == asked


@pytest.mark.parametrize("damage", ["cut short", "overwritten", "no log"])
def test_a_damaged_ledger_is_left_as_it_is_and_goes_on_once_restored(damage: str, toy: Toy) -> None:
    assert toy.run("--set", "budget.calls=100").returncode == 2
    ledger = toy.folder / "run" / "ledger.sqlite"
    whole, asked = ledger.read_bytes(), toy.asked()
    if damage == "cut short":
        ledger.write_bytes(whole[: len(whole) // 2 - 1000])
    elif damage == "overwritten":
        third = len(whole) // 3
        ledger.write_bytes(whole[:third] + b"\x55" * third + whole[2 * third :])
    else:
        ledger.write_bytes(whole[:50])
    broken = ledger.read_bytes()
    refused = toy.run("--accept-changes")
    said = only_line(refused)
    assert str(ledger) in said
    assert "damaged" in said
    assert ledger.read_bytes()[: len(broken)] == broken
    assert toy.asked() == asked

    ledger.write_bytes(whole)
    assert toy.run("--accept-changes").returncode == 0
    assert len(toy.asked()) == len(set(toy.asked())) > len(asked)


def test_a_ledger_of_another_version_is_not_touched(toy: Toy) -> None:
    assert toy.run().returncode == 0
    ledger = toy.folder / "run" / "ledger.sqlite"
    for version in (0, 7):
        with sqlite3.connect(ledger) as db:
            db.execute(f"PRAGMA user_version={version}")
        db.close()
        before = ledger.read_bytes()
        assert f"ledger version {version}" in only_line(toy.run())
        assert ledger.read_bytes() == before


def test_a_run_directory_that_vanishes_is_one_line(toy: Toy) -> None:
    toy.write(judge="pause: 0.05", n=40)
    process = subprocess.Popen(toy.command(), stderr=subprocess.PIPE, text=True)
    while len(toy.asked()) < 150:
        time.sleep(0.01)
    (toy.folder / "run").rename(toy.folder / "elsewhere")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2, said
    assert "run/ledger.sqlite was moved or removed" in the_error(said)
    asked = toy.asked()

    shutil.rmtree(toy.folder / "run", ignore_errors=True)
    Path(toy.folder, "elsewhere").rename(toy.folder / "run")
    faster = ["--set", "models.judge.params.pause=0", "--accept-changes"]
    assert toy.run(*faster).returncode == 0
    assert len(toy.asked()) - len(set(toy.asked())) <= 8
    assert set(asked) <= set(toy.asked())


def test_what_a_full_disk_undoes_is_not_taken_for_committed(ledger: Ledger) -> None:
    """SQLite takes back the whole transaction: what was written in the same turn before too."""

    async def scenario() -> None:
        ledger.keep_failure("before", "m", "no", 1)
        await ledger.committed()
        (pages,) = ledger._db.execute("PRAGMA page_count").fetchone()
        ledger._db.execute(f"PRAGMA max_page_count={pages}")
        ledger.keep_failure("undone", "m", "no", 1)
        with pytest.raises(RunError, match="free some space"):
            ledger.keep_failure("too long", "m", "x" * 100_000, 1)
        with pytest.raises(RunError, match="free some space"):
            await ledger.committed()

    asyncio.run(scenario())
    assert [key for (key,) in ledger._db.execute("SELECT key FROM failures")] == ["before"]


def test_a_folder_for_checkpoints_on_a_full_disk_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = RunFolder(tmp_path / "run")
    monkeypatch.setattr(Path, "mkdir", full)
    monkeypatch.setattr(Path, "symlink_to", full)
    with pytest.raises(RunError, match=r"policy\.work: No space left"):
        folder.work(0, "policy")
    with pytest.raises(RunError, match="policy: No space left"):
        folder.link("policy", "round-0/policy")
    folder.close()
