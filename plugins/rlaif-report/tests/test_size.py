"""A big run makes a page that still opens, and in seconds."""

from __future__ import annotations

import time
from pathlib import Path

from tests.support.reading import written
from tests.support.run_folder import RunWriter


def test_thousands_of_comparisons_take_seconds_and_few_megabytes(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", 600, samples=6, name="big")
    writer.play(until="select")
    pairs = writer.ledger.counts(0)["pairs"]
    writer.finish()
    assert pairs > 3000

    began = time.process_time()
    page = written(writer.folder)

    assert time.process_time() - began < 10  # seconds of one processor; about one is needed
    assert page.stat().st_size < 2_000_000
    text = page.read_text()
    assert text.count('<details class="pair') == 300
    assert f"300 of {pairs:,} judged pairs" in text
