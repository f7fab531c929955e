"""The reporter `html` keeps to its kind's contract."""

from __future__ import annotations

from rlaif_core.testing import ReporterConformance
from rlaif_report.reporter import Html


class TestHtml(ReporterConformance):
    component = Html
