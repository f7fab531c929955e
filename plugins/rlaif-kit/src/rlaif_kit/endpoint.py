"""Address and key of a remote model, and the errors of its service as users see them.

For models behind a service. Kept in one place because a mistake here gives a key away: to a
server that has no business with it, or to anyone who reads a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from ssl import SSLCertVerificationError
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr, ValidationError

from rlaif_core.api.errors import ModelError, PluginError
from rlaif_kit.http import http_error

LONGEST: Final = 300
"""Characters kept of a service's message."""

NO_SECRETS: Final = (
    "should end with its path and name no user: a key belongs in `api_key: ${env:NAME}`"
)
"""The end of an error message about an address that `holds_secret`."""


def holds_secret(url: str) -> bool:
    """True if an address can hold a secret: libraries log addresses as they are."""
    parts = urlsplit(url)
    return bool("@" in parts.netloc or parts.query or parts.fragment)


@dataclass(frozen=True)
class Service:
    """A company's API.

    Attributes:
        url: Its address.
        key_variable: The environment variable that holds its key.
        address_variable: The environment variable that may hold another address.
    """

    url: str
    key_variable: str
    address_variable: str


@dataclass(frozen=True)
class Endpoint:
    """A service as one model uses it.

    Attributes:
        service: Whose API it speaks.
        url: Its address.
        key: The key; empty if there is none.
        named: Whether the recipe names the key.
        trusted: Whether what the environment holds for the service may be sent there.
    """

    service: Service
    url: str
    key: str = field(default="", repr=False)
    named: bool = False
    trusted: bool = True

    @property
    def official(self) -> bool:
        """True at the company's own address."""
        return self.url.rstrip("/") == self.service.url

    @property
    def place(self) -> str:
        """Host, port and path: the address without whatever secret it may hold."""
        parts = _parts(self.url)
        return parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")

    @property
    def loopback(self) -> bool:
        """True if the service runs on this machine."""
        host = _parts(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def key_source(self) -> str:
        """The origin of the key, for messages."""
        return "the recipe's `api_key`" if self.named else self.service.key_variable

    def check(self, model: str) -> None:
        """Check that the model can be asked here.

        Raises:
            PluginError: If the address is invalid or holds a secret, or the key is missing or
                cannot be sent.
        """
        parts = _parts(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            place = f" {self.place!r}" if self.place else ""
            raise PluginError(
                f"model '{model}': base_url{place} is not an address: write http://HOST:PORT/…"
            )
        if holds_secret(self.url):
            raise PluginError(
                f"model '{model}': the address in {self.service.address_variable} {NO_SECRETS}"
            )
        if not self.key and self.official:
            raise PluginError(
                f"model '{model}' needs a key: set the environment variable "
                f"{self.service.key_variable}, or write `api_key: ${{env:NAME}}` and set that one"
            )
        if not (self.key.isascii() and self.key.isprintable()):
            raise PluginError(
                f"model '{model}': {self.key_source} cannot be a key: no HTTP header can carry "
                "its characters"
            )

    def redacted(self, text: object) -> str:
        """The beginning of a service's message, on one line, without the key."""
        message = str(text)
        if self.key:
            message = message.replace(self.key, "***")
        message = " ".join(message.split())
        return message if len(message) <= LONGEST else message[:LONGEST] + "…"

    def refused(
        self, status: int, headers: Mapping[str, str], detail: object, fix: str = ""
    ) -> ModelError:
        """The error for an answer with an error status.

        Args:
            status: 400 or more.
            headers: Of the response, with names in lower case.
            detail: The service's own message.
            fix: How the user can fix it.
        """
        if status == 401:  # its message is not repeated: it may quote a part of the key
            if self.key:
                fix = "it is wrong, expired or revoked; set a valid one"
                return ModelError(f"{self.place} refuses the key of {self.key_source}: {fix}")
            return ModelError(f"{self.place} wants a key: write `api_key: ${{env:NAME}}`")
        message = f"{self.place} answered {status}: {self.redacted(detail or 'nothing')}"
        return http_error(status, headers, f"{message}; {fix}" if fix else message)

    def unreachable(self, error: BaseException) -> ModelError:
        """The error for a broken connection, with its first cause."""
        while error.__cause__ is not None:
            error = error.__cause__
        message = f"the connection to {self.place} failed: "
        message += self.redacted(f"{type(error).__name__}: {error}")
        if isinstance(error, SSLCertVerificationError):
            fix = "name the file of the authority that you trust for it in SSL_CERT_FILE"
            return ModelError(f"{message}; {fix}")
        return ModelError(message, transient=True)

    def malformed(self, error: ValidationError) -> ModelError:
        """The error for a body that does not follow the service's API."""
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        where = f" at {place}" if place else ""
        message = f"{self.place} sent an answer that cannot be read: {first['msg']}{where}"
        return ModelError(self.redacted(message), transient=True)

    def late(self, seconds: float) -> ModelError:
        """The error for a call without an answer in time."""
        return ModelError(f"{self.place} gave no answer within {seconds:g} s", transient=True)


def endpoint(
    service: Service, base_url: str | None, api_key: SecretStr | None, environ: Mapping[str, str]
) -> Endpoint:
    """The endpoint of a recipe, or of the environment where the recipe names no address.

    What the environment holds for the service, above all its key, goes to an address of the
    recipe only if that is the company's own: a recipe from elsewhere must not be able to collect
    it.
    """
    url = (base_url or environ.get(service.address_variable) or service.url).strip()
    where = Endpoint(service, url)
    trusted = base_url is None or where.official
    if api_key is not None:
        key = api_key.get_secret_value()
    else:
        key = environ.get(service.key_variable, "") if trusted else ""
    return replace(where, key=key.strip(), named=api_key is not None, trusted=trusted)


def _parts(url: str) -> SplitResult:
    """The parts of an address; none of them if it cannot be one."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises if it is no number, or too large
    except ValueError:
        return urlsplit("")
    return parts if url.isprintable() and " " not in url else urlsplit("")
