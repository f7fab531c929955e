"""A room for programs that nobody trusts: `Sandbox(Limits()).run(FunctionTests(...))`.

A program that a model wrote sees a read-only system, an empty home, no network and no other
process, and can use only so much of the machine. What it does to its own process cannot change
the verdict: tests run in another process, which it cannot look into, kill or imitate.
"""

from rlaif_verifiers.sandbox.jobs import FunctionTests, Outcome, ProgramRuns
from rlaif_verifiers.sandbox.limits import Limits
from rlaif_verifiers.sandbox.sandbox import Report, Sandbox, SandboxError

__all__ = ["FunctionTests", "Limits", "Outcome", "ProgramRuns", "Report", "Sandbox", "SandboxError"]
