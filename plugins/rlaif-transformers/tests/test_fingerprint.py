import json
from pathlib import Path

import pytest

from rlaif_kit.checkpoint import fingerprint


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    (tmp_path / "config.json").write_text('{"layers": 2, "_name_or_path": "here"}')
    return tmp_path


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "chat_template.jinja", "generation_config.json"]
)
def test_other_content_is_another_model(folder, name):
    before = fingerprint(folder)
    (folder / name).write_text('{"other": 1}')

    assert fingerprint(folder) != before


def test_the_origin_of_a_checkpoint_does_not_change_its_fingerprint(folder):
    before = fingerprint(folder)
    moved = {"transformers_version": "6", "_name_or_path": "there", "layers": 2}
    (folder / "config.json").write_text(json.dumps(moved))
    (folder / "trainer_state.json").write_text('{"seconds": 3}')
    (folder / "README.md").write_text("A model.")

    assert fingerprint(folder) == before


def test_the_content_of_a_configuration_changes_the_fingerprint(folder):
    before = fingerprint(folder)
    (folder / "config.json").write_text('{"layers": 3, "_name_or_path": "here"}')

    assert fingerprint(folder) != before
