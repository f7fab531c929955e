"""Values and frames between processes of which one does not trust the other.

Nothing is unpickled. A value is spelled in JSON, as an object with its type's name where JSON has
no such type, so that only plain data can come out: no `==` of it can be overridden.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

BIG = 1 << 1000
"""Whole numbers from here on are spelled in base 16: Python limits how long base 10 may get."""


class ClosedError(Exception):
    """The other side ended, or closed the channel."""


class WireError(Exception):
    """A value or a frame that cannot be sent or read."""


def encode(value: Any) -> Any:
    """Spell a plain value in JSON's types.

    Raises:
        WireError: If it is not plain data, or contains itself.
    """
    try:
        return _encode(value)
    except RecursionError:
        raise WireError("it is nested too deeply") from None


def decode(spelled: Any) -> Any:
    """The value that `encode` spelled.

    Raises:
        WireError: If nothing is spelled like that.
    """
    try:
        return _decode(spelled)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(f"unreadable: {type(error).__name__}") from None


def write_frame(descriptor: int, content: Any) -> None:
    """Write one JSON value, its length before it.

    Raises:
        ClosedError: If nobody reads any more.
    """
    data = json.dumps(content).encode()
    data = len(data).to_bytes(4, "big") + data
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except (BrokenPipeError, ConnectionResetError):
        raise ClosedError from None


def read_frame(descriptor: int, limit: int) -> Any:
    """Read one JSON value and not a byte more.

    Args:
        descriptor: A blocking file descriptor.
        limit: The longest frame to accept, in bytes.

    Raises:
        ClosedError: If the other side ended before the frame did.
        WireError: If the frame is longer than `limit`, or no JSON.
    """
    length = int.from_bytes(_read(descriptor, 4), "big")
    if length > limit:
        raise WireError(f"more than {limit} bytes")
    try:
        return json.loads(_read(descriptor, length))
    except (ValueError, RecursionError):
        raise WireError("unreadable") from None


def _read(descriptor: int, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        try:
            part = os.read(descriptor, length - len(data))
        except ConnectionResetError:
            raise ClosedError from None
        if not part:
            raise ClosedError
        data += part
    return bytes(data)


def _encode(value: Any) -> Any:
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < BIG else {"int": hex(value)}
    if isinstance(value, list):
        return [_encode(item) for item in value]
    if isinstance(value, tuple | set | frozenset):
        kind = next(kind for kind in (tuple, set, frozenset) if isinstance(value, kind))
        return {kind.__name__: [_encode(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_encode(key), _encode(item)] for key, item in value.items()]}
    if isinstance(value, bytes | bytearray):
        return {"bytes" if isinstance(value, bytes) else "bytearray": value.hex()}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, range):
        return {"range": [value.start, value.stop, value.step]}
    raise WireError(f"a {type(value).__name__} is no plain data")


def _decode(spelled: Any) -> Any:
    if isinstance(spelled, list):
        return [_decode(item) for item in spelled]
    if not isinstance(spelled, dict):
        return spelled
    ((kind, content),) = spelled.items()
    if kind == "dict":
        return {_decode(key): _decode(item) for key, item in content}
    return _READERS[kind](content)


_READERS: dict[str, Callable[[Any], Any]] = {
    "int": lambda content: int(content, 16),
    "tuple": lambda content: tuple(_decode(item) for item in content),
    "set": lambda content: {_decode(item) for item in content},
    "frozenset": lambda content: frozenset(_decode(item) for item in content),
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "complex": lambda content: complex(*content),
    "range": lambda content: range(*content),
}
