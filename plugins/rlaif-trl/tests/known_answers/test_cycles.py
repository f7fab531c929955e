"""Rock, paper, scissors: what a pairwise judge's circle does to those that learn from it."""

from pathlib import Path

import pytest
import torch

from rlaif_core.api import TrainingJob
from rlaif_trl.online.rloo import RLOO
from rlaif_trl.preferences.losses import sppo

CIRCLE = torch.tensor([[0.5, 1.0, 0.0], [0.0, 0.5, 1.0], [1.0, 0.0, 0.5]], dtype=torch.float64)
"""P(row beats column) of rock, scissors and paper."""

REFERENCE = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)


def equilibrium(beats: torch.Tensor, reference: torch.Tensor, beta: float) -> torch.Tensor:
    """π ∝ π_ref·exp(P(y beats π)/β): the Nash equilibrium under divergence, by Nash-MD."""
    logs = reference.log()
    for _ in range(20_000):
        towards = reference.log() + beats @ logs.softmax(-1) / beta
        logs = (0.99 * logs + 0.01 * towards).log_softmax(-1)
    return logs.softmax(-1)


@pytest.mark.parametrize(
    ("beta", "golden"), [(0.2, [0.426, 0.244, 0.330]), (0.05, [0.351, 0.303, 0.346])]
)
def test_the_equilibrium_is_the_golden_one(beta, golden):
    assert equilibrium(CIRCLE, REFERENCE, beta).tolist() == pytest.approx(golden, abs=2.5e-3)


def test_exact_sppo_cycles_and_is_uniform_on_average():
    """Each iteration takes the least of our loss over all pairs, weighted by the last policy."""
    logs, beta, iterations = REFERENCE.log(), 20.0, 4000
    mean = torch.zeros(3, dtype=torch.float64)
    for _ in range(iterations):
        policy = logs.softmax(-1)
        mean += policy / iterations
        ratios = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        pairs = sppo(ratios[:, None], ratios[None, :], CIRCLE, beta)
        (slope,) = torch.autograd.grad((policy[:, None] * policy * pairs).sum(), ratios)
        # A sum of squares, each of one ratio: their weights are those of both places in a pair.
        logs = logs - slope / (4 * policy)
    assert mean.tolist() == pytest.approx([1 / 3] * 3, abs=0.02)


def test_learning_from_comparisons_within_a_group_ends_at_the_equilibrium(
    bandit, divergence, tmp_path
):
    """The reward of a response is how often it beats the others of its group, as an engine's is."""
    beta = 0.5
    places = {text: place for place, text in enumerate(bandit.words[:3])}

    def beats(text: str, other: str) -> float:
        if text in places and other in places:
            return float(CIRCLE[places[text], places[other]])
        return 0.5 + 0.5 * ((text in places) - (other in places))  # all the rest loses to them

    def judged(prompts, texts):
        groups: dict[str, list[int]] = {}
        for index, prompt in enumerate(prompts):
            groups.setdefault(prompt.id, []).append(index)
        rewards = [0.0] * len(texts)
        for members in groups.values():
            for i in members:
                others = [beats(texts[i], texts[j]) for j in members if j != i]
                rewards[i] = sum(others) / len(others)
        return rewards

    job = TrainingJob(
        checkpoint=bandit.folder,
        reference=bandit.folder,
        preferences=Path(tmp_path),
        heldout=frozenset(),
        prompts=bandit.prompts,
        output=tmp_path / "output",
        scorer=judged,
    )
    RLOO(
        RLOO.Params(
            beta=beta,
            learning_rate=5e-3,
            num_generations=32,
            per_device_train_batch_size=128,
            max_completion_length=1,
            num_train_epochs=1000,
            max_steps=120,
        )
    ).train(job)
    texts = ["" for _ in range(4)] + list(bandit.words)
    table = torch.tensor([[beats(text, other) for other in texts] for text in texts]).double()
    reference = bandit.probabilities(bandit.folder)
    wanted = torch.stack([equilibrium(table, row, beta) for row in reference])
    found = bandit.probabilities(str(job.output))
    assert divergence(reference, wanted) > 0.1
    assert divergence(found, wanted) < 0.01
