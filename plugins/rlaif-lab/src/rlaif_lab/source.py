"""The lab's prompts as a source with gold scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from rlaif_core.api import Message, Params, Prompt, Source
from rlaif_lab.world import generate, gold


class LabParams(Params):
    """Parameters of `lab`."""

    split: Literal["train", "heldout"] = "train"
    n: int = Field(default=256, ge=1, description="distinct prompts")
    seed: int = Field(default=0, ge=0, description="another seed draws other prompts")


class Lab(Source[LabParams]):
    """Generated prompts of the closed world: sums, copying, order, counting, unsafe requests."""

    Params = LabParams
    has_gold = True

    def prompts(self) -> Iterator[Prompt]:
        """`n` distinct prompts; the two splits share no content."""
        for drawn in generate(self.params.split, self.params.n, self.params.seed):
            columns = {"category": drawn.category, "truth": dict(drawn.truth)}
            yield Prompt(drawn.id, (Message("user", drawn.text),), columns)

    def gold(self, prompt: Prompt, response: str) -> float | None:
        """The gold score of a response, in [0, 1]."""
        return gold(prompt.columns["truth"], response)
