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


def breaches(kind: str, component: object) -> list[str]:
    """Every way in which an imported object breaks the contract of its kind; empty if none."""
    bases = BASES[kind]
    if not (isinstance(component, type) and issubclass(component, bases)):
        wanted = " or ".join(f"rlaif_core.api.{base.__name__}" for base in bases)
        name = component.__name__ if isinstance(component, type) else repr(component)[:60]
        return [f"{name} is not a subclass of {wanted}"]
    problems = []
    if missing := [name for name in dir(component) if _is_abstract(component, name)]:
        problems.append(f"{component.__name__} does not implement {', '.join(missing)}")
    if not issubclass(component, Component):
        return problems
    if not (isinstance(component.Params, type) and issubclass(component.Params, api.Params)):
        problems.append(f"{component.__name__}.Params is not a subclass of rlaif_core.api.Params")
    if issubclass(component, api.Hook):
        problems += unknown_hooks(component)
    return problems


def _is_abstract(owner: type, name: str) -> bool:
    return bool(getattr(getattr(owner, name, None), "__isabstractmethod__", False))
