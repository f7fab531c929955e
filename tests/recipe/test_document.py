"""What is no YAML, or YAML that is no recipe."""

from __future__ import annotations

import pytest

from rlaif_core.recipe.parsing import read

GOOD = """
api: 1
models:
  echo: {use: acme-model, params: {word: A}}
judge: {use: acme, model: echo}
"""


def test_a_file_that_is_not_there_is_told(problems, load):
    from rlaif_core.api import RecipeError
    from rlaif_core.recipe.load import load_recipe

    with pytest.raises(RecipeError, match=r"^nowhere.yaml: No such file or directory$"):
        load_recipe("nowhere.yaml")


def test_bytes_that_are_no_text_are_told(problems):
    assert problems(b"api: 1\nname: \xff\n") == ["recipe.yaml: not UTF-8 text (byte 14)"]


def test_a_byte_order_mark_is_no_error(load):
    assert load(b"\xef\xbb\xbf" + GOOD.encode()).file.judge.use == "acme"


def test_a_character_that_yaml_forbids_is_told_with_its_place(problems):
    assert problems("api: 1\nname: a\x07b\n") == [
        "recipe.yaml:2:8: special characters are not allowed: #x0007"
    ]


def test_a_syntax_error_has_line_and_column(problems):
    assert problems("api: 1\njudge: {use: acme\nseed: 3\n") == [
        "recipe.yaml:3:5: not YAML: while parsing a flow mapping, expected ',' or '}', but got ':'"
    ]


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "---\n"])
def test_an_empty_recipe_is_told(problems, text):
    (line,) = problems(text)
    assert line.startswith("recipe.yaml:")
    assert "empty" in line


@pytest.mark.parametrize("text", ["- api: 1\n", "api 1\n", "3\n"])
def test_a_recipe_that_is_no_mapping_is_told(problems, text):
    assert problems(text) == [
        "recipe.yaml:1:1: the recipe is not a mapping: write `api: 1`, then its sections as "
        "`name: …`"
    ]


def test_two_documents_in_a_file_are_told(problems):
    (line,) = problems("api: 1\n---\napi: 1\n")
    assert line.startswith("recipe.yaml:2:1: not YAML: expected a single document")


def test_duplicate_keys_are_errors_at_the_second_one_and_all_told(problems):
    text = "api: 1\njudge:\n  use: acme\n  votes: 1\n  'votes': 2\napi: 1\n"
    assert problems(text) == [
        "recipe.yaml:5:3: duplicate key 'votes', first given in line 4",
        "recipe.yaml:6:1: duplicate key 'api', first given in line 1",
    ]


def test_a_tag_that_would_build_an_object_is_refused(problems):
    text = "api: 1\njudge: {use: acme, params: !!python/object/apply:os.getcwd []}\n"
    (line,) = problems(text)
    assert line.startswith("recipe.yaml:2:28: not YAML: could not determine a constructor")


def test_a_value_that_its_tag_cannot_read_is_told_with_its_place(problems):
    assert problems("api: 1\nseed: !!int x\nname: 2024-13-45\n") == [
        "recipe.yaml:2:7: not YAML: invalid literal for int() with base 10: 'x'",
        "recipe.yaml:3:7: not YAML: month must be in 1..12",
    ]


def test_a_key_that_cannot_be_one_is_told(problems):
    (line,) = problems("api: 1\n? [a]\n: 3\n")
    assert line == "recipe.yaml:2:3: not YAML: while constructing a mapping, found unhashable key"


def test_an_alias_inside_itself_is_told(problems):
    assert problems("api: 1\nmodels: &all\n  again: *all\n") == [
        "recipe.yaml:2:9: this value contains itself by an alias"
    ]


def test_anchors_and_merge_keys_work(load):
    recipe = load(
        """
        api: 1
        models:
          one: &model {use: acme-model, params: &params {word: A}}
          two:
            <<: *model
            params: {<<: *params, word: B}
        judge: {use: acme, model: two}
        """
    )
    assert recipe.components["models.one"].params.word == "A"
    assert recipe.components["models.two"].params.word == "B"


def test_many_aliases_of_aliases_are_read_in_no_time():
    levels = "\n".join(f"l{i + 1}: &l{i + 1} [*l{i}, *l{i}, *l{i}, *l{i}]" for i in range(40))
    assert "l40" in read(f"l0: &l0 [x]\n{levels}\n", "bomb.yaml").data
