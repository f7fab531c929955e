"""The plain files of a run directory, as far as they are there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rlaif_core.api.errors import RunError


@dataclass(frozen=True)
class RunFiles:
    """What a run directory holds beside the ledger.

    Attributes:
        folder: The run directory.
        metrics: metrics.json; None while a run goes on, or if it was stopped before its end.
        manifest: manifest.json; empty if there is none.
        recipe: The text of recipe.yaml; empty if there is none.
        ledger: The ledger's path; None if there is none.
    """

    folder: Path
    metrics: Mapping[str, Any] | None
    manifest: Mapping[str, Any]
    recipe: str
    ledger: Path | None

    @classmethod
    def read(cls, folder: Path) -> RunFiles:
        """Read a run directory.

        Raises:
            RunError: If it is none, or one of its files cannot be read.
        """
        metrics = _json(folder / "metrics.json")
        ledger = folder / "ledger.sqlite"
        if metrics is None and not ledger.is_file():
            raise RunError(
                f"{folder} is no run directory: it has neither metrics.json nor ledger.sqlite; "
                "name the --run-dir of a run"
            )
        return cls(
            folder,
            metrics,
            _json(folder / "manifest.json") or {},
            _text(folder / "recipe.yaml") or "",
            ledger if ledger.is_file() else None,
        )

    @property
    def name(self) -> str:
        """What the run is called."""
        return str(self.manifest.get("name") or self.sections().get("name") or self.folder.name)

    def sections(self) -> Mapping[str, Any]:
        """The recipe as data; empty if it is no YAML mapping."""
        try:
            data = yaml.safe_load(self.recipe)
        except yaml.YAMLError:
            return {}
        return data if isinstance(data, Mapping) else {}


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}: make it readable") from error


def _json(path: Path) -> Mapping[str, Any] | None:
    text = _text(path)
    if text is None:
        return None
    try:
        data = json.loads(text)
    except ValueError as error:
        raise RunError(f"{path}: no JSON: {error}: restore the file or remove it") from error
    if not isinstance(data, Mapping):
        raise RunError(f"{path}: not a JSON object: restore the file or remove it")
    return data
