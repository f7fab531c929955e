"""The judge `recorded`: verdicts found by content, and every row error."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import Abstention, Comparison, Context, DataError, Message, Prompt
from rlaif_core.testing import make_prompt, make_responses
from rlaif_judges.recorded import Recorded

PROMPT = make_prompt("What is 2 + 2?")
ROW = {"prompt": "What is 2 + 2?", "response_a": "4", "response_b": "5", "verdict": "a"}


def write(folder, *rows):
    file = folder / "verdicts.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def replay(file, comparison):
    async def replayed():
        judge = Recorded(Recorded.Params(file=str(file)))
        await judge.setup(Context())
        return await judge.compare(comparison)

    return asyncio.run(replayed())


def comparison(a="4", b="5", order="ab", vote=0, prompt=PROMPT):
    """A and B as proposed, shown in `order`."""
    one, other = make_responses(prompt, a, b)
    pair = Comparison(prompt, one, other, vote=vote)
    return pair if order == "ab" else pair.swapped


@pytest.mark.parametrize(
    ("verdict", "order", "p_first"),
    [
        ("a", "ab", 1.0),
        ("b", "ab", 0.0),
        ("a", "ba", 0.0),
        ("b", "ba", 1.0),
        ("tie", "ab", 0.5),
        ("tie", "ba", 0.5),
    ],
)
def test_a_verdict_is_about_a_whichever_was_shown_first(tmp_path, verdict, order, p_first):
    file = write(tmp_path, ROW | {"verdict": verdict, "order": order})
    assert replay(file, comparison(order=order)).p_first == p_first


def test_a_probability_is_replayed(tmp_path):
    row = {**ROW, "order": "ba", "p_a": 0.8}
    del row["verdict"]
    assert replay(write(tmp_path, row), comparison(order="ba")).p_first == pytest.approx(0.2)


def test_which_response_was_called_a_does_not_matter(tmp_path):
    file = write(tmp_path, ROW | {"response_a": "5", "response_b": "4", "order": "ba"})
    assert replay(file, comparison("4", "5", order="ab")).p_first == 0.0


@given(st.booleans(), st.sampled_from(["ab", "ba"]), st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_renaming_a_and_b_changes_nothing(tmp_path_factory, renamed, order, p_a):
    row = {"prompt": "What is 2 + 2?", "response_a": "4", "response_b": "5"}
    row |= {"order": order, "p_a": p_a}
    if renamed:
        turned = "ba" if order == "ab" else "ab"
        row |= {"response_a": "5", "response_b": "4", "order": turned, "p_a": 1 - p_a}
    file = write(tmp_path_factory.mktemp("recorded"), row)
    expected = p_a if order == "ab" else 1 - p_a
    assert replay(file, comparison(order=order)).p_first == pytest.approx(expected)


def test_the_other_order_was_not_recorded(tmp_path):
    verdict = replay(write(tmp_path, ROW), comparison(order="ba"))
    assert verdict.abstention is Abstention.UNKNOWN
    assert verdict.detail == "no recorded verdict"


def test_votes_are_kept_apart(tmp_path):
    file = write(tmp_path, ROW, ROW | {"vote": 1, "verdict": "b"})
    assert replay(file, comparison(vote=0)).p_first == 1.0
    assert replay(file, comparison(vote=1)).p_first == 0.0
    assert replay(file, comparison(vote=2)).abstention is Abstention.UNKNOWN


def test_a_null_verdict_is_an_abstention(tmp_path):
    verdict = replay(write(tmp_path, ROW | {"verdict": None}), comparison())
    assert verdict.abstention is Abstention.UNPARSED


def test_an_explanation_is_replayed(tmp_path):
    file = write(tmp_path, ROW | {"explanation": "It adds up."})
    assert replay(file, comparison()).explanation == "It adds up."


def test_a_prompt_may_be_messages(tmp_path):
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is 2 + 2?"},
    ]
    prompt = Prompt("p", (Message("system", "Be brief."), Message("user", "What is 2 + 2?")))
    file = write(tmp_path, ROW | {"prompt": turns})
    assert replay(file, comparison(prompt=prompt)).p_first == 1.0
    assert replay(file, comparison()).abstention is Abstention.UNKNOWN


def test_two_responses_of_one_text_are_told_apart_by_their_order(tmp_path):
    same = ROW | {"response_b": "4"}
    file = write(tmp_path, same, same | {"order": "ba", "verdict": "tie"})
    assert replay(file, comparison("4", "4", order="ab")).p_first == 1.0
    assert replay(file, comparison("4", "4", order="ba")).p_first == 0.5


def test_the_same_row_twice_is_harmless(tmp_path):
    assert replay(write(tmp_path, ROW, ROW), comparison()).p_first == 1.0


def test_pairs_of_the_same_texts_are_told_apart_by_their_ids(tmp_path):
    file = write(tmp_path, ROW | {"id": 7}, ROW | {"id": 8, "verdict": "b"})
    for id_, p_first in (("7", 1.0), ("8", 0.0)):
        prompt = make_prompt("What is 2 + 2?", prompt_id=id_)
        assert replay(file, comparison(prompt=prompt)).p_first == p_first


def test_verdicts_that_differ_between_ids_decide_no_other_pair(tmp_path):
    file = write(tmp_path, ROW | {"id": 7}, ROW | {"id": 8, "verdict": "b"})
    verdict = replay(file, comparison())
    assert verdict.abstention is Abstention.UNKNOWN
    assert "different verdicts" in verdict.detail


def test_contradicting_rows_are_an_error_that_names_both(tmp_path):
    file = write(tmp_path, ROW, ROW | {"verdict": "b"})
    with pytest.raises(DataError, match=r"verdicts\.jsonl:2: another verdict than .*jsonl:1 on"):
        replay(file, comparison())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt": 7}, "'prompt' must be text or a list of messages, and is int"),
        ({"prompt": []}, "the last turn of 'prompt' must be the user's"),
        ({"prompt": [{"role": "judge", "content": ""}]}, r"'prompt\[0\]' must have a role"),
        ({"response_a": None}, "'response_a' must be text, and is NoneType"),
        ({"response_b": "\ud800"}, "'response_b' is not valid Unicode"),
        ({"order": "AB"}, "order must be 'ab' or 'ba', not 'AB'"),
        ({"vote": -1}, "vote must be a whole number from 0, not -1"),
        ({"vote": True}, "vote must be a whole number from 0, not True"),
        ({"verdict": "A"}, "verdict must be 'a', 'b', 'tie' or null, not 'A'"),
        ({"verdict": ["a"]}, "verdict must be 'a', 'b', 'tie' or null"),
        ({"p_a": 0.5}, "needs one of 'verdict' and 'p_a'"),
        ({"id": None}, "id must be text or a whole number, not None"),
        ({"explanation": 3}, "'explanation' must be text"),
    ],
)
def test_a_bad_row_is_named(tmp_path, change, message):
    file = write(tmp_path, ROW, ROW | change)
    with pytest.raises(DataError, match=rf"verdicts\.jsonl:2: {message}"):
        replay(file, comparison())


@pytest.mark.parametrize("p_a", [1.5, -0.1, "high", True])
def test_a_probability_outside_its_range_is_named(tmp_path, p_a):
    row = {name: value for name, value in ROW.items() if name != "verdict"}
    with pytest.raises(DataError, match=r"jsonl:1: p_a must be a probability or null"):
        replay(write(tmp_path, row | {"p_a": p_a}), comparison())


@pytest.mark.parametrize("missing", ["prompt", "response_a", "response_b"])
def test_a_missing_column_is_named(tmp_path, missing):
    row = {name: value for name, value in ROW.items() if name != missing}
    with pytest.raises(DataError, match=rf"jsonl:1: no column '{missing}'; it has "):
        replay(write(tmp_path, row), comparison())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not a JSON object: Expecting"),
        (b"[1]", "not a JSON object, but list"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": "\xff"}', "not a JSON object: 'utf-8' codec"),
        (b"[" * 100_000, "not a JSON object"),
    ],
)
def test_a_line_that_is_no_row_is_named(tmp_path, line, message):
    file = write(tmp_path, ROW)
    file.write_bytes(file.read_bytes() + b"\n" + line + b"\n")
    with pytest.raises(DataError, match=rf"verdicts\.jsonl:3: .*{message}"):
        replay(file, comparison())


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.jsonl: No such file"):
        replay(tmp_path / "nowhere.jsonl", comparison())
