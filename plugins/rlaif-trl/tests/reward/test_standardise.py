"""Folding mean and deviation into score heads with and without a bias."""

import pytest
import torch

from rlaif_core.api import DataError, PluginError
from rlaif_trl.reward.scoring import SequenceScorer
from rlaif_trl.reward.standardise import standardise

PAD = 0


def llama(**changes):
    from transformers import LlamaConfig, LlamaForSequenceClassification

    torch.manual_seed(0)
    return LlamaForSequenceClassification(
        LlamaConfig(
            vocab_size=64,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            pad_token_id=PAD,
            num_labels=1,
            **changes,
        )
    )


def bert():
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=64,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            pad_token_id=PAD,
            num_labels=1,
        )
    )


def sequences(count: int, seed: int) -> list[list[int]]:
    """Random token ids that end alike, as chat templates do."""
    draw = torch.Generator().manual_seed(seed)
    lengths = torch.randint(3, 20, (count,), generator=draw).tolist()
    return [[*torch.randint(2, 64, (n,), generator=draw).tolist(), 1] for n in lengths]


@pytest.mark.parametrize("make", [llama, bert])
def test_rewards_become_standard_over_the_reference_set(make):
    scorer = SequenceScorer(make(), PAD, 256)
    reference = sequences(200, seed=1)
    standardise(scorer, reference)
    rewards = torch.tensor(scorer.rewards(reference), dtype=torch.float64)
    assert rewards.mean().item() == pytest.approx(0, abs=1e-5)
    assert rewards.std(correction=0).item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("make", [llama, bert])
def test_raw_mean_and_deviation_are_told(make):
    scorer = SequenceScorer(make(), PAD, 256)
    reference = sequences(200, seed=1)
    raw = torch.tensor(scorer.rewards(reference), dtype=torch.float64)
    made = standardise(scorer, reference)
    assert made.mean == pytest.approx(raw.mean().item(), abs=1e-6)
    assert made.deviation == pytest.approx(raw.std(correction=0).item(), rel=1e-4)
    assert made.count == 200


def test_a_bias_takes_the_mean_without_error():
    scorer = SequenceScorer(bert(), PAD, 256)
    others = sequences(50, seed=2)
    raw = torch.tensor(scorer.rewards(others))
    made = standardise(scorer, sequences(200, seed=1))
    expected = (raw - made.mean) / made.deviation
    assert made.error == 0
    assert torch.allclose(torch.tensor(scorer.rewards(others)), expected, atol=1e-4)


def test_without_a_bias_the_error_is_what_was_told():
    scorer = SequenceScorer(llama(), PAD, 256)
    others = sequences(400, seed=2)
    raw = torch.tensor(scorer.rewards(others), dtype=torch.float64)
    made = standardise(scorer, sequences(400, seed=1))
    standard = torch.tensor(scorer.rewards(others), dtype=torch.float64)
    off = standard - (raw - made.mean) / made.deviation
    assert 0 < off.std().item() < 2 * made.error + 1e-4


def test_padding_token_that_also_ends_sequences_is_pooled_like_transformers_does():
    scorer = SequenceScorer(llama(), pad=1, batch_tokens=256)
    scorer.model.config.pad_token_id = 1
    reference = sequences(100, seed=1)
    standardise(scorer, reference)
    rewards = torch.tensor(scorer.rewards(reference), dtype=torch.float64)
    assert rewards.mean().item() == pytest.approx(0, abs=1e-5)
    alone = [scorer.rewards([sequence])[0] for sequence in reference]
    assert rewards.tolist() == pytest.approx(alone, abs=1e-5)


def test_a_model_that_tells_nothing_apart_is_refused():
    model = llama()
    torch.nn.init.zeros_(model.score.weight)
    with pytest.raises(DataError, match="gives every response the same reward"):
        standardise(SequenceScorer(model, PAD, 256), sequences(20, seed=1))


def test_a_model_without_a_head_of_one_output_is_refused():
    from transformers import LlamaModel

    model = LlamaModel(llama().config)
    with pytest.raises(PluginError, match="no linear head with one output"):
        standardise(SequenceScorer(model, PAD, 256), sequences(20, seed=1))
