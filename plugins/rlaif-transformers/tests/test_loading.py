import json
from pathlib import Path

import pytest

from rlaif_core.api import DataError, PluginError


def test_a_missing_folder_is_one_line(ready, tmp_path):
    with pytest.raises(PluginError, match=r"no checkpoint at .*nothing") as raised:
        ready(tmp_path / "nothing")

    assert "\n" not in str(raised.value)


def test_a_folder_without_a_model_is_one_line(ready, tmp_path):
    with pytest.raises(PluginError, match=r"no config\.json"):
        ready(tmp_path)


def test_pickled_weights_are_refused(ready, variant):
    import torch

    folder = variant()
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")

    with pytest.raises(PluginError, match="safetensors"):
        ready(folder)


def test_a_damaged_weights_file_is_one_line(ready, variant):
    folder = variant()
    (folder / "model.safetensors").write_bytes(b"not safetensors at all")

    with pytest.raises(PluginError, match="cannot be loaded") as raised:
        ready(folder)

    assert "\n" not in str(raised.value)


def test_code_in_a_checkpoint_is_never_run(ready, variant):
    folder = variant()
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "mine.Mine", "AutoConfig": "mine.Config"}
    config["model_type"] = "mine"
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "mine.py").write_text(f"open({str(folder / 'ran')!r}, 'w')")

    with pytest.raises(PluginError):
        ready(folder)

    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    "kind", ["MiniMaxConfig", "RecurrentGemmaConfig", "RwkvConfig", "xLSTMConfig"]
)
def test_a_kind_of_model_that_takes_padding_for_text_is_refused(ready, variant, kind):
    import transformers

    folder = variant()
    getattr(transformers, kind)().save_pretrained(folder)

    with pytest.raises(PluginError, match="takes padding for text") as raised:
        ready(folder)
    assert "\n" not in str(raised.value)


def test_a_missing_chat_template_is_reported_with_the_fix(ready, variant):
    with pytest.raises(DataError, match=r"chat_template\.jinja"):
        ready(variant(tokenizer={"template": None}))


def test_weights_of_another_kind_of_model_are_refused(ready, variant):
    from transformers import LlamaForSequenceClassification
    from transformers.utils import logging

    folder = variant()
    logging.set_verbosity_error()
    try:
        LlamaForSequenceClassification.from_pretrained(folder).save_pretrained(folder)
        with pytest.raises(DataError, match=r"lacks 1 weights of a language model \(lm_head"):
            ready(folder)
    finally:
        logging.set_verbosity_warning()


def test_a_tokenizer_without_a_pad_token_pads_with_the_end_of_the_turn(ask, ready, variant, answer):
    import asyncio

    model = ready(variant(tokenizer={"pad": None}))
    requests = [ask("x " * length, max_tokens=5, seed=length) for length in (1, 20)]

    assert asyncio.run(model.complete(requests)) == answer(*requests)


def test_a_device_that_is_not_there_is_one_line(ready, checkpoint):
    with pytest.raises(PluginError, match=r"device 'mps' is not available|cannot be loaded"):
        ready(checkpoint, device="mps" if not _has("mps") else "warp9")


def test_loading_leaves_the_random_state_alone(ready, checkpoint):
    import torch

    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    ready(checkpoint)

    assert torch.equal(torch.rand(2), expected)


def test_an_adapter_is_merged_into_the_weights(ask, ready, checkpoint, tmp_path):
    peft = pytest.importorskip("peft")
    import asyncio

    import torch
    from transformers import AutoModelForCausalLM

    lora = peft.get_peft_model(
        AutoModelForCausalLM.from_pretrained(checkpoint),
        peft.LoraConfig(target_modules=["q_proj"], init_lora_weights=False),
    )
    lora.save_pretrained(tmp_path / "adapter")
    model = ready(checkpoint, adapter=str(tmp_path / "adapter"))
    request = ask(options=(" A", " B"))
    values = asyncio.run(model.complete([request]))[0].option_logprobs

    [encoded] = model._local._format.encode([request])
    with torch.no_grad():
        table = lora(torch.tensor([encoded.prompt])).logits[0, -1].log_softmax(-1)
    assert values == pytest.approx(
        [table[option[-1]].item() for option in encoded.options], abs=1e-4
    )
    assert model.checkpoint is None
    assert model.identity != ready(checkpoint).identity


def test_an_adapter_that_is_not_there_is_one_line(ready, checkpoint, tmp_path):
    with pytest.raises(PluginError, match=r"adapter_model\.safetensors"):
        ready(checkpoint, adapter=str(tmp_path / "none"))


def _has(kind: str) -> bool:
    import torch

    return bool(getattr(torch.backends, kind).is_available())


def test_loading_shows_no_bars(ready, checkpoint: Path, capfd):
    ready(checkpoint)

    assert capfd.readouterr() == ("", "")
