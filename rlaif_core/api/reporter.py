r"""Kind `reporters`: a run as something that people read or other programs take in.

from rlaif_core.api import Params, Reporter
from rlaif_core.runs import Run

class Labels(Reporter[Params, Run]):
    def write(self, run, output, against):
        target = output or run.path / "labels.txt"
        rows = (f"{pair.prompt.id} {pair.p_a}" for pair in run.judged(0))
        target.write_text("\n".join(rows))
        return target
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic, Protocol

from typing_extensions import TypeVar

from rlaif_core.api.component import Component, P


class RunDirectory(Protocol):
    """The part of `rlaif_core.runs.Run` that names it; reporters are given all of a `Run`."""

    path: Path

    @property
    def name(self) -> str:
        """The name that the recipe gives to the run."""


R = TypeVar("R", bound=RunDirectory, default=Any, contravariant=True)


class Reporter(Component[P], Generic[P, R]):
    """Writes a file about a run: a page, a table, an upload's receipt.

    Asked after `rlaif run`, `judge` and `compare`, also where they ended in error, and by `rlaif
    report`. Import what is heavy in `write`: every command that reads a recipe imports this class.
    """

    @abstractmethod
    def write(self, run: R, output: Path | None, against: Sequence[R]) -> Path:
        """Write the file, blocking.

        Args:
            run: The run (`rlaif_core.runs.Run`), finished or going on.
            output: Where to write; a file of the reporter's own name in `run.path` if None.
            against: Other runs on the same pairs, to compare with.

        Returns:
            The file written.

        Raises:
            RunError: If something cannot be read or written, with the fix.
        """
