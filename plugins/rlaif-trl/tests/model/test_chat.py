"""Conversations to token ids."""

from copy import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import DataError, Message
from rlaif_trl.model.chat import ChatEncoder, Encoded

USER = (Message("user", "say 7"),)


def test_prompt_and_response_are_what_the_template_gives(tokenizer):
    (encoded,) = ChatEncoder(tokenizer, 96).encode([(USER, ("seven",))])
    assert tokenizer.decode(encoded.prompt) == "<|user|>say 7<|end|><|assistant|>"
    assert tokenizer.decode(encoded.responses[0]) == "seven<|end|>"


def test_token_ids_are_those_of_trl(tokenizer):
    from trl.data_utils import _tokenize

    turns = [{"role": "user", "content": "say 7"}, {"role": "assistant", "content": "seven"}]
    (encoded,) = ChatEncoder(tokenizer, 96).encode([(USER, ("seven",))])
    assert encoded.prompt + encoded.responses[0] == _tokenize(tokenizer, turns)["input_ids"]


def test_responses_of_one_prompt_share_its_tokens(tokenizer):
    (encoded,) = ChatEncoder(tokenizer, 96).encode([(USER, ("seven", "7"))])
    assert [tokenizer.decode(text) for text in encoded.responses] == ["seven<|end|>", "7<|end|>"]


def test_tokens_that_merge_across_the_boundary_belong_to_the_response(tokenizer):
    class Merging:
        """Knows "a:" and "a:b" as one token each."""

        added_tokens_decoder: dict = {}
        all_special_tokens: tuple = ()

        def get_chat_template(self):
            return ""

        def apply_chat_template(self, conversation, tokenize, add_generation_prompt):
            return "".join(turn["content"] for turn in conversation)

        def __call__(self, texts, add_special_tokens, return_attention_mask, verbose):
            ids = {"x a:": [1, 2], "x a:b": [1, 3], "x a:c": [1, 2, 4]}
            return {"input_ids": [ids[text] for text in texts]}

    (encoded,) = ChatEncoder(Merging(), 96).encode([((Message("user", "x a:"),), ("b", "c"))])
    assert encoded == Encoded([1], [[3], [2, 4]])


@given(st.lists(st.sampled_from(["<", "|", "end", "user", "|>", "x", " "])).map("".join))
def test_content_cannot_forge_a_turn_and_stays_the_same_text(tokenizer, text):
    (encoded,) = ChatEncoder(tokenizer, 999).encode([(USER, (text,))])
    whole = encoded.prompt + encoded.responses[0]
    assert [token for token in whole if token < 5] == [3, 1, 4, 1]  # one turn each, opened, ended
    assert tokenizer.decode(encoded.responses[0]) == f"{text}<|end|>"


def test_half_a_surrogate_pair_becomes_a_replacement_character(tokenizer):
    (encoded,) = ChatEncoder(tokenizer, 96).encode([(USER, ("a\ud800b",))])
    (replaced,) = ChatEncoder(tokenizer, 96).encode([(USER, ("a\ufffdb",))])
    assert encoded == replaced


def test_template_that_refuses_a_conversation_is_an_error(tokenizer):
    strict = copy(tokenizer)
    strict.chat_template = "{{ raise_exception('no system turns') }}"
    with pytest.raises(DataError, match="refuses a conversation: no system turns"):
        ChatEncoder(strict, 96).encode([(USER, ("7",))])


def test_truncation_cuts_the_beginning_of_the_prompt():
    assert Encoded([1, 2, 3, 4], [[5], [6, 7]]).shortened(4) == Encoded([3, 4], [[5], [6, 7]])


def test_truncation_cuts_responses_where_the_prompt_is_not_enough():
    assert Encoded([1, 2], [[5], [6, 7, 8, 9]]).shortened(3) == Encoded([2], [[5], [6, 7]])


def test_truncated_items_are_counted(tokenizer):
    encoder = ChatEncoder(tokenizer, 20, "truncate")
    encoded = encoder.encode([(USER, ("seven",)), (USER, ("seven" * 9,))])
    assert encoder.truncated == 1
    assert [item.length for item in encoded] == [14, 20]


def test_items_that_do_not_fit_are_an_error_by_default(tokenizer):
    with pytest.raises(DataError, match="1 of 1 are longer than 13 tokens, the longest has 14"):
        ChatEncoder(tokenizer, 13).encode([(USER, ("seven",))])
