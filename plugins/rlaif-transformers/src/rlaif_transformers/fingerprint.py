"""What names a checkpoint: its content, so that new weights at an old path are a new model."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rlaif_transformers.loading import Loaded
    from rlaif_transformers.model import TransformersParams

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
# Where a checkpoint came from and what wrote it say nothing about what it is.
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


def fingerprint(folder: Path) -> str:
    """SHA-256 (hex) over weights, configuration, tokenizer and chat template of a checkpoint."""
    names = sorted({path for pattern in _CONTENT for path in folder.glob(pattern)})
    whole = hashlib.sha256()
    for path in names:
        whole.update(f"{path.name}\0{_file_digest(path)}\0".encode())
    return whole.hexdigest()


def identity_of(params: TransformersParams, loaded: Loaded) -> str:
    """`name@content`, followed by what else changes the replies."""
    folder = Path(params.path)
    content = fingerprint(folder)[:16] if folder.is_dir() else (loaded.commit or "unknown")[:16]
    name = folder.resolve().name if folder.is_dir() else params.path
    parts = [f"{name}@{content}"]
    if params.adapter is not None:
        parts.append(f"adapter@{fingerprint(Path(params.adapter))[:16]}")
    if params.dtype != "auto":
        parts.append(params.dtype)
    return "+".join(parts)


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
