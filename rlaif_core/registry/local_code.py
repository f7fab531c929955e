"""Components in a file beside the recipe: `use: ./my_judge.py:Strict`. What was hashed is run."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from rlaif_core.registry.entry import Entry, noun
from rlaif_core.registry.errors import LocalCodeError


def is_local(use: str) -> bool:
    """True if `use` names a file rather than an installed component."""
    return ".py:" in use or use.endswith(".py")


def entry(kind: str, use: str, folder: Path) -> Entry:
    """The entry for a file, with its hash.

    Args:
        kind: What the class is to be.
        use: "./file.py:Class", relative to `folder`.
        folder: The recipe's folder.

    Raises:
        LocalCodeError: If no class is named or there is no such file.
    """
    match = re.fullmatch(r"(.+\.py):(\w+)", use)
    if match is None:
        raise LocalCodeError(f"{noun(kind)} '{use}' names no class: write './file.py:Class'")
    path = (folder / match[1]).resolve()
    try:
        source = path.read_bytes()
    except OSError as error:
        raise LocalCodeError(f"{noun(kind)} '{use}': {path}: {error.strerror}") from error
    return Entry(
        kind, use, "", "", f"{path}:{match[2]}", "local code",
        sha256=hashlib.sha256(source).hexdigest(),
    )  # fmt: skip


def load_module(entry: Entry) -> ModuleType:
    """Import a local file under a name of its own.

    Raises:
        LocalCodeError: If the file is no longer the one that was hashed.
    """
    path = entry.value.rpartition(":")[0]
    name = f"rlaif_local_{hashlib.sha256(f'{path}:{entry.sha256}'.encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    source = Path(path).read_bytes()
    if hashlib.sha256(source).hexdigest() != entry.sha256:
        raise LocalCodeError(f"{entry.label} changed while the recipe was being read; start again")
    loader = _Loader(name, path, source)
    spec = ModuleSpec(name, loader, origin=path)
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic and dataclasses resolve annotations through it
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _Loader(SourceFileLoader):
    """Compiles given bytes: no cached bytecode, which may stem from an older file."""

    def __init__(self, name: str, path: str, source: bytes) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        """The code of the bytes that were hashed."""
        return self.source_to_code(self._source, self.path)
