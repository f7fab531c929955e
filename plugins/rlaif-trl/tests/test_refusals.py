"""Refusals are one line with the fix: before anything is judged, and without that
before anything is trained."""

import json
import shutil
from pathlib import Path

import pytest

from rlaif_core.api import DataError, Message, PluginError, Prompt, RlaifError
from rlaif_trl.imitation.sft import SFT
from rlaif_trl.online.grpo import GRPO
from rlaif_trl.online.online_dpo import OnlineDPO
from rlaif_trl.online.rejection import Rejection
from rlaif_trl.online.rloo import RLOO
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.pairs.kto import KTO
from rlaif_trl.pairs.reference_free import ORPO
from rlaif_trl.ppo.optimizer import PPO
from rlaif_trl.processes.job_file import JobFile
from rlaif_trl.reward.ensemble import Ensemble
from rlaif_trl.reward.scalar_head import ScalarHead
from rlaif_trl.soups.optimizer import Soups

PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(16)]
LONG = Prompt("long", (Message("user", "long " * 20),))
ONLINE = (GRPO, RLOO, OnlineDPO, Rejection, PPO)
SHORT = {"max_completion_length": 8}


@pytest.fixture
def copied(checkpoint, tmp_path) -> Path:
    """A copy of the checkpoint that a test may spoil."""
    return Path(shutil.copytree(checkpoint, tmp_path / "spoiled"))


def without_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


def without_pad_and_end(folder: Path) -> None:
    file = folder / "tokenizer_config.json"
    kept = {k: v for k, v in json.loads(file.read_text()).items() if "_token" not in k}
    file.write_text(json.dumps(kept))


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def untouched(folder: Path) -> None:
    pass


SPOILED = [
    (without_template, {}, "has no chat template: put a chat_template.jinja"),
    (without_pad_and_end, {}, "neither a pad token nor an eos token: set one"),
    (pickled, {}, "no safetensors file; load it once where you trust it"),
    (untouched, {"lora": {"target_modules": ["query"]}}, "match no module of the model: choose"),
    (untouched, {"max_length": 500}, "max_length 500 is more than the model's context of 96"),
    (untouched, {"report_to": ["nowhere"]}, "report_to: nowhere is not installed: pip install"),
]


def named(kind, **params):
    own = {**SHORT, "max_length": None} if kind in ONLINE else {}
    return kind(kind.Params(**{**own, **params}))


@pytest.mark.parametrize("kind", [DPO, SFT, GRPO, PPO, ScalarHead, Ensemble])
@pytest.mark.parametrize(("spoil", "params", "message"), SPOILED)
def test_it_is_refused_before_anything_is_judged(kind, spoil, params, message, copied):
    spoil(copied)
    with pytest.raises(PluginError) as refused:
        named(kind, **params).check(str(copied), PROMPTS)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", [KTO, ORPO, RLOO, PPO])
@pytest.mark.parametrize(("spoil", "params", "message"), SPOILED)
def test_it_is_refused_before_anything_is_trained(kind, spoil, params, message, copied, job):
    asked = []

    def scorer(prompts, texts):
        asked.append(texts)
        return [0.0] * len(texts)

    spoil(copied)
    steps = []
    done = job(
        checkpoint=str(copied),
        reference=str(copied),
        prompts=PROMPTS,
        scorer=scorer,
        progress=lambda *step: steps.append(step),
    )
    with pytest.raises(PluginError) as refused:
        JobFile.do(named(kind, **params), done)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (steps, asked) == ([], [])


@pytest.mark.parametrize("kind", [*ONLINE, Soups])
def test_prompts_without_room_for_a_response_are_counted_before_anything_is_judged(
    kind, checkpoint
):
    made = Soups(Soups.Params(params=SHORT)) if kind is Soups else named(kind)
    with pytest.raises(DataError, match="1 of 17 prompts leave a response less than 8 of 96"):
        made.check(checkpoint, [*PROMPTS, LONG])


@pytest.mark.parametrize("kind", [DPO, *ONLINE, ScalarHead])
def test_a_good_checkpoint_passes_without_its_weights_being_read(kind, copied):
    (copied / "model.safetensors").write_bytes(b"not read")
    params = {"lora": {"target_modules": ["q_proj"]}, "overlong": "truncate"}
    named(kind, **params).check(str(copied), [*PROMPTS, LONG])


@pytest.mark.parametrize("kind", [DPO, ORPO, KTO, SFT, ScalarHead, Ensemble])
def test_too_few_preferences_are_refused_before_the_model_is_loaded(kind, job, preferences):
    with pytest.raises(RlaifError, match="are too few to train on, at least 8"):
        JobFile.do(named(kind), job(preferences(3), checkpoint="/nowhere"))


@pytest.mark.parametrize("kind", [DPO, ORPO, ScalarHead, Ensemble])
def test_ties_alone_are_refused_before_the_model_is_loaded(kind, job, preferences):
    with pytest.raises(DataError, match="all 48 preferences are ties"):
        JobFile.do(named(kind), job(preferences(p_chosen=0.5), checkpoint="/nowhere"))


def test_a_reference_that_numbers_tokens_differently_is_refused(job, checkpoint, tmp_path):
    folder = Path(shutil.copytree(checkpoint, tmp_path / "renumbered"))
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    numbers = tokenizer["model"]["vocab"]
    numbers["a"], numbers["b"] = numbers["b"], numbers["a"]
    file.write_text(json.dumps(tokenizer))
    with pytest.raises(PluginError, match="number tokens differently: both must have the same"):
        named(DPO).train(job(reference=str(folder)))


@pytest.mark.parametrize("kind", [DPO, GRPO, ScalarHead])
def test_a_policy_behind_a_service_is_refused_before_anything_is_judged(kind):
    with pytest.raises(PluginError, match="the policy has no weights to train: give the recipe"):
        named(kind).check("", PROMPTS)
