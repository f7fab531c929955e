"""Base of models behind a company's API; a plugin writes only the request and reads the reply.

class Acme(ServiceModel[AcmeParams]):
    service = Service("https://api.acme.example", "ACME_API_KEY", "ACME_BASE_URL")
    answer_changing = frozenset({"effort"})

    def connect(self) -> ServiceClient:
        return AcmeClient(self.params, self.where)
"""

from __future__ import annotations

import json
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator
from typing_extensions import TypeVar

from rlaif_core.api.chat import ChatReply, ChatRequest
from rlaif_core.api.component import Context
from rlaif_core.api.errors import ModelError, PluginError
from rlaif_core.api.model import Model, Prices
from rlaif_core.api.params import Params
from rlaif_core.api.records import digest
from rlaif_kit.endpoint import NO_SECRETS, Endpoint, Service, endpoint, holds_secret

SHORTEST_SECRET = 16
"""Least characters of a key that a service gave out; shorter ones are words such as "none"."""


class PriceParams(Params):
    """US dollars per million tokens."""

    prompt: float = Field(ge=0, description="of the prompt")
    completion: float = Field(ge=0, description="of the answer, reasoning included")


class ServiceParams(Params):
    """Parameters of a remote model."""

    model: str = Field(min_length=1, description="the model's name, as the service spells it")
    base_url: str | None = Field(default=None, description="another server's address")
    api_key: SecretStr | None = Field(
        default=None,
        description="${env:NAME}; without it the service's own variable, which no other server is "
        "ever sent",
    )
    concurrency: int = Field(default=64, ge=1, description="calls in flight at once, at most")
    timeout: float = Field(default=300.0, gt=0, description="seconds that one call may take")
    prices: PriceParams | None = Field(
        default=None, description="dollars per million tokens, instead of the packaged table's"
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict, description="fields to add to each request, or to replace in it"
    )

    @field_validator("base_url")
    @classmethod
    def _holds_no_secret(cls, url: str | None) -> str | None:
        """Refuse secrets in an address, which is copied to the run directory as it is."""
        if url is not None and holds_secret(url):
            raise ValueError(NO_SECRETS)
        return url


S = TypeVar("S", bound=ServiceParams, covariant=True)


class ServiceClient(ABC):
    """An open connection, asked one request at a time.

    Args:
        model: The model's name, for messages.
    """

    failures: ClassVar[tuple[type[BaseException], ...]]
    """Exceptions that a call may raise besides ModelError."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._warned: set[str] = set()

    async def ask(self, request: ChatRequest) -> ChatReply | ModelError:
        """Make one call. It raises nothing but cancellation: errors are returned."""
        try:
            for name, value in self.unsent(request).items():
                self._warn(name, value)
            return await self.send(request)
        except ModelError as error:
            return error
        except self.failures as error:
            return self.outcome(error)

    def _warn(self, name: str, value: float) -> None:
        if name not in self._warned:
            self._warned.add(name)
            warnings.warn(
                f"model '{self._model}' takes no {name}: {value:g} was asked for, and it answers "
                "at its own; `omit: []` sends it all the same",
                stacklevel=2,
            )

    @abstractmethod
    async def send(self, request: ChatRequest) -> ChatReply:
        """Ask, and read the answer.

        Raises:
            ModelError: If this client can describe the failure better than `outcome`.
        """

    @abstractmethod
    def outcome(self, error: BaseException) -> ChatReply | ModelError:
        """The reply or error that one of `failures` stands for."""

    @abstractmethod
    def unsent(self, request: ChatRequest) -> Mapping[str, float]:
        """Sampling parameters of the request that the model does not take, by name."""

    @abstractmethod
    async def close(self) -> None:
        """Close its connections."""


class ServiceModel(Model[S]):
    """A model that is asked over the network."""

    is_service = True
    service: ClassVar[Service]
    answer_changing: ClassVar[frozenset[str]] = frozenset()
    """Parameters besides `extra_body` that change the answers to equal requests."""

    def __init__(self, params: S) -> None:
        super().__init__(params)
        self.concurrency = params.concurrency
        self.where: Endpoint = endpoint(self.service, params.base_url, params.api_key, os.environ)
        self._client: ServiceClient | None = None
        known = self.known_prices() if self.where.official else None
        self._priced = params.prices is not None or known is not None or self.where.loopback
        if params.prices is not None:
            self.prices = Prices(params.prices.prompt, params.prices.completion)
        elif known is not None:
            self.prices = known

    def unpriced(self) -> str | None:
        """A warning, if neither the recipe nor the packaged table has a price for the model."""
        if self._priced:
            return None
        return (
            f"no price is known of model '{self.params.model}': set its "
            "`prices: {prompt: …, completion: …}`, in dollars per million tokens"
        )

    def known_prices(self) -> Prices | None:
        """The service's own prices for the model; None if they are not known."""
        return None

    @abstractmethod
    def connect(self) -> ServiceClient:
        """Open a client; import its SDK here."""

    @property
    def identity(self) -> str:
        """Service, model, and a digest of the settings that change its answers.

        Weights behind an alias may change while its name stays: name a dated snapshot.
        """
        company = type(self).__name__.lower()
        place = "" if self.where.official else f"@{self.where.place}"
        name = f"{company}/{self.params.model}{place}"
        settings = {*self.answer_changing, "extra_body"}
        changed = self.params.model_dump(mode="json", include=settings, exclude_defaults=True)
        return f"{name}+{digest(json.dumps(changed, sort_keys=True))}" if changed else name

    async def setup(self, context: Context) -> None:
        """Open the client.

        Raises:
            PluginError: If the key is missing or impossible, the address is invalid, or the
                environment's certificates or proxies cannot be used.
        """
        self.where.check(self.params.model)
        await super().setup(context)
        try:
            self._client = self.connect()
        except (OSError, ValueError) as error:
            reason = self.where.redacted(error)
            message = f"model '{self.params.model}' cannot be asked from here: {reason}"
            if isinstance(error, OSError):
                message += (
                    "; check that SSL_CERT_FILE and SSL_CERT_DIR, if set, name readable files"
                )
            raise PluginError(message) from None

    async def complete(self, requests: Sequence[ChatRequest]) -> Sequence[ChatReply | ModelError]:
        """Answer requests in their order; see `Model.complete`."""
        if self._client is None:
            raise PluginError(f"model '{self.params.model}' was asked before it was set up")
        return [self._without_key(await self._client.ask(request)) for request in requests]

    def _without_key(self, answer: ChatReply | ModelError) -> ChatReply | ModelError:
        """Remove the key from an answer: a gateway may repeat it, and answers are stored."""
        key = self.where.key
        if isinstance(answer, ModelError) or len(key) < SHORTEST_SECRET or key not in answer.text:
            return answer
        return replace(answer, text=answer.text.replace(key, "***"))

    async def close(self) -> None:
        """Close the client's connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
