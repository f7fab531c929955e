"""Extras that name the first-party plugins: `plugins/…` in a checkout, a version range elsewhere.

A range that named an unpublished sibling would fail from a checkout and invite whoever registers
the name first (dependency confusion), so a checkout points at its own folders.
"""

from __future__ import annotations

import os
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

EXTRAS = {
    "judges": ["rlaif-judges"],
    "openai": ["rlaif-kit", "rlaif-openai"],
    "anthropic": ["rlaif-kit", "rlaif-anthropic"],
    "verifiers": ["rlaif-verifiers"],
    "data": ["rlaif-data"],
    "pairs": ["rlaif-pairs"],
    "samplers": ["rlaif-samplers"],
    "evaluators": ["rlaif-evaluators"],
    "judge-metrics": ["rlaif-judge-metrics"],
    "report": ["rlaif-report"],
    "kit": ["rlaif-kit"],
    "transformers": ["rlaif-kit", "rlaif-transformers"],
    "trl": ["rlaif-kit", "rlaif-trl"],
    "lab": ["rlaif-lab"],
    "vllm": ["rlaif-kit", "rlaif-vllm"],
}
LIBRARIES = ("rlaif-aio", "rlaif-stats")
BASICS = ("judges", "data", "pairs", "samplers", "evaluators", "judge-metrics", "report", "kit")
SIBLINGS = ">=0.1.0.dev0,<0.2"


class CustomMetadataHook(MetadataHookInterface):
    """Fills dependencies and extras. RLAIF_RELEASE=1 writes version ranges."""

    def update(self, metadata: dict[str, object]) -> None:
        """Add our libraries, an extra for each plugin, `basics` and `all`."""
        plugins = Path(self.root, "plugins")

        def requirement(name: str) -> str:
            folder = plugins / name
            if folder.is_dir() and os.environ.get("RLAIF_RELEASE") != "1":
                return f"{name} @ {folder.resolve().as_uri()}"
            return f"{name}{SIBLINGS}"

        extras = {extra: [requirement(name) for name in names] for extra, names in EXTRAS.items()}
        extras["basics"] = [name for extra in BASICS for name in extras[extra]]
        extras["all"] = sorted({name for extra in EXTRAS for name in extras[extra]})
        metadata["optional-dependencies"] = extras
        metadata["dependencies"] = [*self.config["dependencies"], *map(requirement, LIBRARIES)]
