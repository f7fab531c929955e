"""A service that says when to come back is obeyed, through its real SDK, and the run finishes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from rlaif_core.cli import main
from rlaif_core.testing.loopback import Answer, Loopback, Received
from tests.end_to_end.test_faults_kill import SERVICE_RECIPE, completion

SECONDS = 1.0
PAIRS = 6
VERDICT = '{"preference": "A", "confidence": 0.9}'
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "judge",
    "content": [{"type": "text", "text": VERDICT}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 10, "output_tokens": 5},
}
SERVICES: Mapping[str, tuple[str, int, Any]] = {
    "openai": ("/v1", 429, completion(VERDICT)),
    "anthropic": ("", 529, MESSAGE),
}
"""Path, the status that says "too much", and an answer."""


def in_seconds() -> dict[str, str]:
    return {"retry-after": f"{SECONDS:.0f}"}


def as_a_date() -> dict[str, str]:
    """By the service's own clock, which is half an hour slow."""
    sent = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(minutes=30)
    until = sent + timedelta(seconds=SECONDS)
    return {
        "date": format_datetime(sent, usegmt=True),
        "retry-after": format_datetime(until, usegmt=True),
    }


class Overloaded:
    """Refuses everything until the wait is over, and takes note.

    Attributes:
        refused: When it first refused (`time.monotonic()`).
        early: Questions that came again before they were due.
        answered: Calls that were answered.
    """

    def __init__(self, model: str, when: Any) -> None:
        _, self._status, self._reply = SERVICES[model]
        self._when = when
        self._due: dict[bytes, float] = {}
        self.refused = 0.0
        self.early = self.answered = 0

    def answer(self, request: Received) -> Answer:
        now = time.monotonic()
        self.refused = self.refused or now
        self.early += now < self._due.get(request.body, 0.0)
        if now < self.refused + SECONDS:
            self._due[request.body] = now + SECONDS
            error = {"error": {"type": "overloaded", "message": "come back later"}}
            return Answer(self._status, error, self._when())
        self.answered += 1
        return Answer(body=self._reply)


@pytest.mark.parametrize("when", [in_seconds, as_a_date])
@pytest.mark.parametrize("model", SERVICES)
def test_the_run_waits_as_long_as_it_is_told_and_finishes(
    model: str, when: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_KEY", "sk-test")
    rows = [
        {"prompt": f"question {i}", "response_a": "yes", "response_b": "no"} for i in range(PAIRS)
    ]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    service = Overloaded(model, when)
    with Loopback(service.answer) as server:
        (tmp_path / "judge.yaml").write_text(
            SERVICE_RECIPE.format(model=model, url=server.url + SERVICES[model][0])
        )
        command = ["judge", str(tmp_path / "judge.yaml"), "--pairs", str(tmp_path / "pairs.jsonl")]
        assert main([*command, "--run-dir", str(tmp_path / "run")]) == 0
        ended = time.monotonic()
    assert service.early == 0
    assert service.answered == 2 * PAIRS
    assert SECONDS <= ended - service.refused < SECONDS + 20.0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert (metrics["verdicts"], metrics["abstentions"]) == (2 * PAIRS, 0)
