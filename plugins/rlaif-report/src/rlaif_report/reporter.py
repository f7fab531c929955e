"""The reporter `html`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rlaif_core.api import Params, Reporter
from rlaif_core.runs import Run


class Html(Reporter[Params, Run]):
    """Writes a run as one HTML page that needs nothing else."""

    def write(self, run: Run, output: Path | None, against: Sequence[Run]) -> Path:
        """Write the page to `output`, or to `report.html` in the run directory."""
        from rlaif_report.page import write_report

        return write_report(run, output, against)
