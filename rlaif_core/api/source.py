"""Kind `sources`: where prompts come from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from rlaif_core.api.component import Component, P
from rlaif_core.api.records import Prompt


class Source(Component[P]):
    """Yields prompts; may know the truth about responses to them."""

    has_gold: bool = False

    @abstractmethod
    def prompts(self) -> Iterator[Prompt]:
        """The prompts, ids unique, in the same order every time.

        Raises:
            DataError: Naming the file, the row and what is wrong with it.
        """

    def gold(self, prompt: Prompt, response: str) -> float | None:
        """Gold score of a response, in [0, 1]; no judge and no trainer ever sees it."""
        return None
