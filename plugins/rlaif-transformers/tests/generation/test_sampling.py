import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlaif_transformers.generation.sampling import SeededSampling, inverse_transform, nucleus

CPU = torch.device("cpu")
LOGITS = torch.tensor([2.0, 1.0, 0.0, -1.0])


def drawn(logits, seeds, temperature=1.0, top_p=1.0, steps=1):
    """Tokens of `steps` steps for each seed, [seeds, steps]."""
    rows = len(seeds)
    sampling = SeededSampling(seeds, [temperature] * rows, [top_p] * rows, steps, 3, CPU)
    tokens = [
        sampling(torch.zeros(rows, 3 + step), logits.expand(rows, -1)).argmax(-1)
        for step in range(steps)
    ]
    return torch.stack(tokens, dim=1)


def test_samples_follow_the_distribution_at_the_temperature():
    tokens = drawn(LOGITS, range(20_000), temperature=1.5)

    shares = torch.bincount(tokens.flatten(), minlength=4) / 20_000
    expected = (LOGITS / 1.5).softmax(-1)
    error = (expected * (1 - expected) / 20_000).sqrt()
    assert ((shares - expected).abs() < 4 * error).all()


def test_steps_of_one_row_are_independent_draws():
    tokens = drawn(LOGITS, [5], steps=5_000)

    repeats = (tokens[0, 1:] == tokens[0, :-1]).float().mean()
    assert repeats == pytest.approx(LOGITS.softmax(-1).square().sum().item(), abs=0.03)


def test_temperature_zero_takes_the_most_likely_token():
    assert drawn(LOGITS, range(50), temperature=0.0).eq(0).all()


def test_only_tokens_of_the_nucleus_are_drawn():
    assert set(drawn(LOGITS, range(2_000), top_p=0.8).flatten().tolist()) == {0, 1}


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=12), st.floats(0.01, 1.0))
def test_the_nucleus_is_the_smallest_set_with_its_mass(logits, top_p):
    probability = torch.tensor([logits]).softmax(-1)
    kept = nucleus(probability, torch.tensor([[top_p]]))[0]

    inside = probability[0][kept]
    assert kept[probability.argmax()]
    assert inside.sum() >= top_p - 1e-5
    assert inside.sum() - inside.min() < top_p + 1e-5
    assert kept.all() or inside.min() >= probability[0][~kept].max()


@given(st.lists(st.sampled_from([0.0, 0.1, 1e-8, 3.0]), min_size=1, max_size=8), st.data())
def test_a_token_of_no_mass_is_never_drawn(masses, data):
    masses[data.draw(st.integers(0, len(masses) - 1))] = 1.0
    uniform = data.draw(st.floats(0, 1, exclude_max=True, width=32))

    token = inverse_transform(torch.tensor([masses]), torch.tensor([[uniform]]))

    assert masses[int(token)] > 0


def test_a_row_draws_the_same_whatever_its_neighbours_ask_for():
    sampling = SeededSampling([7, 8], [0.9, 0.0], [1.0, 0.5], 1, 3, CPU)

    beside = sampling(torch.zeros(2, 3), LOGITS.expand(2, -1)).argmax(-1)[0]

    assert beside == drawn(LOGITS, [7], temperature=0.9)[0, 0]


def test_broken_logits_are_noticed():
    sampling = SeededSampling([1, 2], [1.0, 1.0], [1.0, 1.0], 1, 3, CPU)

    sampling(torch.zeros(2, 3), torch.stack([LOGITS, LOGITS * torch.nan]))

    assert sampling.finite.tolist() == [True, False]
