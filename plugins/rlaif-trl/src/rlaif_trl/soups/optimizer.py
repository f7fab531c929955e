"""The optimizer `soups`: one policy for each reward, and their weights averaged (2306.04488)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from rlaif_core.api import (
    DataError,
    Measurement,
    Metric,
    Metrics,
    Optimizer,
    Params,
    Prompt,
    TrainingJob,
    digest,
)
from rlaif_trl.policy.optimizer import OnlineOptimizer
from rlaif_trl.training.phases import Phases
from rlaif_trl.training.remembered import remembered

INNER: Final = {
    "grpo": "rlaif_trl.online.grpo:GRPO",
    "rloo": "rlaif_trl.online.rloo:RLOO",
    "online-dpo": "rlaif_trl.online.online_dpo:OnlineDPO",
    "rejection": "rlaif_trl.online.rejection:Rejection",
    "ppo": "rlaif_trl.ppo.optimizer:PPO",
}

PARENTS: Final = "parents"
"""Folder beside the soup, of the policies that were trained on one reward each."""

TRAINED: Final = "trained"
"""Folder in the job's work folder, of the parents that are done."""


class SoupsParams(Params):
    """Parameters of `soups`."""

    optimizer: Literal["grpo", "rloo", "online-dpo", "rejection", "ppo"] = Field(
        default="rloo", description="optimizer of each policy"
    )
    params: dict[str, Any] = Field(default_factory=dict, description="parameters of that optimizer")
    weights: dict[str, float] | None = Field(
        default=None, description="share of each reward's policy, by name; null: equal shares"
    )
    steps: int = Field(default=5, ge=0, description="points between each two policies; 0: no front")
    front_prompts: int = Field(
        default=64, ge=1, description="most held-out prompts to measure the front on"
    )
    max_completion_length: int = Field(default=256, ge=1, description="tokens, on the front")

    @model_validator(mode="after")
    def _inner_parameters(self) -> SoupsParams:
        kind = inner(self.optimizer)
        kind.Params.model_validate(self.params)
        if self.weights is not None and not sum(self.weights.values()) > 0:
            raise ValueError("weights must add up to more than 0")
        return self


