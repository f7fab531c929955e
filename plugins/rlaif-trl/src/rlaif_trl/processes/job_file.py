"""A training job as a JSON file, for processes that are started to do it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rlaif_core.api import (
    DataError,
    Measurement,
    Message,
    Metrics,
    Optimizer,
    Prompt,
    RewardModel,
    TrainingJob,
)

Trainer = Optimizer[Any] | RewardModel[Any]

ROLES: Final[Mapping[str, type[Any]]] = {"optimizer": Optimizer, "reward_model": RewardModel}
"""Roles of a component in a job file, and their base classes."""

_PATHS = ("preferences", "output", "work", "reward_model")
_PROMPTS = ("prompts", "heldout_prompts")
_PLAIN = ("checkpoint", "reference", "seed")


@dataclass(frozen=True)
class JobFile:
    """The content of a job file.

    Attributes:
        role: Role of the component: "optimizer" or "reward_model".
        component: "module:class" of a component of this plugin.
        params: Its parameters.
        job: The job without scorers, progress and cancelling, which stay in their process.
    """

    role: str
    component: str
    params: Mapping[str, Any]
    job: TrainingJob

    @classmethod
    def of(cls, trainer: Trainer, job: TrainingJob) -> JobFile:
        """The job file of a component and its job."""
        kind = type(trainer)
        role = next(name for name, base in ROLES.items() if isinstance(trainer, base))
        params = trainer.params.model_dump(mode="json")
        return cls(role, f"{kind.__module__}:{kind.__name__}", params, job)

    def write(self, file: Path) -> None:
        """Write the file as JSON."""
        job = self.job
        plain: dict[str, Any] = {name: getattr(job, name) for name in _PLAIN}
        paths = {name: getattr(job, name) for name in _PATHS}
        plain |= {name: str(path) for name, path in paths.items() if path is not None}
        plain |= {
            name: [_prompt_record(prompt) for prompt in getattr(job, name)] for name in _PROMPTS
        }
        plain["heldout"] = sorted(job.heldout)
        record = {self.role: self.component, "params": self.params, "job": plain}
        file.write_text(json.dumps(record), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> JobFile:
        """Read a job file, written by `write` or by hand.

        Raises:
            DataError: If something is missing or malformed.
        """
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            job = record["job"]
            known: dict[str, Any] = {name: job[name] for name in _PLAIN if name in job}
            known |= {name: Path(job[name]) for name in _PATHS if name in job}
            known |= {name: _prompts(job.get(name, ())) for name in _PROMPTS}
            known["heldout"] = frozenset(job.get("heldout", ()))
            known.setdefault("reference", job["checkpoint"])
            role = next((name for name in ROLES if name in record), "optimizer")
            return cls(role, record[role], record.get("params", {}), TrainingJob(**known))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{file}: not a training job: {error}") from error

    def trainer(self) -> Trainer:
        """The component of the job, with its parameters.

        Raises:
            DataError: If it does not belong to this plugin, or its parameters are wrong.
        """
        module, _, name = self.component.partition(":")
        if module.split(".")[0] != "rlaif_trl":
            raise DataError(f"{self.role} {self.component!r} is not a component of rlaif_trl")
        try:
            kind = getattr(importlib.import_module(module), name)
            if not issubclass(kind, ROLES[self.role]):
                raise TypeError(f"{name} is of another kind")
            made: Trainer = kind(kind.Params(**self.params))
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise DataError(f"{self.role} {self.component!r} cannot be made: {error}") from error
        return made

    @staticmethod
    def do(trainer: Trainer, job: TrainingJob) -> Metrics:
        """Train a component in this process."""
        if isinstance(trainer, RewardModel):
            return trainer.fit(job)
        measured = trainer.train(job)
        return measured.figures["optimize"] if isinstance(measured, Measurement) else measured


def _prompt_record(prompt: Prompt) -> dict[str, Any]:
    turns = [{"role": turn.role, "content": turn.content} for turn in prompt.messages]
    return {"id": prompt.id, "messages": turns, "columns": dict(prompt.columns)}


def _prompts(records: Sequence[Mapping[str, Any]]) -> list[Prompt]:
    return [
        Prompt(
            record["id"],
            tuple(Message(turn["role"], turn["content"]) for turn in record["messages"]),
            record.get("columns", {}),
        )
        for record in records
    ]
