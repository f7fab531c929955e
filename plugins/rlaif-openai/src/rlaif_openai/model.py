"""Model `openai`: a model behind the OpenAI API, or behind a server that speaks it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from rlaif_core.api import Prices
from rlaif_kit.endpoint import Service
from rlaif_kit.service import ServiceModel
from rlaif_openai import catalogue
from rlaif_openai.dialect import Dialect, dialect
from rlaif_openai.params import OpenAIParams

if TYPE_CHECKING:
    from rlaif_openai.client import Client


class OpenAI(ServiceModel[OpenAIParams]):
    """A model behind the OpenAI API: OpenAI's own, vLLM's, llama.cpp's, a gateway's."""

    Params = OpenAIParams
    service = Service("https://api.openai.com/v1", "OPENAI_API_KEY", "OPENAI_BASE_URL")
    answer_changing = frozenset(
        {"server", "omit", "reasoning_effort", "structured_output", "top_logprobs"}
    )

    def known_prices(self) -> Prices | None:
        """From the packaged table."""
        entry = catalogue.find(self.params.model)
        return None if entry is None else entry.prices

    @cached_property
    def how(self) -> Dialect:
        """Dialect of the model."""
        return dialect(self.params, self.where)

    @property
    def capabilities(self) -> frozenset[str]:
        """Schemas; option probabilities where the model gives them; prefixes behind vLLM."""
        return self.how.capabilities

    def connect(self) -> Client:
        """Open the SDK's client."""
        from rlaif_openai.client import Client

        return Client(self.params, self.where, self.how)
