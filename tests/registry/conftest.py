from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rlaif_core.registry import Registry

MakeDistribution = Callable[..., Path]


@pytest.fixture
def installed(plugin_site: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """What is installed here, fixture plugins included."""
    monkeypatch.syspath_prepend(str(plugin_site))
    return Registry.scan()


@pytest.fixture
def make_distribution(tmp_path: Path) -> MakeDistribution:
    """Writes the metadata of a distribution; returns the folder for `sys.path`."""

    def make(
        entry_points: str | bytes, name: str = "acme", version: str = "1.0", folder: str = "site"
    ) -> Path:
        site = tmp_path / folder
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        header = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: A summary.\n"
        (info / "METADATA").write_text(header)
        raw = entry_points if isinstance(entry_points, bytes) else entry_points.encode()
        (info / "entry_points.txt").write_bytes(raw)
        return site

    return make
