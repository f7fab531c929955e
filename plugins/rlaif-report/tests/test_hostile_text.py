"""Whatever a model, a service, a file or a plugin writes stays text on the page."""

from __future__ import annotations

import re

import pytest

from tests.support.reading import Page, written
from tests.support.run_folder import finished_run

HOSTILE = (
    "<script>alert(1)</script></script></style></div></details>"
    "\"><img src=x onerror=alert(2)>' onclick='alert(3)"
    "<svg/onload=alert(4)>{{ 7 * 7 }}{% raw %}&lt;b&gt;"
    "\x1b[31mred\x1b]0;title\x07 \u202egnp.exe\u2066 \u200b\U000e0041\x00\x85 \ud800"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    # SQLite and JSON take no lone surrogate: that one is tested on `visible` alone.
    hostile = HOSTILE.replace("\ud800", "")
    folder = finished_run(tmp_path_factory.mktemp("runs") / "run", prompts=16, hostile=hostile)
    return Page(written(folder).read_text("utf-8"))


def test_no_markup_of_theirs_becomes_a_tag(page: Page) -> None:
    assert len(page.all("script")) == 1
    assert len(page.all("style")) == 1
    assert page.all("img") == []
    assert page.unbalanced == []


def test_no_attribute_of_theirs_becomes_a_handler(page: Page) -> None:
    named = {name for _, attributes in page.tags for name in attributes}
    assert not [name for name in named if name.startswith("on")]


def test_the_text_itself_is_readable(page: Page) -> None:
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7 * 7 }}{% raw %}&lt;b&gt;" in page.text
    assert "[U+001B][31mred" in page.text
    assert "[U+202E]gnp.exe[U+2066] [U+200B][U+E0041][U+0000][U+0085]" in page.text


def test_no_control_or_direction_character_is_left(page: Page) -> None:
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page.source) == []


def test_it_stands_in_every_place_that_others_write_to(page: Page) -> None:
    marked = "<script>alert(1)</script>"
    for place in (
        "polite-sums",  # the run's name
        "lab-policy@5f0c",  # a model's name
        "503: overloaded",  # a service's error
        "the votes disagree",  # a plugin's reason
        "no verdict in 'Hmm'",  # a verdict's detail
        "it does not say why.",  # an explanation
    ):
        assert f"{place}{marked}" in page.text, place
