"""Option log-probabilities, checked against plain forward passes of one option at a time."""

import itertools
import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rlaif_kit.chat_format import common_prefix
from rlaif_transformers.scoring.scorer import Scoring

TOLERANCE = 1e-4


def plain_passes(model, folder):
    """Log-probabilities by one unpadded pass an option, with a softmax over everything."""
    from transformers import AutoModelForCausalLM

    weights = AutoModelForCausalLM.from_pretrained(folder).eval()
    chat_format = model._local._format
    end = chat_format.end_of_turn

    def score(request):
        [encoded] = chat_format.encode([request])
        start = common_prefix([encoded.prompt, *encoded.options])
        values = []
        for option in encoded.options:
            tokens = option + [end] * request.end_of_turn
            with torch.no_grad():
                table = weights(torch.tensor([tokens])).logits[0].double().log_softmax(-1)
            values.append(sum(table[i - 1, tokens[i]].item() for i in range(start, len(tokens))))
        return pytest.approx(values, abs=TOLERANCE)

    return score


@pytest.fixture(scope="module")
def naive(model, checkpoint):
    return plain_passes(model, checkpoint)


def test_single_token_options(ask, answer, naive):
    request = ask(options=(" A", " B"))

    assert answer(request)[0].option_logprobs == naive(request)


def test_options_of_several_tokens(ask, answer, naive):
    request = ask(options=(" A", " B and then", " 10", " 12 34", " which"))

    assert answer(request)[0].option_logprobs == naive(request)


def test_the_end_of_the_turn_counts_where_it_is_asked_for(ask, answer, naive):
    open_ended, closed = ask(options=(" A", " B")), ask(options=(" A", " B"), end_of_turn=True)
    replies = answer(open_ended, closed)

    assert replies[1].option_logprobs == naive(closed)
    assert replies[1].option_logprobs[0] < replies[0].option_logprobs[0]


def test_a_whole_response_has_its_sequence_log_probability(ask, answer, naive):
    request = ask(options=("the first answer is 12 and the second is 34 .",), end_of_turn=True)

    assert answer(request)[0].option_logprobs == naive(request)


def test_an_option_that_merges_with_the_prefix_is_scored_from_where_they_agree(
    ask, answer, naive, model
):
    request = ask(prefix="the fir", options=("st", " A", ""))
    [encoded] = model._local._format.encode([request])
    scoring = Scoring.of(encoded, None)

    assert len(scoring.head) < len(encoded.prompt)
    assert answer(request)[0].option_logprobs == naive(request)


def test_options_of_equal_and_of_no_text(ask, answer, naive):
    request = ask(options=("", " A", " A", ""))
    values = answer(request)[0].option_logprobs

    assert values == naive(request)
    assert values[0] == 0.0
    assert values[1] == values[2]


def test_different_next_tokens_have_at_most_probability_one_together(ask, answer, model):
    tokenizer = model._local._format._tokenizer
    ordinary = [token for token in range(len(tokenizer)) if token not in tokenizer.all_special_ids]
    texts = {tokenizer.decode([token]) for token in ordinary} - {"\ufffd"}
    values = torch.tensor(answer(ask(options=tuple(texts)))[0].option_logprobs)

    assert 0 < values.exp().sum() <= 1 + TOLERANCE


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text("which is ab", max_size=60),
            st.text("the is ", max_size=12),
            st.lists(st.text("A B10 the", max_size=10), min_size=1, max_size=5),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_batch_agrees_with_one_pass_an_option(ask, answer, naive, rows):
    requests = [
        ask(content or "?", prefix=prefix, options=tuple(options), end_of_turn=end)
        for content, prefix, options, end in rows
    ]

    for reply, request in zip(answer(*requests), requests, strict=True):
        assert reply.option_logprobs == naive(request)


def test_a_model_without_a_prefix_cache_is_asked_option_by_option(
    ask, answer, naive, model, monkeypatch
):
    monkeypatch.setattr(model._local._scorer._reader, "_continues", False)
    request = ask(options=(" A and", " B and", " 10"))

    assert answer(request)[0].option_logprobs == naive(request)


def test_small_batches_give_the_same(ask, answer, ready, checkpoint):
    import asyncio

    requests = [
        ask("x " * length, options=(" A", " B and then"))
        for length in itertools.islice(itertools.cycle([1, 30, 7]), 9)
    ]
    cramped = ready(checkpoint, max_batch_tokens=60)
    replies = asyncio.run(cramped.complete(requests))

    for reply, cramped_reply in zip(answer(*requests), replies, strict=True):
        assert reply.option_logprobs == pytest.approx(cramped_reply.option_logprobs, abs=TOLERANCE)


def test_tokens_are_counted_without_padding(ask, answer, model):
    request = ask(options=(" A", " B"))
    [encoded] = model._local._format.encode([request])
    usage = answer(ask("x " * 50, options=(" A",)), request)[1].usage

    assert usage.prompt_tokens == len(encoded.prompt) + sum(
        len(option) - len(encoded.prompt) for option in encoded.options
    )
    assert usage.completion_tokens == 0


def read_tokens(model, monkeypatch, requests):
    """Tokens that pass through the model, and the replies."""
    passes = []
    forward = model._local._scorer._reader._forward

    def counting(input_ids, *rest, **named):
        passes.append(input_ids.numel())
        return forward(input_ids, *rest, **named)

    monkeypatch.setattr(model._local._scorer._reader, "_forward", counting)
    replies = model._local.answer(requests, threading.Event())
    return sum(passes), replies


def test_a_prefix_that_many_questions_share_is_read_once(ask, naive, model, monkeypatch):
    about = "the first answer is 12 and the second answer is 34 . " * 4
    requests = [ask(f"{about}{end} ?", options=(" A", " B")) for end in ("A", "B", "10", "12")]
    alone = sum(len(item.prompt) for item in model._local._format.encode(requests))

    tokens, replies = read_tokens(model, monkeypatch, requests)

    assert tokens < alone / 2
    for reply, request in zip(replies, requests, strict=True):
        assert reply.option_logprobs == naive(request)


def test_the_order_of_the_questions_changes_no_bit(ask, model):
    requests = [
        ask("which is better ? " * (1 + n % 3), prefix=f"{n}", options=(" A", " B and"))
        for n in range(12)
    ]
    halt = threading.Event()

    straight = model._local.answer(requests, halt)

    assert model._local.answer(requests[::-1], halt)[::-1] == straight


def test_a_pass_that_does_not_fit_into_memory_costs_its_own_questions_alone(
    ask, naive, ready, checkpoint, monkeypatch
):
    cramped = ready(checkpoint, max_batch_tokens=60)
    reader = cramped._local._scorer._reader
    read = reader.read

    def short_of_memory(rows, *rest, **named):
        if max(map(len, rows)) > 60:
            raise torch.OutOfMemoryError
        return read(rows, *rest, **named)

    monkeypatch.setattr(reader, "read", short_of_memory)
    long, short = ask("which is better ? " * 30, options=(" A",)), ask(options=(" A",))
    replies = cramped._local.answer([long, short], threading.Event())

    assert "max_batch_tokens" in str(replies[0])
    assert replies[1].option_logprobs == naive(short)
