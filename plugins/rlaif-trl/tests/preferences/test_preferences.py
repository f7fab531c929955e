"""Reading preferences, and the labels made of them."""

import pytest

from rlaif_core.api import DataError, Message
from rlaif_trl.preferences.labels import label_rows
from rlaif_trl.preferences.pairs import (
    LabelledPair,
    check_trainable,
    read_pairs,
    split_heldout,
    weights,
)


def pair(prompt_id: str = "p", p_chosen: float = 0.8, agreement: float = 1.0) -> LabelledPair:
    prompt = (Message("user", "hi"),)
    return LabelledPair(prompt_id, prompt, "good", "bad", p_chosen, 2 * p_chosen - 1, agreement)


def test_rows_come_as_they_were_written(job, preferences):
    first = read_pairs(job().preferences)[0]
    row = preferences()[0]
    assert first.prompt == (Message(**row["prompt"][0]),)
    assert first.chosen == row["chosen"][0]["content"]
    assert (first.p_chosen, first.prompt_id) == (0.9, "p0")


def test_several_files_are_read_in_the_order_of_their_names(job, preferences, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = preferences(4)
    pq.write_table(pa.Table.from_pylist(rows[2:]), tmp_path / "b.parquet")
    pq.write_table(pa.Table.from_pylist(rows[:2]), tmp_path / "a.parquet")
    assert [pair.prompt_id for pair in read_pairs(tmp_path)] == ["p0", "p1", "p2", "p3"]


def test_folder_without_files_is_refused(tmp_path):
    with pytest.raises(DataError, match="no parquet file"):
        read_pairs(tmp_path)


def test_missing_column_is_named(job, preferences):
    rows = [{k: v for k, v in row.items() if k != "p_chosen"} for row in preferences()]
    with pytest.raises(DataError, match="no column 'p_chosen'"):
        read_pairs(job(rows).preferences)


def test_wrong_column_names_the_row(job, preferences):
    rows = preferences()
    for row in rows:
        row["chosen"] = "just text"
    with pytest.raises(DataError, match="preference of prompt 'p0'"):
        read_pairs(job(rows).preferences)


def test_file_that_is_not_parquet_is_refused(tmp_path):
    (tmp_path / "train.parquet").write_text("nothing")
    with pytest.raises(DataError, match="not a readable parquet file"):
        read_pairs(tmp_path)


def test_a_prompt_is_on_one_side_only():
    training, held = split_heldout([pair("a"), pair("b"), pair("a")], frozenset({"a"}))
    assert [pair.prompt_id for pair in training] == ["b"]
    assert [pair.prompt_id for pair in held] == ["a", "a"]


def test_one_decided_preference_is_enough_to_learn_from():
    check_trainable([pair(p_chosen=0.5), pair(p_chosen=0.51)], least=2)


def test_weights_are_one_on_average():
    made = weights([pair(agreement=0.5), pair(agreement=1.0)], "agreement")
    assert made == pytest.approx([2 / 3, 4 / 3])


def test_weights_of_nothing_are_refused():
    with pytest.raises(DataError, match="the margin of every preference is 0"):
        weights([pair(p_chosen=0.5)], "margin")


def test_labels_are_certain_unless_soft():
    hard = label_rows([pair()], soft=False, margin=0.0, weighting="none")
    soft = label_rows([pair()], soft=True, margin=0.5, weighting="none")
    assert hard == [{"p_chosen": 1.0, "margin": 0.0, "weight": 1.0}]
    assert soft == [{"p_chosen": 0.8, "margin": pytest.approx(0.3), "weight": 1.0}]
