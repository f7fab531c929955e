"""Facts of a component that are known before anything of it is imported."""

from __future__ import annotations

from dataclasses import dataclass

API_VERSION = 1
CORE = "rlaif-core"

KINDS: tuple[str, ...] = (
    "models",
    "samplers",
    "judges",
    "pairings",
    "filters",
    "reward_models",
    "optimizers",
    "evaluators",
    "sources",
    "executors",
    "hooks",
    "probes",
    "judge_metrics",
    "reporters",
)
"""Each kind of component is the entry-point group `rlaif.v1.<kind>`."""

COMMANDS = "commands"
GROUPS = (*KINDS, COMMANDS)
"""All entry-point groups; a command is not a component, and no recipe names one."""


def noun(kind: str) -> str:
    """A kind in the singular, as messages say it: "reward_models" is "reward model"."""
    return kind.removesuffix("s").replace("_", " ")


@dataclass(frozen=True)
class Entry:
    """One component that is offered by an installed distribution or a local file.

    Attributes:
        kind: One of `GROUPS`; for an entry with a problem, what it claims to be.
        name: What a recipe says after `use:`, or the command line after `rlaif`.
        distribution: The distribution that offers it; empty for local code.
        version: That distribution's version; empty for local code.
        value: "module:Class", or "/path/to/file.py:Class" for local code.
        summary: One line on what it is, for people.
        sha256: Hash of the file, for local code; None for installed components.
        problem: Why it cannot be used; None if nothing is known against it.
    """

    kind: str
    name: str
    distribution: str
    version: str
    value: str
    summary: str = ""
    sha256: str | None = None
    problem: str | None = None

    @property
    def label(self) -> str:
        """The name in messages: `judge 'acme' (acme-judges 0.3)`."""
        origin = f" ({self.distribution} {self.version})" if self.distribution else ""
        return f"{noun(self.kind)} '{self.name}'{origin}"
