from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rlaif_report.text import Excerpt, one_line, visible


def test_terminal_escapes_and_overrides_are_named() -> None:
    assert visible("\x1b[2J \u202eexe\ud800") == "[U+001B][2J [U+202E]exe[U+D800]"


def test_scripts_emoji_and_layout_stay_as_they_are() -> None:
    text = "שלום 👩‍👩‍👧 नमस्‍ते\n\tnaïve"
    assert visible(text) == text


def test_line_ends_become_newlines() -> None:
    assert visible("a\r\nb\rc") == "a\nb\nc"


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_visible_can_be_written_and_stays_the_same(text: str) -> None:
    once = visible(text)
    once.encode("utf-8")
    assert visible(once) == once


@given(st.text(), st.integers(0, 20))
def test_an_excerpt_accounts_for_every_character(text: str, limit: int) -> None:
    excerpt = Excerpt.of(text, limit)
    assert text.startswith(excerpt.text)
    assert len(excerpt.text) + excerpt.left_out == len(text)


@given(st.text(), st.integers(1, 40))
def test_one_line_is_short_and_has_no_line_break(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
