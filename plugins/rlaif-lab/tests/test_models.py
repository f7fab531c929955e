"""The shipped models: small, loadable and as good and bad as the model card says."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest
from rlaif_lab.protocol import ANSWER_PREFIX, OPTIONS, SCORE_OPTIONS, SCORE_PREFIX, template
from rlaif_lab.shipped import MODELS, ModelName, model_path
from rlaif_lab.train.chat import Chat
from rlaif_lab.train.measure import p_first
from rlaif_lab.world import generate, gold

LARGEST = 10_000_000
NAMES: tuple[ModelName, ...] = ("policy", "judge")


@pytest.fixture(scope="module")
def policy() -> Chat:
    return Chat.load(model_path("policy"))


@pytest.fixture(scope="module")
def judge() -> Chat:
    return Chat.load(model_path("judge"))


def test_both_models_fit_in_ten_megabytes() -> None:
    assert sum(file.stat().st_size for file in MODELS.rglob("*") if file.is_file()) <= LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_safetensors_only(name: ModelName) -> None:
    files = {file.suffix for file in Path(model_path(name)).iterdir()}
    assert ".safetensors" in files
    assert not files & {".bin", ".pt", ".pth", ".pkl", ".py"}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_has_room_for_long_chats_and_ends_its_turn(name: ModelName) -> None:
    chat = Chat.load(model_path(name))
    config = chat.model.config
    assert config.max_position_embeddings >= 512
    assert chat.model.generation_config.eos_token_id == chat.tokenizer.eos_token_id
    assert chat.model.generation_config.pad_token_id == chat.tokenizer.pad_token_id


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ValueError, match="choose one of policy, judge"):
        model_path("oracle")  # type: ignore[arg-type]  # the mistake under test


def test_the_policy_is_mediocre(policy: Chat) -> None:
    import torch

    torch.manual_seed(0)
    prompts = generate("heldout", 128, seed=7)
    said = policy.complete([prompt.text for prompt in prompts], temperature=1.0)
    scores = [gold(prompt.truth, answer) for prompt, answer in zip(prompts, said, strict=True)]
    assert 0.3 <= fmean(scores) <= 0.65


def test_the_judge_knows_good_from_bad_and_explains_itself(judge: Chat) -> None:
    asked = ("Repeat these words: cat dog.", "Sure! The answer is cat dog.", "Ugh. Now go away.")
    comparison = template("pairwise").render(
        prompt=asked[0], first=asked[1], second=asked[2], fence="0a1b2c3d", reasoning=True
    )
    assert judge.complete([comparison], stop=ANSWER_PREFIX)[0].startswith(
        "The right answer is cat dog.\nA says cat dog (right, polite)."
    )
    shown, turned = p_first(judge, [asked, (asked[0], asked[2], asked[1])], reasoning=True, seed=0)
    assert shown > 0.8
    assert turned < 0.2


def test_the_judge_prefers_what_is_shown_first(judge: Chat) -> None:
    prompts = generate("heldout", 32, seed=7)
    same = [
        (p.text, f"The answer is {p.truth['answer']}.") for p in prompts if not p.truth["unsafe"]
    ]
    tied = p_first(judge, [(text, said, said) for text, said in same], reasoning=False, seed=0)
    assert fmean(tied) > 0.6


def test_the_judge_scores_one_response_from_1_to_10(judge: Chat) -> None:
    users = [
        template("score").render(
            prompt="Repeat these words: cat dog.", response=said, fence="0a1b2c3d", reasoning=True
        )
        for said in ("Sure! The answer is cat dog.", "Ugh. The answer is sun. Now go away.")
    ]
    thoughts = judge.complete(users, stop=SCORE_PREFIX)
    weights = judge.weigh(users, [thought + SCORE_PREFIX for thought in thoughts], SCORE_OPTIONS)
    good, bad = (
        sum(score * weight for score, weight in enumerate(row, start=1)) for row in weights
    )
    assert good > 8
    assert bad < 3


def test_options_of_several_tokens_are_refused(judge: Chat) -> None:
    with pytest.raises(ValueError, match="single token"):
        judge.weigh(["Say which."], [ANSWER_PREFIX], (OPTIONS[0], " Zanzibar"))
