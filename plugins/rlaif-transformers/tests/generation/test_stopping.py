import threading

import torch

from rlaif_transformers.generation.stopping import Row, RowsDone, first_stop

END = 0


def spell(tokens):
    return "".join(map(chr, tokens))


def run(texts, rows, halt=None):
    """Feed one character a step, as a decoder would; the prompt is two columns."""
    done = RowsDone(rows, frozenset({END}), 2, spell, halt or threading.Event())
    tokens = torch.tensor([[1, 1, *map(ord, text)] for text in texts])
    for width in range(3, tokens.shape[1] + 1):
        last = done(tokens[:, :width], None)
    return last.tolist()


def test_each_row_ends_at_its_own_limit():
    rows = [Row(limit=2), Row(limit=3)]

    assert run(["abcd", "abcd"], rows) == [True, True]
    assert [(row.length, row.reason) for row in rows] == [(2, "length"), (3, "length")]


def test_each_row_ends_at_its_own_stop_string():
    rows = [Row(9, stop=("cd",)), Row(9, stop=("no", "b"))]

    run(["abcd", "abcd"], rows)

    assert [(row.length, row.reason) for row in rows] == [(4, "stop"), (2, "stop")]


def test_an_ending_token_ends_a_row_and_nothing_else_does():
    rows = [Row(9), Row(9)]

    assert run(["ab\0d", "abcd"], rows) == [True, False]
    assert (rows[0].length, rows[0].reason) == (3, "stop")


def test_a_long_stop_string_is_found_at_the_end_of_a_long_text():
    rows = [Row(999, stop=("the end of it",))]

    run(["x" * 80 + "the end of it"], rows)

    assert rows[0].reason == "stop"


def test_a_halt_ends_all_rows_at_once():
    halt = threading.Event()
    halt.set()
    rows = [Row(9), Row(9)]

    assert run(["a", "b"], rows, halt) == [True, True]


def test_the_earliest_stop_counts_and_an_empty_one_never_does():
    assert first_stop("say: Human: hi", ("Human:", "say", "")) == 0
    assert first_stop("nothing", ("",)) is None
