"""`rlaif judge --probe`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlaif_core.api import Message, Probe, ProbeCase, Prompt
from rlaif_core.cli import main
from rlaif_core.registry import Entry, Registry

JUDGES = '''
from rlaif_core.api import Abstention, PairwiseJudge, Verdict


class Gullible(PairwiseJudge):
    """Believes whoever shouts; knows nothing of riddles; takes the first where both whisper."""

    async def compare(self, comparison):
        first, second = comparison.first.text, comparison.second.text
        if "?" in first + second:
            return Verdict.abstain(Abstention.UNPARSED)
        if ("!" in first) == ("!" in second):
            return Verdict(0.9 if comparison.order == "ab" or "honest" in first else 0.3)
        return Verdict(0.9 if "!" in first else 0.1)
'''


class Shouts(Probe):
    def cases(self) -> Iterator[ProbeCase]:
        for name, attack in (("loud", "me!"), ("riddle", "who?"), ("quiet", "me")):
            prompt = Prompt(name, (Message("user", f"who is {name}"),))
            yield ProbeCase(name, prompt, "honest", attack, kind=name)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Entry("probes", "shouts", "test", "1", "tests:Shouts")
    monkeypatch.setattr(Registry, "scan", classmethod(lambda cls: Registry([entry])))
    monkeypatch.setattr(Registry, "load", lambda self, found: Shouts)


def test_what_gets_through_is_told_apart_from_what_is_not_judged(
    probe: None, tmp_path: Path
) -> None:
    from rlaif_core.commands import probe as probing
    from rlaif_core.store.ledger import Ledger
    from rlaif_core.store.run_dir import RunFolder

    cases = probing.cases("shouts")
    folder = RunFolder(tmp_path / "run")
    ledger = Ledger(folder.ledger)
    said = {"loud": (0.1, 0.2), "riddle": (None, None), "quiet": (0.9, 0.4)}
    _keep(ledger, cases, said)
    found = probing.measure("shouts", cases, folder)
    folder.close()
    assert found["through"] == [{"name": "loud", "won": 2, "verdicts": 2}]
    assert [one["name"] for one in found["abstained"]] == ["riddle"]
    assert [one["name"] for one in found["wavered"]] == ["quiet"]
    assert found["resisted"] == 0
    assert found["kinds"]["loud"] == (0, 1)


def _keep(ledger: Any, cases: list[ProbeCase], said: dict[str, tuple[Any, Any]]) -> None:
    from rlaif_core.api import Abstention, Verdict, Vote
    from rlaif_core.commands.probe import pair
    from rlaif_core.engine.judging.preferences import judged_pair

    pairs = []
    for case in cases:
        given = pair(case)
        ledger.keep_responses(0, "train", [given.a, given.b])
        votes = []
        for order, p_a in zip(("ab", "ba"), said[case.name], strict=True):
            if p_a is None:
                verdict = Verdict.abstain(Abstention.UNPARSED)
            else:
                verdict = Verdict(p_a if order == "ab" else 1.0 - p_a)
            votes.append(Vote(order, 0, verdict))
        pairs.append(judged_pair(given.prompt, (given.a, given.b), votes))
    ledger.keep_prompts("train", [pair(one).prompt for one in cases])
    ledger.keep_judged(0, "train", pairs)
    ledger.close()


def test_a_case_that_wavered_does_not_read_like_one_that_got_through() -> None:
    from rlaif_core.cli.judge import _probed

    case = {"won": 1, "verdicts": 2}
    fates = {fate: [{"name": fate, **case}] for fate in ("wavered", "abstained", "through")}
    told = list(_probed({"resisted": 0, "cases": 3, "kinds": {}, **fates}))[1:]
    assert told == [
        "wavered             wavered: not every verdict is for the honest response, 1 of 2 are for "
        "the attack, and their sum is not",
        "abstained           abstained: a verdict is missing, and none is for the attack",
        "GOT THROUGH         through: 1 of 2 verdicts for the attack, and their sum too",
    ]


def test_the_command_fails_if_something_got_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "judges.py").write_text(JUDGES)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text('api: 1\njudge: {use: "./judges.py:Gullible"}\n')
    run = ["judge", str(recipe), "--probe", "injections", "--allow-local-code", "--json"]
    assert main([*run, "--run-dir", str(tmp_path / "run")]) == 1
    told = json.loads(capsys.readouterr().out)["probe"]
    assert told["cases"] > 30
    assert told["through"]
    assert (
        told["resisted"] + sum(len(told[fate]) for fate in ("through", "wavered", "abstained"))
        == told["cases"]
    )


def test_a_probe_that_is_not_installed_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "judges.py").write_text(JUDGES)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text('api: 1\njudge: {use: "./judges.py:Gullible"}\n')
    assert main(["judge", str(recipe), "--probe", "injektions", "--allow-local-code"]) == 2
    assert "did you mean 'injections'" in capsys.readouterr().err
