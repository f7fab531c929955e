"""Both themes are legible: contrast as in WCAG 2.2, success criterion 1.4.3."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

TEMPLATES = files("rlaif_report") / "templates"


def palette(name: str) -> dict[str, str]:
    text = (TEMPLATES / name).read_text("utf-8").split("@media")[0]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", text))


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["style.css", "dark.css"])
def test_text_stands_out_from_its_ground(theme: str) -> None:
    colours = palette(theme)
    grounds = {"paper": ("ink", "quiet", "accent", "third"), "card": ("ink", "quiet", "accent")}
    grounds |= {"warn-soft": ("warn",), "soft": ("ink", "quiet")}
    for ground, texts in grounds.items():
        for text in texts:
            assert contrast(colours[text], colours[ground]) >= 4.5, f"{text} on {ground}"


@pytest.mark.parametrize("theme", ["style.css", "dark.css"])
def test_bars_stand_out_from_the_page(theme: str) -> None:
    colours = palette(theme)
    for fill in ("accent", "second", "third"):
        assert contrast(colours[fill], colours["paper"]) >= 3.0, fill


def test_both_themes_define_the_same_colours() -> None:
    assert palette("style.css").keys() == palette("dark.css").keys()


def test_columns_give_way_to_what_cannot_break() -> None:
    """A grid's `1fr` grows with what cannot break, and the page with it, on a phone."""
    style = (TEMPLATES / "style.css").read_text("utf-8")
    for columns in re.findall(r"grid-template-columns: ([^;]+);", style):
        if "repeat" not in columns:
            assert "minmax(0, 1fr)" in columns


def test_long_names_break_rather_than_widen_the_page() -> None:
    """A path in a tile, a metric's name in a sentence: anywhere on the page, also on a phone."""
    style = (TEMPLATES / "style.css").read_text("utf-8")
    (body,) = re.findall(r"^body \{(.*)\}$", style, re.M)
    assert "overflow-wrap: break-word" in body
