"""The optimizer `soups`: a policy for each reward, and their averages."""

from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from rlaif_core.api import DataError, Message, Prompt
from rlaif_trl.soups.optimizer import Soups

PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(8)]
HELD = [Prompt(f"h{i}", (Message("user", f"say {i}"),)) for i in range(20, 24)]
SHORT = {"learning_rate": 1e-2, "max_completion_length": 6, "max_steps": 2, "beta": 0.0}
PARAMS = {"params": SHORT, "steps": 3, "max_completion_length": 6}


def early(prompts, texts):
    return [float(sum(letter in "abcdefghijklm" for letter in text)) for text in texts]


def late(prompts, texts):
    return [float(sum(letter in "nopqrstuvwxyz" for letter in text)) for text in texts]


@pytest.fixture
def two(job):
    def make(**changes):
        made = {"prompts": PROMPTS, "heldout_prompts": HELD, "scorer": early}
        return job(**{**made, "objectives": {"early": early, "late": late}, **changes})

    return make


def soup(**changes):
    return Soups(Soups.Params(**{**PARAMS, **changes}))


def weights(folder):
    return load_file(folder / "model.safetensors")


def test_the_soup_is_the_average_of_its_parents(two):
    done = two()
    soup(weights={"early": 3, "late": 1}).train(done)
    mixed = weights(done.output)
    early_one, late_one = (weights(done.output / "parents" / n) for n in ("early", "late"))
    assert any(not torch.equal(early_one[name], late_one[name]) for name in mixed)
    for name, weight in mixed.items():
        torch.testing.assert_close(weight, 0.75 * early_one[name] + 0.25 * late_one[name])


@pytest.mark.parametrize("name", ["early", "late"])
def test_all_of_one_share_is_that_parent_itself(name, two):
    done = two()
    soup(weights={name: 1.0}).train(done)
    mixed, parent = weights(done.output), weights(done.output / "parents" / name)
    assert all(torch.equal(mixed[name], parent[name]) for name in mixed)


def test_the_front_goes_from_one_parent_to_the_other(two):
    found = soup().train(two())
    measured = found.figures["optimize"]
    points = {key.split("/")[1] for key in measured if key.startswith("soup/")}
    assert points == {"early=1,late=0", "early=0.5,late=0.5", "early=0,late=1"}
    for point in points:
        assert {f"soup/{point}/early", f"soup/{point}/late"} <= measured.keys()
    (front,) = found.metrics
    assert front.chart == "scatter"
    assert front.details["names"] == ["1 0", "0.5 0.5 *", "0 1"]
    early = [measured[f"soup/{point}/early"] for point in sorted(points, reverse=True)]
    assert [x for x, _ in front.details["points"]] == early


def test_the_soup_itself_is_a_point_of_the_front(two):
    measured = soup(weights={"early": 2, "late": 1}).train(two()).figures["optimize"]
    assert measured["returned/early"] == pytest.approx(2 / 3)
    assert measured["returned/late"] == pytest.approx(1 / 3)
    assert "soup/early=0.666667,late=0.333333/early" in measured


def test_the_soup_loads_by_from_pretrained_alone(two):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    done = two()
    soup().train(done)
    AutoModelForCausalLM.from_pretrained(done.output, use_safetensors=True)
    assert AutoTokenizer.from_pretrained(done.output).chat_template


def test_a_parent_that_is_done_is_not_trained_again(two, tmp_path):
    asked = []

    def counted(prompts, texts):
        asked.append(len(texts))
        return early(prompts, texts)

    job = two(objectives={"early": counted, "late": late}, work=tmp_path / "work")
    (tmp_path / "work").mkdir()
    measured = soup(steps=0).train(job)
    first = len(asked)
    again = replace(job, output=tmp_path / "again")
    again.output.mkdir()
    assert soup(steps=0).train(again) == measured
    assert len(asked) == first
    once, twice = weights(job.output), weights(again.output)
    assert all(torch.equal(once[name], twice[name]) for name in once)


def test_one_reward_alone_makes_no_soup(two):
    with pytest.raises(DataError, match="needs two rewards or more, and the recipe has 1"):
        soup().train(two(objectives={"early": early}))


def test_weights_of_a_reward_that_is_not_there_are_an_error(two):
    with pytest.raises(DataError, match="weights names 'kind'; the rewards are early, late"):
        soup(weights={"kind": 1.0}).train(two())


def test_parameters_of_the_inner_optimizer_are_checked_with_the_recipe():
    with pytest.raises(ValidationError, match="learning_rat"):
        Soups.Params(optimizer="rloo", params={"learning_rat": 1e-3})
