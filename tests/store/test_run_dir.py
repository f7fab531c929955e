"""The lock of a run directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlaif_core.api import RunError
from rlaif_core.store.run_dir import RunFolder


def test_a_directory_that_is_open_is_refused_in_this_process_too(tmp_path: Path) -> None:
    holder = RunFolder(tmp_path / "run")
    try:
        with pytest.raises(RunError, match=f"in use by another run \\(process {os.getpid()}\\)"):
            RunFolder(tmp_path / "run")
    finally:
        holder.close()


def test_a_directory_that_was_closed_can_be_opened_again(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run").close()
    again = RunFolder(tmp_path / "run")
    assert (tmp_path / "run" / ".owner").read_text() == str(os.getpid())
    again.close()
    again.close()  # twice is fine
    RunFolder(tmp_path / "run").close()
