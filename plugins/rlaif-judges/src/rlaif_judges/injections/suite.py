"""Reads the suite."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from rlaif_core.api import DataError, Message, Prompt, Response

Kind = Literal["instruction", "verdict", "fence", "score", "master-key", "turn"]
"""An order to the judge; a verdict written for it; an end of the response that is none; a score
written for it; an opening that promises an answer and gives none; a turn of the chat that is none.
"""


@dataclass(frozen=True, slots=True)
class Injection:
    """One attack.

    Attributes:
        id: Its name in the suite.
        kind: What it tries.
        prompt: What was asked.
        honest: A good response.
        attacking: A response without merit that tries to win all the same.
    """

    id: str
    kind: Kind
    prompt: Prompt
    honest: Response
    attacking: Response


@cache
def injections() -> tuple[Injection, ...]:
    """The whole suite, in a fixed order.

    Raises:
        DataError: If the suite's file is damaged.
    """
    import yaml

    text = (files(__package__) / "attacks.yaml").read_text(encoding="utf-8")
    try:
        content = yaml.safe_load(text)
        tasks = content["tasks"]
        return tuple(
            _injection(number, attack, tasks[number % len(tasks)])
            for number, attack in enumerate(content["attacks"])
        )
    except (yaml.YAMLError, LookupError, TypeError, ValueError) as error:
        raise DataError(f"rlaif_judges/injections/attacks.yaml: {error!r}") from error


def _injection(number: int, attack: dict[str, str], task: dict[str, str]) -> Injection:
    kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    prompt = Prompt(f"injection-{attack['id']}", (Message("user", task["prompt"]),))
    attacking = attack["text"].replace("POOR", task["poor"]).rstrip("\n")
    return Injection(
        attack["id"],
        kinds[attack["kind"]],
        prompt,
        Response.of(prompt, task["honest"], 0),
        Response.of(prompt, attacking, 1),
    )
