"""Sampling: the model's own distribution, nothing after the end, independence of the batch."""

import pytest
import torch

from rlaif_trl.model.checkpoint import load_causal
from rlaif_trl.ppo.sampling import ResponseSampler, inverse_transform, response_text

END = 1
PROMPTS = [[3, 40 + i, 41, 4][: 2 + i % 3] for i in range(12)]
SEEDS = list(range(100, 112))


@pytest.fixture(scope="module")
def model(checkpoint):
    return load_causal(checkpoint, "float32").eval()


@pytest.fixture
def sampler(model):
    def make(**changes) -> ResponseSampler:
        settings = {
            "endings": frozenset({END}),
            "pad": 0,
            "temperature": 1.0,
            "max_tokens": 8,
            "batch_size": 64,
        }
        return ResponseSampler(model, **{**settings, **changes})

    return make


def test_a_response_is_the_same_alone_as_in_a_batch(sampler):
    together = sampler(endings=frozenset(range(60))).sample(PROMPTS, SEEDS)
    assert len({len(episode.response) for episode in together}) > 2, (
        "some end early, and are let go"
    )
    alone = sampler(endings=frozenset(range(60)), batch_size=1).sample(PROMPTS, SEEDS)
    assert together == alone


def test_the_order_of_the_prompts_changes_nothing(sampler):
    forward = sampler().sample(PROMPTS, SEEDS)
    backward = sampler().sample(PROMPTS[::-1], SEEDS[::-1])
    assert forward == backward[::-1]


def test_a_response_ends_with_the_first_end_token_or_at_its_limit(sampler):
    endings = frozenset(range(60))
    for episode in sampler(endings=endings).sample(PROMPTS, SEEDS):
        assert episode.ended == (episode.response[-1] in endings)
        assert not endings & set(episode.response[:-1])
        assert episode.ended or len(episode.response) == 8


def test_responses_are_drawn_from_the_models_own_distribution(model, sampler):
    prompt, draws, temperature = [3, 40, 4], 4000, 0.5
    drawn = sampler(max_tokens=1, temperature=temperature, batch_size=draws).sample(
        [prompt] * draws, range(draws)
    )
    found = torch.bincount(
        torch.tensor([episode.response[0] for episode in drawn]), minlength=model.config.vocab_size
    )
    with torch.no_grad():
        logits = model(torch.tensor([prompt])).logits[0, -1]
    expected = draws * (logits / temperature).softmax(-1)
    # Pearson's statistic has as many degrees of freedom as tokens, and their root as its scale.
    statistic = ((found - expected).square() / expected).sum()
    freedom = len(expected) - 1
    assert abs(statistic - freedom) < 4 * (2 * freedom) ** 0.5


@pytest.mark.parametrize(("uniform", "token"), [(0.0, 1), (0.49, 1), (0.5, 3), (1 - 2**-24, 3)])
def test_a_token_without_probability_is_never_drawn(uniform, token):
    probabilities = torch.tensor([[0.0, 0.5, 0.0, 0.5, 0.0]])
    assert inverse_transform(probabilities, torch.tensor([uniform])).item() == token


def test_a_scorer_reads_a_response_without_its_end(sampler):
    for episode in sampler(endings=frozenset(range(60))).sample(PROMPTS, SEEDS):
        text = response_text(
            episode, frozenset(range(60)), lambda tokens: ",".join(map(str, tokens))
        )
        assert (
            len([part for part in text.split(",") if part]) == len(episode.response) - episode.ended
        )
