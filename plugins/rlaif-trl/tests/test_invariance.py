"""Invariance to padding, to the order of a batch, and to its other rows."""

import pytest
import torch

from rlaif_core.api import DataError, Message
from rlaif_trl.imitation.sft import SFT, chosen, explained
from rlaif_trl.model.batching import by_length
from rlaif_trl.model.checkpoint import load_causal
from rlaif_trl.model.sampling import Draw, sample, until_end
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.pairs.kto import KTO
from rlaif_trl.pairs.reference_free import CPO, ORPO, SimPO
from rlaif_trl.policy.divergence import kl_of_responses
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.processes.job_file import JobFile
from rlaif_trl.reward.scalar_head import ScalarHead


@pytest.fixture(scope="module")
def models(checkpoint, other_checkpoint):
    return load_causal(checkpoint, "float32"), load_causal(other_checkpoint, "float32")


PROMPTS = [[3, 40, 1, 4], [3, 41, 42, 43, 44, 1, 4], [3, 1, 4]]
RESPONSES = [[50, 51, 1], [60], [70, 71, 72, 73, 1]]


def alike(one, other) -> bool:
    """True if two jobs wrote the same weights, up to rounding."""
    from safetensors.torch import load_file

    first, second = (load_file(job.output / "model.safetensors") for job in (one, other))
    return all(
        (first[name] - second[name]).norm() <= 1e-4 * first[name].norm() + 1e-6 for name in first
    )


def test_divergence_of_a_response_is_the_same_in_any_company(models):
    together = kl_of_responses(*models, PROMPTS, RESPONSES, pad=0)
    alone = [
        kl_of_responses(*models, [prompt], [response], pad=0)[0]
        for prompt, response in zip(PROMPTS, RESPONSES, strict=True)
    ]
    backwards = kl_of_responses(*models, PROMPTS[::-1], RESPONSES[::-1], pad=0)[::-1]
    assert together == pytest.approx(alone, abs=1e-5)
    assert together == pytest.approx(backwards, abs=1e-5)


def test_divergence_is_the_exact_one_of_one_token(models):
    policy, reference = models
    ids = torch.tensor([PROMPTS[0]])
    with torch.no_grad():
        p, q = (model(ids).logits[0, -1].log_softmax(-1) for model in (policy, reference))
    (found,) = kl_of_responses(policy, reference, PROMPTS[:1], [[50]], pad=0)
    assert found == pytest.approx(float((p.exp() * (p - q)).sum()), abs=1e-6)


def test_responses_end_at_their_end_token(models, tokenizer):
    drawn = sample(models[0], tokenizer, PROMPTS * 20, Draw(tokens=12))
    assert all(1 <= len(response) <= 12 for response in drawn)
    assert all(1 not in response[:-1] for response in drawn)
    assert until_end([5, 1, 0, 0], [1]) == [5, 1]


def test_batches_hold_what_they_may_and_nothing_is_lost():
    lengths = [3, 9, 1, 7, 7, 2]
    batches = list(by_length(lengths, 16))
    assert sorted(place for batch in batches for place in batch) == list(range(6))
    assert all(len(batch) * max(lengths[i] for i in batch) <= 16 for batch in batches)


@pytest.mark.parametrize("kind", [DPO, SFT, ORPO, SimPO, CPO, ScalarHead])
def test_order_of_the_rows_in_one_batch_changes_nothing(kind, job, preferences):
    rows = preferences()
    done = [job(rows), job(rows[::-1])]
    for training_job in done:
        params = {"learning_rate": 1e-2, "per_device_train_batch_size": 48, "optim": "sgd"}
        JobFile.do(kind(kind.Params(**params, max_steps=1)), training_job)
    assert alike(*done)


@pytest.mark.parametrize("kind", [ORPO, CPO, ScalarHead])
def test_padding_to_other_rows_of_a_batch_changes_nothing(kind, job):
    """Four passes of four rows each pad less than one of sixteen."""
    done = [job(), job()]
    for training_job, (size, accumulated) in zip(done, [(16, 1), (4, 4)], strict=True):
        params = {"learning_rate": 1e-2, "optim": "sgd", "per_device_train_batch_size": size}
        made = kind(kind.Params(**params, gradient_accumulation_steps=accumulated, max_steps=2))
        JobFile.do(made, training_job)
    assert alike(*done)


def test_accumulated_gradients_of_sft_are_those_of_one_batch(job):
    from safetensors.torch import load_file

    done = [job(), job()]
    for training_job, (size, accumulated) in zip(done, [(16, 1), (4, 4)], strict=True):
        params = {"learning_rate": 1e-2, "optim": "sgd", "per_device_train_batch_size": size}
        SFT(SFT.Params(**params, gradient_accumulation_steps=accumulated, max_steps=2)).train(
            training_job
        )
    first, second = (load_file(training_job.output / "model.safetensors") for training_job in done)
    assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in first)


def test_kto_starts_at_one_half(job):
    metrics = KTO(KTO.Params(max_steps=1, logging_steps=1)).train(job())
    assert metrics["loss"] == pytest.approx(0.5, abs=1e-5)


def pair(**changes) -> LabelledPair:
    settings = {"prompt_id": "p", "prompt": (Message("user", "say 1"),), "chosen": "1 please"}
    settings |= {"rejected": "1", "p_chosen": 0.9, "margin": 0.8, "agreement": 1.0}
    return LabelledPair(**{**settings, **changes})


def test_chosen_response_is_learned_once_whatever_it_beat():
    assert len(chosen([pair(), pair(rejected="no"), pair(chosen="2")])) == 2


def test_explanation_follows_the_responses_it_is_about():
    ((turns, text),) = explained([pair(explanation="It is polite."), pair()])
    assert [turn.role for turn in turns] == ["user", "assistant", "user"]
    assert "\n\n1\n\n" in turns[-1].content  # the rejected response
    assert text == "It is polite."


def test_explanations_are_trained_on_where_asked_for(job, preferences):
    rows = [{**row, "explanation": "polite"} for row in preferences()]
    metrics = SFT(SFT.Params(explanations=0.3, max_steps=1, overlong="truncate")).train(job(rows))
    assert metrics["explanations"] == 48


def test_explanations_that_are_not_there_are_missed(job):
    with pytest.raises(DataError, match="no preference has an explanation to learn"):
        SFT(SFT.Params(explanations=0.3)).train(job())
