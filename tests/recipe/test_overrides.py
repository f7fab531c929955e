"""`--set path=value`."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.recipe.document import DocumentError
from rlaif_core.recipe.overrides import override
from rlaif_core.recipe.parsing import read

GOOD = """\
api: 1
models:
  gpt-4.1: &echo {use: acme-model, params: {word: A}}
  other: *echo
judge:
  use: acme
  model: gpt-4.1
filters:
  - use: two-votes
"""


def changed(text: str, *overrides: str):
    document = read(text, "recipe.yaml")
    for text in overrides:
        override(document, text)
    return document.data


def test_a_value_is_read_as_yaml(load):
    assert load(GOOD, "judge.votes=5", "seed=0x10").file.judge.votes == 5


def test_the_last_override_wins(load):
    assert load(GOOD, "judge.votes=5", "judge.votes=7").file.judge.votes == 7


def test_a_list_item_is_named_by_its_index():
    assert changed(GOOD, "filters.0.use=length")["filters"] == [{"use": "length"}]


def test_mappings_that_are_missing_or_empty_are_made():
    assert changed(GOOD, "evaluation.judge.votes=3")["evaluation"] == {"judge": {"votes": 3}}
    assert changed("a:\n", "a.b=1") == {"a": {"b": 1}}


def test_a_whole_section_can_be_given():
    data = changed(GOOD, "filters=[{use: length, params: {least: 3}}]")
    assert data["filters"] == [{"use": "length", "params": {"least": 3}}]


def test_no_value_is_null():
    assert changed(GOOD, "name=")["name"] is None


def test_a_value_may_hold_an_equals_sign():
    assert changed(GOOD, "name=a=b")["name"] == "a=b"


def test_a_key_with_dots_is_found():
    data = changed(GOOD, "models.gpt-4.1.params.word=B")
    assert data["models"]["gpt-4.1"]["params"]["word"] == "B"


def test_a_value_shared_by_an_alias_changes_in_one_place():
    data = changed(GOOD, "models.other.params.word=B")
    assert data["models"]["gpt-4.1"]["params"]["word"] == "A"
    assert data["models"]["other"]["params"]["word"] == "B"


def test_a_merged_value_is_overridden_in_one_place():
    text = "a: &a {x: {y: 1}}\nb: {<<: *a, z: 2}\n"
    assert changed(text, "b.x.y=5") == {"a": {"x": {"y": 1}}, "b": {"x": {"y": 5}, "z": 2}}


def test_an_error_in_an_override_names_the_override(problems):
    assert problems(GOOD, "judge.votes=x", "judge.vots=3") == [
        "--set judge.votes=x: judge.votes should be a valid integer, not 'x'",
        "--set judge.vots=3: judge has no key 'vots'; did you mean 'votes'?",
    ]


def test_an_error_in_a_component_that_an_override_named_names_the_override(problems):
    assert problems(GOOD, "judge.votes=2", "judge.use=acmee") == [
        "--set judge.use=acmee: judge 'acmee' not found; did you mean 'acme'?"
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("judge.votes", "write `--set path=value`, as in `--set judge.votes=5`"),
        ("=5", "write `--set path=value`, as in `--set judge.votes=5`"),
        ("judge..votes=5", "write `--set path=value`, as in `--set judge.votes=5`"),
        ("judge.votes=[1", "the value is not YAML: expected ',' or ']', but got '<stream end>'"),
        ("judge={votes: 1, votes: 2}", "duplicate key 'votes', first given in line 1"),
        ("seed=!!int x", "not YAML: invalid literal for int() with base 10: 'x'"),
        ("filters.1.use=x", "filters has 1 items, counted from 0, and no '1'"),
        ("filters.first.use=x", "filters has 1 items, counted from 0, and no 'first'"),
        ("judge.use.x=1", "judge.use is a plain value, so nothing stands below it"),
    ],
)
def test_a_wrong_override_is_told(problems, text, what):
    assert problems(GOOD, text) == [f"--set {text}: {what}"]


KEYS = st.sampled_from(["a", "b", "0", "1"])
DATA = st.recursive(
    st.integers() | st.none() | st.sampled_from(["x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, DATA, max_size=3), st.lists(KEYS, min_size=1, max_size=3), DATA)
def test_what_was_set_can_be_read_back_and_nothing_else_has_changed(data, steps, value):
    text = f"{'.'.join(steps)}={yaml.safe_dump(value, default_flow_style=True)}"
    try:
        after = changed(yaml.safe_dump(data) if data else "{}", text)
    except DocumentError:
        return
    before = data
    for step in steps:
        keys = range(len(after)) if isinstance(after, list) else after
        key = int(step) if isinstance(after, list) else step
        others = [name for name in keys if name != key]
        if before is not None:
            assert [after[name] for name in others] == [before[name] for name in others]
        after = after[key]
        known = before is not None and key in (before if isinstance(before, dict) else keys)
        before = before[key] if known else None
    assert after == value
