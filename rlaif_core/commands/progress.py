"""Progress on the terminal: a live bar where there is one, plain lines where there is none."""

from __future__ import annotations

import sys
import time

from rich import progress as rich
from rich.console import Console
from rich.table import Column
from typing_extensions import override

from rlaif_core.engine.progress import Progress

CALLS_A_REDRAW = 16

LINE_EVERY = 10.0
"""Seconds between plain lines of one stage."""

FEWEST_FOR_A_RATE = 5
"""Pieces after the first ones, before their rate says anything of the rest."""

SHORTEST_FOR_A_RATE = 2.0
"""Seconds after the first ones: answers to questions asked at once come in at once."""

FIGURES = 4
"""Newest figures of a stage that fit into its line."""

COUNT = 11
"""Characters of the count that a narrow terminal leaves whole: 50000/50000."""

RANK_FIRST = ("agreement", "loss", "reward", "accuracy", "margin", "kl")
"""These are shown first."""


class Shown(Progress):
    """State that both displays keep."""

    def __init__(self) -> None:
        self.stage = ""
        self.done = 0
        self.total: int | None = None
        self.figures: dict[str, float] = {}
        self.usd = 0.0
        self.calls = self.cached = 0
        self.began = time.monotonic()
        self._first: tuple[float, int] | None = None

    @override
    def start(self, round_index: int, stage: str, total: int | None) -> None:
        self.stage = f"round {round_index} · {stage}" if stage != "prompts" else stage
        self.done, self.total, self.figures = 0, total, {}
        self.began, self._first = time.monotonic(), None

    @override
    def grow(self, total: int) -> None:
        self.total = total

    @override
    def advance(self, done: int = 1, **figures: float) -> None:
        self.done += done
        self.figures.update(figures)
        if self._first is None and self.done:
            self._first = time.monotonic(), self.done

    @override
    def spent(self, usd: float | None) -> None:
        if usd is None:
            self.cached += 1
        else:
            self.calls += 1
            self.usd += usd
        self.called()

    def called(self) -> None:
        """A model answered: comparisons of several calls would else seem to stand still."""

    @property
    def rate(self) -> float | None:
        """Pieces a second since the first ones, before which weights were loaded; None as yet."""
        if self._first is None:
            return None
        began, before = self._first
        seconds, pieces = time.monotonic() - began, self.done - before
        if pieces < FEWEST_FOR_A_RATE or seconds < SHORTEST_FOR_A_RATE:
            return None
        return pieces / seconds

    @property
    def left(self) -> str:
        """Duration of the rest at that rate; empty if it is not known."""
        if not self.total or not self.rate:
            return ""
        return f"{duration(max(0, self.total - self.done) / self.rate)} left"

    def facts(self) -> str:
        """The newest figures in a phrase."""
        rate = self.rate
        facts = [] if rate is None else [f"{rate:.0f}/s" if rate >= 10 else f"{rate:.2g}/s"]
        if self.calls:
            facts.append(f"{self.calls} calls")
        first = sorted(self.figures, key=_interest)[:FIGURES]
        facts += [f"{name} {self.figures[name]:.3g}" for name in first]
        if self.usd:
            facts.append(f"${self.usd:.4f}")
        if self.cached:
            facts.append(f"{self.cached} cached")
        return " · ".join(facts)


class Live(Shown):
    """A bar a stage, redrawn in place."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._bars = rich.Progress(
            rich.SpinnerColumn(),
            rich.TextColumn("{task.description:<22}"),
            rich.BarColumn(),
            rich.MofNCompleteColumn(table_column=Column(no_wrap=True, min_width=COUNT)),
            rich.TimeElapsedColumn(table_column=Column(no_wrap=True, min_width=7)),
            rich.TextColumn("{task.fields[facts]}"),
            console=console,
        )
        self._task: rich.TaskID | None = None

    @override
    def start(self, round_index: int, stage: str, total: int | None) -> None:
        super().start(round_index, stage, total)
        self._bars.start()  # not before: it hides the cursor until `close`
        self._task = self._bars.add_task(self.stage, total=total, facts="")

    @override
    def grow(self, total: int) -> None:
        super().grow(total)
        self._draw()

    @override
    def advance(self, done: int = 1, **figures: float) -> None:
        super().advance(done, **figures)
        self._draw()

    @override
    def called(self) -> None:
        if self.calls % CALLS_A_REDRAW == 0:
            self._draw()

    def _draw(self) -> None:
        if self._task is not None:
            facts = " · ".join(filter(None, (self.left, self.facts())))
            self._bars.update(self._task, completed=self.done, total=self.total, facts=facts)

    @override
    def finish(self, summary: str) -> None:
        if self._task is not None:
            done = self.done or 1
            self._bars.update(self._task, completed=done, total=done, facts=summary)
            self._bars.stop_task(self._task)
            self._task = None

    @override
    def note(self, line: str) -> None:
        self._bars.console.print(line, markup=False, highlight=False)

    @override
    def close(self) -> None:
        self._bars.stop()


class Plain(Shown):
    """A line now and then, for logs."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = 0.0

    @override
    def start(self, round_index: int, stage: str, total: int | None) -> None:
        super().start(round_index, stage, total)
        self._shown = time.monotonic()
        self.note(f"{self.stage} …")

    @override
    def advance(self, done: int = 1, **figures: float) -> None:
        super().advance(done, **figures)
        now = time.monotonic()
        if now - self._shown >= LINE_EVERY:
            self._shown = now
            of = f"{self.done}/{self.total}" if self.total else str(self.done)
            facts = " · ".join(filter(None, (of, self.facts(), self.left)))
            self.note(f"{self.stage}: {facts}")

    @override
    def finish(self, summary: str) -> None:
        seconds = time.monotonic() - self.began
        self.note(f"{self.stage}: {summary or 'done'} ({seconds:.1f} s)")

    @override
    def note(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def shown() -> Shown:
    """The display that fits standard error."""
    console = Console(stderr=True)
    return Live(console) if console.is_terminal else Plain()


def duration(seconds: float) -> str:
    """A duration in the unit that needs two digits."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _interest(name: str) -> int:
    return RANK_FIRST.index(name) if name in RANK_FIRST else len(RANK_FIRST)
