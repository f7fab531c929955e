import asyncio

import pytest
import torch

from rlaif_core.api import ModelError


@pytest.fixture(scope="module")
def bare(model):
    """The library's own greedy decoding of one prompt, without our own code."""
    local = model._local
    weights, chat = local._scorer._reader._forward._model, local._format

    def generate(request):
        [encoded] = chat.encode([request])
        new = weights.generate(
            torch.tensor([encoded.prompt]),
            attention_mask=torch.ones(1, len(encoded.prompt), dtype=torch.long),
            do_sample=False,
            max_new_tokens=request.max_tokens,
            eos_token_id=chat.end_of_turn,
            pad_token_id=0,
        )[0, len(encoded.prompt) :]
        return chat._tokenizer.decode(new, skip_special_tokens=True)

    return generate


def test_greedy_replies_are_those_of_bare_generate(ask, answer, bare):
    requests = [ask("x " * length, temperature=0, max_tokens=12) for length in (1, 40, 9, 9)]

    assert [reply.text for reply in answer(*requests)] == [bare(request) for request in requests]


def test_a_sample_depends_on_its_seed_and_not_on_the_batch_around_it(ask, answer):
    request = ask(seed=11, max_tokens=10)
    neighbours = [
        ask("x " * seed, seed=seed, temperature=seed / 4, top_p=1 - seed / 10, max_tokens=seed + 1)
        for seed in range(8)
    ]

    assert answer(request)[0] == answer(*neighbours, request)[-1]
    assert answer(request)[0].text != answer(ask(seed=12, max_tokens=10))[0].text


def test_the_same_requests_in_the_same_batch_give_the_same_replies(ask, answer):
    requests = [ask("x " * seed, seed=seed, max_tokens=8) for seed in range(6)]
    scored = [ask("x " * seed, options=(" A", " B and")) for seed in range(6)]

    assert answer(*requests, *scored) == answer(*requests, *scored)


def test_the_global_random_state_is_neither_read_nor_changed(ask, answer):
    torch.manual_seed(1)
    first = answer(ask(max_tokens=5))
    drawn = torch.rand(3)
    torch.manual_seed(1)

    assert torch.equal(torch.rand(3), drawn)
    assert answer(ask(max_tokens=5)) == first


def test_every_request_has_its_own_limit(ask, answer):
    replies = answer(*[ask(max_tokens=tokens, seed=3) for tokens in (3, 1, 7)])

    assert [reply.usage.completion_tokens for reply in replies] == [3, 1, 7]
    assert {reply.finish_reason for reply in replies} == {"length"}
    assert replies[2].text.startswith(replies[1].text)


def test_a_reply_is_cut_before_its_stop_string(ask, answer):
    whole = answer(ask(temperature=0, max_tokens=30))[0]
    middle = whole.text[4:7]
    stopped, unstopped = answer(
        ask(temperature=0, max_tokens=30, stop=("nowhere", middle)),
        ask(temperature=0, max_tokens=30),
    )

    assert stopped.text == whole.text[: whole.text.index(middle)]
    assert stopped.finish_reason == "stop"
    assert stopped.usage.completion_tokens < whole.usage.completion_tokens
    assert unstopped == whole


def test_the_end_of_the_turn_is_counted_and_not_shown(ask, ready, variant):
    model = ready(variant(weights={"seed": 1}))
    requests = [ask(seed=seed, temperature=3.0, max_tokens=200) for seed in range(24)]
    ended = [
        (request, reply)
        for request, reply in zip(requests, asyncio.run(model.complete(requests)), strict=True)
        if reply.finish_reason == "stop"
    ]

    assert ended
    for request, reply in ended:
        shorter = ask(
            seed=request.seed,
            temperature=3.0,
            max_tokens=reply.usage.completion_tokens - 1,
        )
        [without] = asyncio.run(model.complete([shorter]))
        assert (without.text, without.finish_reason) == (reply.text, "length")
        assert "<|im_end|>" not in reply.text


def test_a_prefix_is_continued_and_not_repeated(ask, answer, bare):
    whole = answer(ask(temperature=0, max_tokens=20, prefix="the first answer"))[0]

    assert not whole.text.startswith("the first")
    assert whole.text == bare(ask(temperature=0, max_tokens=20, prefix="the first answer"))


def test_a_prompt_longer_than_the_context_costs_that_request_alone(ask, answer):
    short, long, options = answer(
        ask(max_tokens=2), ask("x " * 300), ask("x " * 300, options=(" A",))
    )

    assert short.usage.completion_tokens == 2
    for error in (long, options):
        assert isinstance(error, ModelError)
        assert "context of 256" in str(error)


def test_the_context_limits_a_reply_that_fits_only_in_part(ask, answer):
    reply = answer(ask("x " * 115, max_tokens=500, seed=2))[0]

    assert reply.usage.prompt_tokens + reply.usage.completion_tokens == 256
    assert reply.finish_reason == "length"


def test_a_template_that_writes_nothing_is_an_error_in_its_place(ask, ready, variant):
    silent = (
        "{% if add_generation_prompt %}{% else %}{{ messages[1].content }}<|im_end|>{% endif %}"
    )
    model = ready(variant(tokenizer={"template": silent}))
    replies = asyncio.run(model.complete([ask(), ask(options=(" A", " B"))]))

    assert ["writes nothing" in str(reply) for reply in replies] == [True, True]


def test_a_request_for_no_tokens_is_an_error(ask, answer):
    assert isinstance(answer(ask(max_tokens=0))[0], ModelError)


def test_the_checkpoints_own_sampling_settings_are_not_used(ask, answer, ready, variant):
    import json

    folder = variant()
    settings = {"repetition_penalty": 5.0, "do_sample": True, "top_k": 1, "eos_token_id": [3, 2]}
    (folder / "generation_config.json").write_text(json.dumps(settings))
    request = ask(max_tokens=20, seed=4)

    assert asyncio.run(ready(folder).complete([request]))[0].text == answer(request)[0].text


def test_damaged_weights_are_an_error_and_not_a_reply(ask, ready, variant):
    from safetensors.torch import load_file, save_file

    folder = variant()
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"].fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    [reply] = asyncio.run(ready(folder).complete([ask(max_tokens=2)]))

    assert isinstance(reply, ModelError)
    assert "not finite" in str(reply)
