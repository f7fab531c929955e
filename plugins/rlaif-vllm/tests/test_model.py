"""Checks that need no vLLM."""

import asyncio
import shutil
import sys

import pytest

from rlaif_core.api import Context, DataError, PluginError
from rlaif_lab.shipped import model_path
from rlaif_vllm.model import VLLM
from rlaif_vllm.params import VLLMParams


def set_up(**params):
    asyncio.run(VLLM(VLLMParams(**params)).setup(Context()))


def test_a_missing_vllm_names_the_package_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "vllm", None)

    with pytest.raises(PluginError, match=r"pip install 'rlaif-vllm\[gpu\]'") as caught:
        set_up(path=str(model_path("policy")))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "message"), [("./no/such/folder", "no such folder"), (".", "no config.json")]
)
def test_a_missing_checkpoint_is_named_before_vllm_is_loaded(path, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "vllm", None)

    with pytest.raises(PluginError, match=message):
        set_up(path=path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"chat_template": None}, "no chat template"),
        ({"chat_template": "{% for m in messages %}{{ m.content }} {% endfor %}"}, "no eos_token"),
    ],
)
def test_a_tokenizer_that_cannot_chat_is_refused_before_the_engine_starts(
    settings, message, monkeypatch, tmp_path
):
    transformers = pytest.importorskip("transformers")
    folder = shutil.copytree(model_path("policy"), tmp_path / "policy")
    (folder / "chat_template.jinja").unlink()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokenizer.eos_token, tokenizer.chat_template = None, settings["chat_template"]
    tokenizer.save_pretrained(folder)
    started = []
    monkeypatch.setattr("rlaif_vllm.loading._import_vllm", lambda: None)
    monkeypatch.setattr("rlaif_vllm.loading._start", lambda *given: started.append(given))

    with pytest.raises(DataError, match=message) as caught:
        set_up(path=str(folder))
    assert "\n" not in str(caught.value)
    assert not started


def test_a_checkpoint_after_training_keeps_the_settings():
    before = VLLM(VLLMParams(path="org/name", revision="main", gpu_memory_utilization=0.4))
    after = before.at("round-0/policy")

    assert after.checkpoint == "round-0/policy"
    assert after.params == VLLMParams(path="round-0/policy", gpu_memory_utilization=0.4)


def test_it_has_every_capability():
    model = VLLM(VLLMParams(path="org/name", batch_size=32))

    assert model.capabilities == {"options", "end_of_turn", "prefix", "schema", "seed"}
    assert model.batch_size == 32


def test_nothing_that_could_load_code_is_a_parameter():
    unsafe = {"trust_remote_code", "worker_cls", "logits_processors", "hf_overrides", "load_format"}

    assert not unsafe & set(VLLMParams.model_fields)
    assert VLLMParams.model_config["extra"] == "forbid"
