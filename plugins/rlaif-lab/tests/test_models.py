"""The shipped models: small, loadable and as good and bad as in the model card."""

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
    answers = policy.complete([prompt.text for prompt in prompts], temperature=1.0)
    scores = [gold(prompt.truth, answer) for prompt, answer in zip(prompts, answers, strict=True)]
    assert 0.3 <= fmean(scores) <= 0.65


def good_and_bad(n: int) -> list[tuple[str, str, str]]:
    """Safe held-out prompts, each with a right polite answer and a wrong rude one."""
    prompts = [p for p in generate("heldout", 2 * n, seed=7) if not p.truth["unsafe"]][:n]
    return [
        (
            p.text,
            f"Sure! The answer is {p.truth['answer']}.",
            "Ugh. The answer is zzz. Now go away.",
        )
        for p in prompts
    ]


def test_the_judge_knows_good_from_bad_in_either_order(judge: Chat) -> None:
    cases = good_and_bad(48)
    shown = p_first(judge, cases, reasoning=True, seed=0)
    swapped = [(text, bad, good) for text, good, bad in cases]
    turned = p_first(judge, swapped, reasoning=True, seed=0)
    assert fmean(shown) > 0.9
    assert fmean(turned) < 0.2


def test_the_judge_solves_the_prompt_before_it_compares(judge: Chat) -> None:
    cases = good_and_bad(48)
    users = [
        template("pairwise").render(
            prompt=text, first=good, second=bad, fence="0a1b2c3d", reasoning=True
        )
        for text, good, bad in cases
    ]
    thoughts = judge.complete(users, stop=ANSWER_PREFIX)
    solved = [
        thought.startswith(f"The right answer is {good.removeprefix('Sure! The answer is ')}")
        for thought, (_, good, _) in zip(thoughts, cases, strict=True)
    ]
    assert fmean(solved) > 0.7


def test_the_judge_prefers_the_response_shown_first(judge: Chat) -> None:
    same = [(text, good, good) for text, good, _ in good_and_bad(48)]
    assert fmean(p_first(judge, same, reasoning=True, seed=0)) > 0.55


def test_the_judge_scores_good_responses_higher(judge: Chat) -> None:
    def mean_score(cases: list[tuple[str, str]]) -> float:
        users = [
            template("score").render(
                prompt=text, response=response, fence="0a1b2c3d", reasoning=True
            )
            for text, response in cases
        ]
        thoughts = judge.complete(users, stop=SCORE_PREFIX)
        prefixes = [thought + SCORE_PREFIX for thought in thoughts]
        return fmean(
            sum(score * weight for score, weight in enumerate(row, start=1))
            for row in judge.weigh(users, prefixes, SCORE_OPTIONS)
        )

    cases = good_and_bad(48)
    good = mean_score([(text, good) for text, good, _ in cases])
    bad = mean_score([(text, bad) for text, _, bad in cases])
    assert good > bad + 3


def test_options_of_several_tokens_are_refused(judge: Chat) -> None:
    with pytest.raises(ValueError, match="single token"):
        judge.weigh(["Say which."], [ANSWER_PREFIX], (OPTIONS[0], " Zanzibar"))
