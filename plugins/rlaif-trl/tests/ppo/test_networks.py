"""Policy, value model and reference: what padding, company and adapters do to them."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

from rlaif_trl.model.checkpoint import load_causal, load_classifier
from rlaif_trl.ppo.actor_critic import ActorCritic, PolicyLogprobs, ValueModel
from rlaif_trl.ppo.episodes import Episode, Episodes
from rlaif_trl.ppo.experience import run_networks
from rlaif_trl.ppo.reference import Reference
from rlaif_trl.ppo.sampling import ResponseSampler
from rlaif_trl.training.adapter import adapter_config
from rlaif_trl.training.params import Lora

CPU = torch.device("cpu")
EPISODES = [
    Episode([3, 50, 4], [60, 61, 1], True),
    Episode([3, 50, 51, 52, 4], [70], False),
    Episode([3, 4], [80, 0, 82, 83, 1], True),  # a padding token that was drawn is a token
]


@pytest.fixture
def networks(checkpoint):
    torch.manual_seed(0)
    value = ValueModel(load_classifier(checkpoint, "float32"))
    return ActorCritic(load_causal(checkpoint, "float32"), value, 0.7)


@pytest.fixture
def reference(checkpoint):
    return Reference(load_causal(checkpoint, "float32"), 0.7, adapter=False)


def test_an_episode_is_seen_the_same_in_any_company_and_order(networks, reference):
    together = run_networks(networks, reference, Episodes(EPISODES, 0, CPU), 3)
    for order in ([2, 0, 1], [1], [0, 2]):
        some = Episodes([EPISODES[i] for i in order], 0, CPU)
        apart = run_networks(networks, reference, some, 1)
        for row, i in enumerate(order):
            count = len(EPISODES[i].response)
            for outputs, other in zip(vars(together).values(), vars(apart).values(), strict=True):
                torch.testing.assert_close(outputs[i, :count], other[row, :count])
                assert not outputs[i, count:].any()


def test_log_probabilities_are_those_of_a_bare_forward_pass(networks):
    episode = EPISODES[0]
    ids = torch.tensor([episode.prompt + episode.response])
    with torch.no_grad():
        log_softmax = (networks.policy(ids).logits / 0.7).log_softmax(-1)[0]
        found = networks.logprobs(Episodes([episode], 0, CPU).batch([0]))[0]
    expected = [log_softmax[2 + i, token] for i, token in enumerate(episode.response)]
    torch.testing.assert_close(found, torch.stack(expected))


def test_the_value_before_a_token_is_what_the_classifier_says_of_all_before_it(
    checkpoint, networks
):
    torch.manual_seed(0)
    classifier = load_classifier(checkpoint, "float32").eval()
    episode = EPISODES[0]
    with torch.no_grad():
        found = networks.value(Episodes([episode], 0, CPU).batch([0]))[0]
        expected = [
            classifier(torch.tensor([episode.prompt + episode.response[:count]])).logits[0, 0]
            for count in range(len(episode.response))
        ]
    torch.testing.assert_close(found, torch.stack(expected))


def test_a_value_head_that_was_never_trained_says_nothing(networks):
    networks.value.zero_head()
    assert not networks.value(Episodes(EPISODES, 0, CPU).batch([0, 1, 2])).any()


def test_with_the_adapter_off_the_policy_is_its_own_reference(checkpoint):
    from peft import get_peft_model

    base = load_causal(checkpoint, "float32")
    policy = get_peft_model(base, adapter_config(Lora(r=4), base, "CAUSAL_LM"))
    with torch.no_grad():
        for name, weight in policy.named_parameters():
            if "lora_B" in name:
                weight.normal_()
    batch = Episodes(EPISODES, 0, CPU).batch([0, 1, 2])
    switched = Reference(policy, 1.0, adapter=True).logprobs(batch)
    with torch.no_grad():
        torch.testing.assert_close(
            switched, PolicyLogprobs(load_causal(checkpoint, "float32"), 1.0)(batch)
        )
        assert (PolicyLogprobs(policy, 1.0)(batch) - switched).abs().max() > 0.1
    assert all(weight.requires_grad for name, weight in policy.named_parameters() if "lora" in name)


def test_dropout_is_off_even_while_training(checkpoint):
    policy = load_causal(checkpoint, "float32").train()
    policy.model.layers[0].self_attn.attention_dropout = 0.5
    batch = Episodes(EPISODES, 0, CPU).batch([0, 1, 2])
    first, second = (PolicyLogprobs(policy, 1.0)(batch) for _ in range(2))
    assert not torch.equal(first, second)
    value = ValueModel(load_classifier(checkpoint, "float32"))
    networks = ActorCritic(policy, value, 1.0).train()
    first, second = (networks.logprobs(batch) for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize("architecture", ["gpt2", "bloom", "gemma2", "mistral"])
def test_other_architectures_are_seen_and_sampled_the_same_in_any_company(architecture):
    sizes = {"vocab_size": 90, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}
    config = AutoConfig.for_model(
        architecture,
        **sizes,
        intermediate_size=32,
        num_key_value_heads=2,
        head_dim=8,
        **({"sliding_window": 4} if architecture in ("gemma2", "mistral") else {}),
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=1,
        num_labels=1,
    )
    torch.manual_seed(0)
    classifier = AutoModelForSequenceClassification.from_config(config)
    policy = AutoModelForCausalLM.from_config(config)
    networks = ActorCritic(policy, ValueModel(classifier), 1.0)
    reference = Reference(AutoModelForCausalLM.from_config(config), 1.0, adapter=False)
    together = run_networks(networks, reference, Episodes(EPISODES, 0, CPU), 3)
    for row, episode in enumerate(EPISODES):
        alone = run_networks(networks, reference, Episodes([episode], 0, CPU), 1)
        count = len(episode.response)
        for outputs, other in zip(vars(together).values(), vars(alone).values(), strict=True):
            torch.testing.assert_close(outputs[row, :count], other[0], atol=1e-5, rtol=1e-4)
    endings, prompts, seeds = (
        frozenset(range(30)),
        [episode.prompt for episode in EPISODES],
        [1, 2, 3],
    )
    batched, single = (
        ResponseSampler(policy, endings, 0, 1.0, 6, size).sample(prompts, seeds) for size in (3, 1)
    )
    assert batched == single
