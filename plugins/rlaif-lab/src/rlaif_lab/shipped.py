"""Paths of the lab's own models: a policy to improve and a judge to improve it with."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, get_args

ModelName = Literal["policy", "judge"]

MODELS: Final = Path(__file__).parent / "models"


def model_path(name: ModelName) -> Path:
    """The folder of a shipped model, as `from_pretrained` takes it.

    Args:
        name: "policy" or "judge".

    Raises:
        ValueError: If the lab has no model of that name.
    """
    if name not in get_args(ModelName):
        raise ValueError(f"no lab model {name!r}; choose one of {', '.join(get_args(ModelName))}")
    return MODELS / name
