"""Contract of a component class, checked once it is imported and before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlaif_core import api
from rlaif_core.api.component import Component
from rlaif_core.registry.hooks import unknown_hooks

BASES: Mapping[str, tuple[type[Any], ...]] = {
    "models": (api.Model,),
    "samplers": (api.Sampler,),
    "judges": (api.PairwiseJudge, api.PointwiseJudge),
    "pairings": (api.Pairing,),
    "filters": (api.Filter,),
    "reward_models": (api.RewardModel,),
    "optimizers": (api.Optimizer,),
    "evaluators": (api.Evaluator,),
    "sources": (api.Source,),
    "executors": (api.Executor,),
    "hooks": (api.Hook,),
    "probes": (api.Probe,),
    "commands": (api.Command,),
    "judge_metrics": (api.JudgeMetric,),
    "reporters": (api.Reporter,),
}


def breaches(kind: str, found: object) -> list[str]:
    """Every way in which an imported object breaks the contract of its kind; empty if none."""
    bases = BASES[kind]
    if not (isinstance(found, type) and issubclass(found, bases)):
        wanted = " or ".join(f"rlaif_core.api.{base.__name__}" for base in bases)
        name = found.__name__ if isinstance(found, type) else repr(found)[:60]
        return [f"{name} is not a subclass of {wanted}"]
    problems = []
    if missing := [name for name in dir(found) if _is_abstract(found, name)]:
        problems.append(f"{found.__name__} does not implement {', '.join(missing)}")
    if not issubclass(found, Component):
        return problems
    if not (isinstance(found.Params, type) and issubclass(found.Params, api.Params)):
        problems.append(f"{found.__name__}.Params is not a subclass of rlaif_core.api.Params")
    if issubclass(found, api.Hook):
        problems += unknown_hooks(found)
    return problems


def _is_abstract(owner: type, name: str) -> bool:
    return bool(getattr(getattr(owner, name, None), "__isabstractmethod__", False))
