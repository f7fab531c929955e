"""Model `anthropic`: a Claude model behind the Anthropic API."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from rlaif_anthropic import catalogue
from rlaif_anthropic.dialect import Dialect, dialect
from rlaif_anthropic.params import AnthropicParams
from rlaif_core.api import Prices
from rlaif_kit.endpoint import Service
from rlaif_kit.service import ServiceModel

if TYPE_CHECKING:
    from rlaif_anthropic.client import Client


class Anthropic(ServiceModel[AnthropicParams]):
    """A Claude model behind the Anthropic API, or behind a gateway that speaks it."""

    Params = AnthropicParams
    service = Service("https://api.anthropic.com", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")
    answer_changing = frozenset({"omit", "prefill", "structured_output", "effort", "thinking"})

    def known_prices(self) -> Prices | None:
        """From the packaged table."""
        return catalogue.find(self.params.model).prices

    @cached_property
    def how(self) -> Dialect:
        """Dialect of the model."""
        return dialect(self.params)

    @property
    def capabilities(self) -> frozenset[str]:
        """Schemas, and prefixes where the model continues a begun answer."""
        return self.how.capabilities

    def connect(self) -> Client:
        """Open the SDK's client."""
        from rlaif_anthropic.client import Client

        return Client(self.params, self.where, self.how)
