"""A training job as a JSON file, for processes that are started to do it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rlaif_core.api import DataError, Message, Metrics, Optimizer, Prompt, RewardModel, TrainingJob

Trainer = Optimizer[Any] | RewardModel[Any]

ROLES: Final[Mapping[str, type[Any]]] = {"optimizer": Optimizer, "reward_model": RewardModel}
"""What a file calls the component that does its job, and what that must be."""

_PATHS = ("preferences", "output", "work", "reward_model")
_PROMPTS = ("prompts", "heldout_prompts")
_PLAIN = ("checkpoint", "reference", "seed")


@dataclass(frozen=True)
class JobFile:
    """What stands in one.

    Attributes:
        role: What does the job: "optimizer" or "reward_model".
        component: "module:class" of one of this plugin.
        params: Its parameters.
        job: The job, without what only lives in a process: scorers, progress, cancelling.
    """

    role: str
    component: str
    params: Mapping[str, Any]
    job: TrainingJob

    @classmethod
    def of(cls, trainer: Trainer, job: TrainingJob) -> JobFile:
        """What `trainer` is asked to do."""
        kind = type(trainer)
        role = next(name for name, base in ROLES.items() if isinstance(trainer, base))
        params = trainer.params.model_dump(mode="json")
        return cls(role, f"{kind.__module__}:{kind.__name__}", params, job)

    def write(self, file: Path) -> None:
        """Write it as JSON."""
        job = self.job
        plain: dict[str, Any] = {name: getattr(job, name) for name in _PLAIN}
        paths = {name: getattr(job, name) for name in _PATHS}
        plain |= {name: str(path) for name, path in paths.items() if path is not None}
        plain |= {name: [_prompt_record(one) for one in getattr(job, name)] for name in _PROMPTS}
        plain["heldout"] = sorted(job.heldout)
        record = {self.role: self.component, "params": self.params, "job": plain}
        file.write_text(json.dumps(record), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> JobFile:
        """Read what `write` wrote, or a person did.

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
            role = next((one for one in ROLES if one in record), "optimizer")
            return cls(role, record[role], record.get("params", {}), TrainingJob(**known))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{file}: not a training job: {error}") from error

    def trainer(self) -> Trainer:
        """The component that does the job, with its parameters.

        Raises:
            DataError: If it is none of this plugin's, or its parameters are wrong.
        """
        module, _, name = self.component.partition(":")
        if module.split(".")[0] != "rlaif_trl":
            raise DataError(f"{self.role} {self.component!r} is none of rlaif_trl's")
        try:
            kind = getattr(importlib.import_module(module), name)
            if not issubclass(kind, ROLES[self.role]):
                raise TypeError(f"{name} is none")
            made: Trainer = kind(kind.Params(**self.params))
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise DataError(f"{self.role} {self.component!r} cannot be made: {error}") from error
        return made

    @staticmethod
    def do(trainer: Trainer, job: TrainingJob) -> Metrics:
        """Have a component do a job, in this process."""
        return trainer.fit(job) if isinstance(trainer, RewardModel) else trainer.train(job)


def _prompt_record(prompt: Prompt) -> dict[str, Any]:
    turns = [{"role": turn.role, "content": turn.content} for turn in prompt.messages]
    return {"id": prompt.id, "messages": turns, "columns": dict(prompt.columns)}


def _prompts(records: Sequence[Mapping[str, Any]]) -> list[Prompt]:
    return [
        Prompt(
            one["id"],
            tuple(Message(turn["role"], turn["content"]) for turn in one["messages"]),
            one.get("columns", {}),
        )
        for one in records
    ]
