"""Checks and the identity of a checkpoint on disk.

The identity is made of the content, so that new weights at an old path are a new model.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Final

from rlaif_core.api.errors import PluginError

# Files that change what the model answers. Trainers leave others, with clock times in them.
_CONTENT: Final = (
    "*.safetensors",
    "*.model",
    "*.jinja",
    "added_tokens.json",
    "adapter_config.json",
    "chat_template.json",
    "config.json",
    "generation_config.json",
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
)
# The origin of a checkpoint and the library that wrote it do not change its answers.
_ORIGIN: Final = frozenset(
    {
        "_name_or_path",
        "name_or_path",
        "base_model_name_or_path",
        "transformers_version",
        "peft_version",
    }
)
_CHUNK: Final = 1 << 20
_SHOWN: Final = 16
_HUB_NAME: Final = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?")
_LONGEST: Final = 300


def check_policy(path: str) -> None:
    """Check that `path` is the folder of a trained policy, or a hub's name with its owner.

    A name without one is taken for a folder that is not there, before any hub is asked for it.

    Raises:
        PluginError: If it is neither.
    """
    owner, _, name = path.partition("/")
    if not Path(path).exists() and (not name or Path(owner or "/").exists()):
        raise PluginError(f"{path}: no such folder")
    check_checkpoint(path)


def check_checkpoint(path: str) -> None:
    """Check that `path` is the folder of a checkpoint, or can be the name of one on the hub.

    Raises:
        PluginError: If it is neither.
    """
    folder = Path(path)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise PluginError(f"no checkpoint in {path!r}: the folder has no config.json")
    elif folder.exists() or not _HUB_NAME.fullmatch(path):
        raise PluginError(f"no checkpoint at {path!r}: there is no such folder")


def cannot_load(path: str, error: BaseException) -> PluginError:
    """A library's failure to load a checkpoint as an error with its first line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = (lines[0] if lines else type(error).__name__)[:_LONGEST]
    return PluginError(f"model {path!r} cannot be loaded: {reason}")


def fingerprint(folder: Path) -> str:
    """SHA-256 (hex) over weights, configuration, tokenizer and chat template of a checkpoint."""
    names = sorted({path for pattern in _CONTENT for path in folder.glob(pattern)})
    whole = hashlib.sha256()
    for path in names:
        whole.update(f"{path.name}\0{_file_digest(path)}\0".encode())
    return whole.hexdigest()


def checkpoint_identity(path: str, commit: str | None) -> str:
    """`name@content`: a folder's name and fingerprint, or a hub name and commit.

    Args:
        path: Folder of a checkpoint, or its name on the hub.
        commit: The commit on the hub, if the library reports one.
    """
    folder = Path(path)
    if folder.is_dir():
        return f"{folder.resolve().name}@{fingerprint(folder)[:_SHOWN]}"
    return f"{path}@{(commit or 'unknown')[:_SHOWN]}"


def _file_digest(path: Path) -> str:
    if path.name in ("config.json", "tokenizer_config.json", "adapter_config.json"):
        return hashlib.sha256(_without_origin(path.read_bytes())).hexdigest()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _without_origin(config: bytes) -> bytes:
    kept = {key: value for key, value in json.loads(config).items() if key not in _ORIGIN}
    return json.dumps(kept, sort_keys=True).encode()
