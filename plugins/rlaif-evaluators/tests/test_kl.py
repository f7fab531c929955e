"""The evaluator `kl`, on a world of three responses whose KL is known exactly."""

import asyncio
import math
import random
from dataclasses import replace

import pytest

from rlaif_core.api import ChatReply, ModelError
from rlaif_core.testing import ScriptedModel, make_evaluation, make_prompt, make_responses
from rlaif_evaluators.kl import KL

POLICY = {"x": 0.5, "y": 0.3, "z": 0.2}
BASE = {"x": 0.4, "y": 0.4, "z": 0.2}
EXACT = 0.0252671539


def model(p):
    def log_probability(request):
        return ChatReply(option_logprobs=tuple(math.log(p[option]) for option in request.options))

    return ScriptedModel(log_probability, ["options"])


def evaluation(texts, policy=None, base=None, **rest):
    prompts = [make_prompt(prompt_id=f"prompt-{n}") for n in range(len(texts))]
    after = [
        make_responses(prompt, text, **rest)[0] for prompt, text in zip(prompts, texts, strict=True)
    ]
    return make_evaluation(
        prompts=prompts,
        before=after,
        after=after,
        policy=policy or model(POLICY),
        base=base or model(BASE),
    )


def measured(given):
    return asyncio.run(KL(KL.Params()).evaluate(given))


def test_samples_in_the_policys_own_proportions_give_the_exact_kl():
    figures = measured(evaluation("x" * 5 + "y" * 3 + "z" * 2))["policy"]
    assert figures["kl"] == pytest.approx(EXACT, abs=1e-9)
    assert figures["kl_k3"] == pytest.approx(EXACT, abs=1e-9)
    assert figures["kl_unmeasured"] == 0


def test_drawn_samples_give_it_within_their_standard_error():
    texts = random.Random(0).choices(list(POLICY), POLICY.values(), k=4000)
    figures = measured(evaluation(texts))["policy"]
    assert figures["kl_se"] == pytest.approx(0.2215544755 / math.sqrt(4000), rel=0.05)
    assert abs(figures["kl"] - EXACT) < 3 * figures["kl_se"]


def test_a_policy_that_has_not_moved_has_no_divergence():
    figures = measured(evaluation("xyz", policy=model(BASE)))["policy"]
    assert figures == {"kl": 0.0, "kl_k3": 0.0, "kl_se": 0.0, "kl_unmeasured": 0}


def test_both_models_are_asked_for_the_whole_response_with_its_end():
    policy = model(POLICY)
    measured(evaluation("x", policy=policy))
    (request,) = policy.requests
    assert request.options == ("x",)
    assert request.end_of_turn
    assert request.temperature == 1.0


def test_a_response_that_was_cut_off_has_no_end_to_score():
    policy = model(POLICY)
    measured(evaluation("x", policy=policy, finish_reason="length"))
    assert not policy.requests[0].end_of_turn


@pytest.mark.parametrize("drawn", [{"temperature": 0.7}, {"top_p": 0.9}])
def test_samples_of_another_distribution_are_refused_with_a_warning(drawn):
    with pytest.warns(UserWarning, match="temperature 1 and top_p 1"):
        assert measured(evaluation("xyz", **drawn)) == {}


def test_a_model_without_log_probabilities_leaves_it_out():
    assert measured(evaluation("xyz", base=ScriptedModel(""))) == {}


def test_responses_that_a_model_cannot_score_are_counted():
    def too_long(request):
        if request.options == ("y",):
            return ModelError("longer than the context")
        return ChatReply(option_logprobs=(-math.inf if request.options == ("z",) else -1.0,))

    figures = measured(evaluation("xyz", base=ScriptedModel(too_long, ["options"])))["policy"]
    assert figures["kl_unmeasured"] == 2
    assert figures["kl"] == pytest.approx(math.log(0.5) + 1.0)
    assert "kl_se" not in figures


def test_what_overflows_is_left_out():
    far = dict.fromkeys(POLICY, 1.0)
    given = evaluation("xyz", base=model(far))
    policy = ScriptedModel(lambda request: ChatReply(option_logprobs=(-1000.0,)), ["options"])
    figures = measured(replace(given, policy=policy))["policy"]
    assert figures["kl"] == -1000.0
    assert "kl_k3" not in figures
