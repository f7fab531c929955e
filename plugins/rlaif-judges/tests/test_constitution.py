"""Constitution files: what is read, and what is said about a wrong one."""

import pytest

from rlaif_core.api import DataError, PluginError
from rlaif_judges.constitution import read_constitution

SHIPPED = ["rlaif_judges:constitutions/hhh.yaml", "rlaif_judges:constitutions/broad.yaml"]


def written(tmp_path, text):
    file = tmp_path / "constitution.yaml"
    file.write_text(text)
    return str(file)


def test_a_principle_needs_only_an_id_and_a_text(tmp_path):
    path = written(tmp_path, "principles:\n- id: brief\n  principle: brief,\n    and clear\n")
    (brief,) = read_constitution(path).principles
    assert (brief.id, brief.principle, brief.weight) == ("brief", "brief, and clear", 1.0)
    assert brief.critique == brief.revision == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("principles:\n- id: a\n  principle: b\n  weight: 0\n", r"yaml:4: principles\.0\.weight: "),
        ("principles:\n- id: a\n  principle: b\n- id: c\n", r"yaml:4: principles\.1\.principle: "),
        ("principles:\n- id: a\n  principle: b\n  wight: 1\n", r"yaml:4: principles\.0\.wight: "),
        ("principles:\n- {id: a, principle: b}\n- {id: a, principle: c}\n", "have the id 'a'"),
        ("principles: []\n", "yaml:1: principles: "),
        ("rules: []\n", "yaml:1: principles: Field required"),
        ("just words\n", "yaml:1: "),
        ("", "yaml:1: "),
        ("principles:\n- id: [\n", "yaml:3: no YAML"),
    ],
)
def test_an_error_names_file_line_and_field(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_constitution(written(tmp_path, text))


def test_everything_wrong_is_said_at_once(tmp_path):
    path = written(tmp_path, "principles:\n- id: a\n- id: b\n  principle: c\n  weight: -1\n")
    with pytest.raises(DataError) as raised:
        read_constitution(path)
    assert len(str(raised.value).splitlines()) == 2


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(PluginError, match=r"cannot read the constitution nowhere\.yaml"):
        read_constitution("nowhere.yaml")


@pytest.mark.parametrize(("path", "fewest"), zip(SHIPPED, (6, 16), strict=True))
def test_the_shipped_constitutions_can_judge_and_revise(path, fewest):
    principles = read_constitution(path).principles
    assert len(principles) >= fewest
    for principle in principles:
        assert principle.principle[0].islower(), f"{principle.id} does not complete a sentence"
        assert not principle.principle.endswith("."), f"{principle.id} ends the sentence itself"
        assert principle.critique.endswith("?")
        assert principle.revision.startswith("Rewrite the response")
