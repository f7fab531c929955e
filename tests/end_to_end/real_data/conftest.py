from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture
def real_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the real data sets are not beside this checkout (../shared/data)")
    return SHARED


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