class Soups(Optimizer[SoupsParams]):
    """Rewarded soups: the trade-off between rewards is chosen after training, for free."""

    Params = SoupsParams
    needs_preferences = False
    needs_scorer = True

    def check(self, checkpoint: str, prompts: Sequence[Prompt]) -> None:
        """Run the check of each policy's optimizer; see `Optimizer.check`."""
        self._inner().check(checkpoint, prompts)

    def train(self, job: TrainingJob) -> Metrics | Measurement:
        """Train a policy on each of `job.objectives` from one start, then average their weights.

        The soup of `weights` is written to `job.output`, its parents to `parents/NAME` in it.
        Averaging needs parents that stay close to each other, as policies of the same start do.

        Returns:
            For each point of the front `soup/SHARES/NAME`, the mean of reward NAME over held-out
            prompts (the training prompts if none are held out), with SHARES like
            "helpful=0.25,safe=0.75"; the shares of the soup itself, which is one of the points, as
            `returned/NAME`; the metrics of each parent's training, as `NAME/…`; and the front of
            the first two rewards as a metric, to be drawn.

        Raises:
            DataError: If there are fewer than two rewards, or `weights` names another one.
        """
        names = list(job.objectives)
        if len(names) < 2:
            raise DataError(
                f"soups needs two rewards or more, and the recipe has {len(names)}: name them "
                "under rewards:"
            )
        shares = _shares(names, self.params.weights)
        figures: dict[str, float] = {}
        parents: dict[str, Path] = {}
        phases = Phases(job, len(names))
        for name in names:
            parents[name] = job.output / PARENTS / name
            measured = self._parent(phases, name, parents[name])
            if job.cancelled():
                return figures
            figures |= {f"{name}/{key}": value for key, value in measured.items()}
        from rlaif_trl.soups.averaging import PolicyAverage
        from rlaif_trl.training.isolation import isolated

        with isolated(job.seed):
            average = PolicyAverage(job, list(parents.values()), self.params.max_completion_length)
            own = tuple(shares[name] for name in names)
            front: dict[tuple[float, ...], Mapping[str, float]] = {}
            for point in _front(len(names), self.params.steps, own):
                label = ",".join(f"{n}={s:g}" for n, s in zip(names, point, strict=True))
                front[point] = means = average.rewards(point, self.params.front_prompts)
                figures |= {f"soup/{label}/{name}": value for name, value in means.items()}
            average.save(list(own))
        figures |= {f"returned/{name}": share for name, share in shares.items()}
        return Measurement({"optimize": figures}, list(_drawn(names, front, own)))

    def _inner(self) -> OnlineOptimizer[Any]:
        kind = inner(self.params.optimizer)
        return kind(kind.Params.model_validate(self.params.params))

    def _parent(self, phases: Phases, name: str, target: Path) -> Metrics:
        """Train one reward's policy, unless an interrupted run has finished it."""
        job, work = phases.next(name), phases.job.work
        kept = None if work is None else work / TRAINED / name

        def train() -> dict[str, float] | None:
            for folder in (target, job.work):
                if folder is not None:
                    folder.mkdir(parents=True, exist_ok=True)
            alone = replace(job, scorer=job.objectives[name], output=target)
            measured = self._inner().train(alone)
            if job.cancelled():
                return None
            if kept is not None:
                shutil.copytree(target, kept, dirs_exist_ok=True)
            return dict(measured)

        record = None if kept is None else kept.with_name(f"{name}.json")
        measured = remembered(record, digest(self.params.model_dump_json(), job.checkpoint), train)
        if kept is not None and not target.is_dir():
            shutil.copytree(kept, target)
        return measured or {}


def inner(name: str) -> type[OnlineOptimizer[Any]]:
    """The optimizer of this name."""
    module, _, kind = INNER[name].partition(":")
    optimizer: type[OnlineOptimizer[Any]] = getattr(import_module(module), kind)
    return optimizer


def _drawn(
    names: Sequence[str], front: Mapping[tuple[float, ...], Mapping[str, float]], own: Any
) -> Iterator[Metric]:
    """The front as a chart: two rewards against each other, a point for each average."""
    across, upward = names[:2]
    known = {point: means for point, means in front.items() if across in means and upward in means}
    if own in known:
        yield Metric(
            name="soup",
            value=known[own][upward],
            group="optimize",
            label=f"Between the rewards: {upward} over {across}",
            description="Policies trained on one reward each, and averages of their weights; the "
            "value is that of the average that was returned.",
            chart="scatter",
            details={
                "points": [[means[across], means[upward]] for means in known.values()],
                "names": [
                    " ".join(f"{share:.2g}" for share in point) + (" *" if point == own else "")
                    for point in known
                ],
                "x_label": f"{across}; names are shares of {', '.join(names)}, * was returned",
            },
            heldout=True,
        )


def _shares(names: Sequence[str], weights: Mapping[str, float] | None) -> dict[str, float]:
    chosen = dict.fromkeys(names, 1.0) if weights is None else weights
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise DataError(f"weights names {unknown[0]!r}; the rewards are {', '.join(names)}")
    total = sum(chosen.values())
    return {name: chosen.get(name, 0.0) / total for name in names}


def _front(count: int, steps: int, own: tuple[float, ...]) -> list[tuple[float, ...]]:
    """Shares on the lines between each two policies, each once, and the soup's own."""
    points: dict[tuple[float, ...], None] = {}
    for a in range(count):
        for b in range(a + 1, count):
            for step in range(steps):
                share = step / (steps - 1) if steps > 1 else 0.5
                point = [0.0] * count
                point[a], point[b] = 1.0 - share, share
                points[tuple(point)] = None
    if points:
        points[own] = None
    return list(points)
