"""One step of learning: what counts, and what must not change it."""

import pytest
import torch
from accelerate import Accelerator

from rlaif_trl.model.checkpoint import load_causal, load_classifier
from rlaif_trl.ppo.actor_critic import ActorCritic, ValueModel
from rlaif_trl.ppo.episodes import Episode, Episodes
from rlaif_trl.ppo.experience import make_experience, run_networks
from rlaif_trl.ppo.params import PPOParams
from rlaif_trl.ppo.reference import Reference
from rlaif_trl.ppo.update import Updater

CPU = torch.device("cpu")
EPISODES = [
    Episode([3, 50 + i, 4][: 2 + i % 2], [60 + i, 61, 70 - i, 1][: 1 + i % 4], i % 2 == 0)
    for i in range(8)
]
SCORES = [0.3, -1.0, 2.0, 0.0, 0.7, 0.1, -0.4, 1.1]


class Step:
    """One minibatch with plain gradient descent, so that weights show the gradient."""

    def __init__(self, checkpoint: str, **params: object) -> None:
        torch.manual_seed(0)
        self.params = PPOParams(
            **{"num_ppo_epochs": 1, "per_device_train_batch_size": 8, "max_grad_norm": 0, **params}
        )
        value = ValueModel(load_classifier(checkpoint, "float32"))
        self.networks = ActorCritic(load_causal(checkpoint, "float32"), value, 1.0)
        self.reference = Reference(load_causal(checkpoint, "float32"), 1.0, adapter=False)

    def __call__(self, episodes, scores) -> dict[str, float]:
        together = Episodes(episodes, 0, CPU)
        outputs = run_networks(self.networks, self.reference, together, 4)
        experience = make_experience(
            outputs, together.response_mask, scores, self.params, self.params.kl_coef
        )
        weights = list(self.networks.parameters())
        updater = Updater(
            Accelerator(cpu=True),
            self.networks,
            torch.optim.SGD(weights, lr=0.1),
            [weights],
            self.params,
        )
        return updater.update(together, experience, torch.Generator().manual_seed(0))

    def weights(self) -> torch.Tensor:
        return torch.cat([weight.detach().flatten() for weight in self.networks.parameters()])


def after(checkpoint, episodes, scores, **params) -> torch.Tensor:
    step = Step(checkpoint, **params)
    step(episodes, scores)
    return step.weights()


def test_the_first_pass_starts_at_ratio_one_and_divergence_zero(checkpoint):
    step = Step(checkpoint)
    together = Episodes(EPISODES, 0, CPU)
    outputs = run_networks(step.networks, step.reference, together, 4)
    torch.testing.assert_close(outputs.logprobs, outputs.reference_logprobs, atol=0.0, rtol=0.0)
    figures = step(EPISODES, SCORES)
    assert figures["ratio"] == pytest.approx(1.0, abs=1e-5)
    assert figures["approx_kl"] == pytest.approx(0.0, abs=1e-10)
    assert figures["clipped"] == 0.0


def test_into_how_many_passes_a_minibatch_is_split_changes_nothing(checkpoint):
    whole = after(checkpoint, EPISODES, SCORES)
    parts = after(
        checkpoint,
        EPISODES,
        SCORES,
        per_device_train_batch_size=3,
        gradient_accumulation_steps=4,
        num_generations=1,
    )
    torch.testing.assert_close(parts, whole, atol=1e-6, rtol=0.0)


def test_the_order_of_the_batch_changes_nothing(checkpoint):
    backward = after(checkpoint, EPISODES[::-1], SCORES[::-1])
    torch.testing.assert_close(backward, after(checkpoint, EPISODES, SCORES), atol=1e-6, rtol=0.0)


@pytest.mark.parametrize("whiten_rewards", [False, True])
def test_an_episode_without_a_reward_is_as_if_it_had_not_been(checkpoint, whiten_rewards):
    kept = [i for i in range(8) if i not in (2, 5)]
    scores = [score if i in kept else None for i, score in enumerate(SCORES)]
    found = after(checkpoint, EPISODES, scores, whiten_rewards=whiten_rewards)
    without = after(
        checkpoint,
        [EPISODES[i] for i in kept],
        [SCORES[i] for i in kept],
        whiten_rewards=whiten_rewards,
    )
    torch.testing.assert_close(found, without, atol=1e-6, rtol=0.0)
    zero = after(checkpoint, EPISODES, [score or 0.0 for score in scores])
    assert (found - zero).abs().max() > 1e-4


def test_the_scale_of_the_rewards_does_not_matter_once_they_are_whitened(checkpoint):
    one, other = (
        after(
            checkpoint,
            EPISODES,
            [scale * score for score in SCORES],
            whiten_rewards=True,
            vf_coef=0.0,
            kl_coef=0.0,
        )
        for scale in (1.0, 50.0)
    )
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0.0)


def test_gradient_checkpointing_changes_nothing(checkpoint):
    plain, saving = Step(checkpoint), Step(checkpoint)
    saving.networks.checkpoint_gradients()
    plain(EPISODES, SCORES), saving(EPISODES, SCORES)
    torch.testing.assert_close(saving.weights(), plain.weights(), atol=1e-6, rtol=0.0)
