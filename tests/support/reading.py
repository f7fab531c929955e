"""A page as a browser's parser sees it."""

from __future__ import annotations

import asyncio
from html.parser import HTMLParser
from pathlib import Path

from rlaif_core.commands.report import write_report

VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})


class Page(HTMLParser):
    """Parsed HTML: tags with their attributes, text, and whether every tag was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.unbalanced: list[str] = []
        self._open: list[str] = []
        self._text: list[str] = []
        self.feed(text)
        self.close()
        self.unbalanced += self._open

    @property
    def text(self) -> str:
        """All text outside of style and script, white space folded."""
        return " ".join(" ".join(self._text).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in {"style", "script"}:
            return
        if self._open and self._open[-1] in {"h1", "h2", "h3"}:
            self.headings.append(data)
        self._text.append(data)


def written(folder: Path, output: Path | None = None) -> Path:
    """The page of a run, written by the reporter `html`."""
    return asyncio.run(write_report("html", folder, output))
