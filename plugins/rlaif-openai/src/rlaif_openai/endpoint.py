"""Where requests go, and the key that goes with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from rlaif_core.api import PluginError
from rlaif_openai.params import OpenAIParams

OFFICIAL: Final = "https://api.openai.com/v1"
KEY: Final = "OPENAI_API_KEY"
ADDRESS: Final = "OPENAI_BASE_URL"
NO_KEY: Final = "none"
"""What is sent to a server that wants no key: the client insists on some."""


@dataclass(frozen=True)
class Endpoint:
    """A service.

    Attributes:
        url: Its address.
        key: The key; empty if there is none.
        key_source: Where the key came from, for messages.
    """

    url: str
    key: str = field(default="", repr=False)
    key_source: str = KEY

    @property
    def official(self) -> bool:
        """Whether this is OpenAI's own service."""
        return self.url.rstrip("/") == OFFICIAL

    @property
    def place(self) -> str:
        """Host, port and path: the address without whatever secret it may hold."""
        parts = urlsplit(self.url)
        return parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")

    @property
    def loopback(self) -> bool:
        """Whether it runs on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def endpoint(params: OpenAIParams, environ: Mapping[str, str]) -> Endpoint:
    """The service that the recipe means, or the environment if the recipe names no address.

    The key of the environment goes to an address of the recipe only if that says so: a recipe
    from elsewhere must not be able to collect it.
    """
    url = params.base_url or environ.get(ADDRESS) or OFFICIAL
    if params.api_key is not None:
        return Endpoint(url, params.api_key.get_secret_value().strip(), "the recipe's `api_key`")
    if params.base_url is None:
        return Endpoint(url, environ.get(KEY, "").strip())
    return Endpoint(url)


def checked(where: Endpoint, model: str) -> Endpoint:
    """The same endpoint, if it can be used.

    Raises:
        PluginError: There is no key where one is needed, it cannot be sent, or the address is
            none.
    """
    if urlsplit(where.url).scheme not in ("http", "https") or not urlsplit(where.url).hostname:
        raise PluginError(
            f"model '{model}': {where.place!r} is no address: write base_url: http://HOST:PORT/v1"
        )
    if not where.key and where.official:
        raise PluginError(
            f"model '{model}' needs a key: set the environment variable {KEY}, "
            "or write `api_key: ${env:NAME}` and set that one"
        )
    if not (where.key.isascii() and where.key.isprintable()):
        raise PluginError(f"model '{model}': {where.key_source} holds characters no key can have")
    return where
