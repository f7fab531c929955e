"""Subject of a debate, and the side that each debater argues for."""

from __future__ import annotations

from dataclasses import dataclass

from rlaif_core.api import Comparison, DataError, Prompt, Response


@dataclass(frozen=True, slots=True)
class Case:
    """One assignment: debater A argues for `a`, debater B for `b`.

    Attributes:
        prompt: What was asked.
        a: A's response.
        b: B's response.
        source: The text of the source column; empty if there is none.
        vote: Which repetition this is.
    """

    prompt: Prompt
    a: Response
    b: Response
    source: str
    vote: int

    @classmethod
    def of(cls, comparison: Comparison, column: str | None) -> Case:
        """The case in which A argues for the response shown first.

        Raises:
            DataError: If the prompt has no such column of text.
        """
        source = comparison.prompt.columns.get(column) if column else ""
        if not isinstance(source, str):
            raise DataError(
                f"judge 'debate': prompt {comparison.prompt.id} has no column '{column}' of text; "
                "name another as `source`"
            )
        return cls(comparison.prompt, comparison.first, comparison.second, source, comparison.vote)

    @property
    def swapped(self) -> Case:
        """The other assignment."""
        return Case(self.prompt, self.b, self.a, self.source, self.vote)

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """All that it is about: prompt, A's response, B's response, source."""
        return self.prompt.text, self.a.text, self.b.text, self.source

    @property
    def quotable(self) -> str:
        """The text that quotations are checked against."""
        return self.source or "\n".join((self.prompt.text, self.a.text, self.b.text))

    @property
    def key(self) -> tuple[object, ...]:
        """The input of seeds: the same case has the same debate in either order shown."""
        return self.prompt.id, self.a.id, self.b.id, self.vote
