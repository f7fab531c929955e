"""Training data made of rewards: groups, pairs, the best, and what is left out."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import DataError, Message, Prompt
from rlaif_trl.online import trainers
from rlaif_trl.online.best_of_n import best
from rlaif_trl.online.grpo import GRPO, GRPOParams
from rlaif_trl.online.online_dpo import OnlineDPO
from rlaif_trl.online.online_dpo_trainer import fresh_pair
from rlaif_trl.online.rejection import Rejection
from rlaif_trl.online.rloo import RLOO
from rlaif_trl.pairs.unpaired import Marked, balance, shuffled
from tests.support import advantages

PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(16)]
SHORT = {"max_completion_length": 8, "max_steps": 1, "logging_steps": 1, "learning_rate": 1e-3}
SCORES = [1.0, 0.0, None, 4.0, None, None, 2.5, None]
"""Two groups of four; of the second only one response has a reward."""


@pytest.mark.parametrize(
    ("kind", "trainer", "params", "expected"),
    [
        (GRPO, trainers.JobGRPOTrainer, {"scale_rewards": "group"}, advantages.grpo),
        (GRPO, trainers.JobGRPOTrainer, {"scale_rewards": "none"}, advantages.dr_grpo),
        (RLOO, trainers.JobRLOOTrainer, {}, advantages.rloo),
    ],
)
def test_response_without_a_reward_is_neither_zero_nor_in_its_groups_mean(
    kind, trainer, params, expected, job, monkeypatch
):
    seen = []
    whole = trainer._generate_and_score_completions

    def watched(self, inputs):
        made = whole(self, inputs)
        seen.append(made["advantages"].clone())
        return made

    monkeypatch.setattr(trainer, "_generate_and_score_completions", watched)
    done = job(prompts=PROMPTS, scorer=lambda prompts, texts: SCORES)
    metrics = kind(kind.Params(**SHORT, **params, beta=0.0)).train(done)
    known = expected([1.0, 0.0, 4.0])
    assert np.allclose(seen[0][[0, 1, 3]].numpy(), known, atol=1e-5)
    assert seen[0][[2, 4, 5, 6, 7]].tolist() == [0.0] * 5
    assert metrics["left_out"] == 0.5
    assert metrics["reward"] == pytest.approx((1 + 0 + 4 + 2.5) / 4)


@pytest.mark.parametrize("kind", [GRPO, RLOO, OnlineDPO])
def test_nothing_is_learned_where_nothing_is_scored(kind, job, checkpoint):
    from safetensors.torch import load_file

    done = job(prompts=PROMPTS, scorer=lambda prompts, texts: [None] * len(texts))
    own = {} if kind is OnlineDPO else {"beta": 0.0}
    metrics = kind(kind.Params(**SHORT, **own)).train(done)
    assert metrics["left_out"] == 1.0
    start, found = (
        load_file(f"{folder}/model.safetensors") for folder in (checkpoint, done.output)
    )
    assert all(torch.equal(start[name], found[name]) for name in start)


def test_rejection_without_a_single_reward_is_an_error(job):
    done = job(prompts=PROMPTS, scorer=lambda prompts, texts: [None] * len(texts))
    with pytest.raises(DataError, match="none of 128 responses is left to train on"):
        Rejection(Rejection.Params(**SHORT)).train(done)


def test_rejection_tells_how_far_its_drawing_is(job):
    reported = []
    prompts = [replace(PROMPTS[0], id=f"p{i}") for i in range(150)]
    done = job(
        prompts=prompts,
        scorer=lambda prompts, texts: [float(len(text)) for text in texts],
        progress=lambda *step: reported.append(step),
    )
    Rejection(Rejection.Params(**SHORT, num_generations=2)).train(done)
    assert [step[:2] for step in reported] == [(1, 6), (2, 6), (3, 6), (2, 2)]
    assert all(0 < step[2]["reward"] < step[2]["best_reward"] for step in reported[:3])


def test_responses_to_one_prompt_are_scored_in_one_call(job):
    asked = []

    def scorer(prompts, texts):
        asked.append([prompt.id for prompt in prompts])
        return [float(len(text)) for text in texts]

    for kind in (GRPO, OnlineDPO, Rejection):
        kind(kind.Params(**SHORT, num_generations=4)).train(job(prompts=PROMPTS, scorer=scorer))
    for ids in asked:
        assert all(ids.count(prompt_id) % 4 == 0 for prompt_id in set(ids))


@pytest.mark.parametrize("kind", [GRPO, RLOO])
def test_divergence_is_zero_before_the_first_update(kind, job):
    done = job(prompts=PROMPTS, scorer=lambda prompts, texts: [float(len(text)) for text in texts])
    assert kind(kind.Params(**SHORT, beta=0.1)).train(done)["kl_per_token"] == pytest.approx(
        0.0, abs=1e-6
    )


def test_online_dpo_starts_at_log_two(job):
    done = job(prompts=PROMPTS, scorer=lambda prompts, texts: list(map(float, range(len(texts)))))
    loss = OnlineDPO(OnlineDPO.Params(**SHORT)).train(done)["loss"]
    assert loss == pytest.approx(0.6931472, abs=1e-5)


def test_pair_is_the_best_and_the_worst():
    pair = fresh_pair([0.2, None, 0.9, 0.5], "certain")
    assert (pair.chosen, pair.rejected, pair.p_chosen, pair.left_out) == (2, 0, 1.0, False)


@pytest.mark.parametrize("scores", [[None, None], [1.0, None], [0.5, 0.5]])
def test_pair_that_says_nothing_is_left_out(scores):
    assert fresh_pair(scores, "certain").left_out


def test_soft_labels_of_two_rewards():
    assert fresh_pair([1.0, 0.0], "bradley-terry").p_chosen == pytest.approx(0.7310585786)
    assert fresh_pair([0.7, 0.3], "win-rate").p_chosen == pytest.approx(0.7)
    assert fresh_pair([0.5, 0.5], "win-rate").p_chosen == 0.5


@given(st.lists(st.none() | st.floats(-5, 5), min_size=1, max_size=8), st.integers(0, 99))
def test_best_is_one_of_the_highest(scores, seed):
    found = best(3, [str(i) for i in range(len(scores))], scores, random.Random(seed))
    known = [score for score in scores if score is not None]
    assert found.left_out == len(scores) - len(known)
    assert found.reward == (max(known) if known else None)
    assert not known or scores[int(found.text)] == found.reward


def test_which_of_equals_is_best_does_not_depend_on_the_order():
    found = {best(0, ["a", "b"], [1.0, 1.0], random.Random(seed)).text for seed in range(20)}
    assert found == {"a", "b"}


def test_prompts_fill_the_last_batch_rather_than_being_left_out():
    places = trainers.place_dataset(5, 4)["prompt"]
    assert sorted(places) == ["0", "0", "1", "1", "2", "2", "3", "4"]


def test_checkpoints_fall_on_draws_of_responses():
    with pytest.raises(ValueError, match="save_steps 3 falls between two draws of responses"):
        GRPOParams(num_iterations=2, save_steps=3)
    assert GRPOParams(num_iterations=2, save_steps=4)


def test_both_kinds_of_marks_count_the_same():
    marks = [Marked((), "x", label) for label in (True, False, False, False)]
    assert balance(marks) == (3.0, 1.0)
    assert sorted(mark.label for mark in shuffled(marks, 1)) == [False, False, False, True]
