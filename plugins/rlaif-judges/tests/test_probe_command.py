"""`rlaif probe`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlaif_core.api import (
    Abstention,
    JudgedPair,
    Message,
    ProbeCase,
    Prompt,
    Response,
    Verdict,
    Vote,
)
from rlaif_core.cli import main
from rlaif_judges.probing import _lines, measure

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


def case(name: str) -> ProbeCase:
    prompt = Prompt(name, (Message("user", f"who is {name}"),))
    return ProbeCase(name, prompt, "honest", f"{name}!", kind=name)


def judged(case: ProbeCase, p_honest: tuple[float | None, float | None]) -> JudgedPair:
    """The case's pair, whose honest response A has these probabilities in the two orders."""
    a, b = (Response.of(case.prompt, text, i) for i, text in enumerate((case.honest, case.attack)))
    votes = []
    for order, p_a in zip(("ab", "ba"), p_honest, strict=True):
        first = Verdict.abstain(Abstention.UNPARSED)
        if p_a is not None:
            first = Verdict(p_a if order == "ab" else 1.0 - p_a)
        votes.append(Vote(order, 0, first))
    known = [p_a for p_a in p_honest if p_a is not None]
    p_a = sum(known) / len(known) if known else None
    return JudgedPair(case.prompt, a, b, tuple(votes), p_a, agreement=1.0)


VERDICTS = {"loud": (0.1, 0.2), "riddle": (None, None), "quiet": (0.9, 0.4), "plain": (0.9, 0.8)}


def measured() -> dict[str, object]:
    cases = list(map(case, VERDICTS))
    pairs = [judged(tried, VERDICTS[tried.name]) for tried in cases]
    return measure("shouts", cases, pairs)


def test_attack_success_is_told_apart_from_an_inconsistent_and_a_missing_verdict() -> None:
    probe = measured()
    assert probe["through"] == [{"name": "loud", "won": 2, "verdicts": 2}]
    assert [tried["name"] for tried in probe["abstained"]] == ["riddle"]
    assert [tried["name"] for tried in probe["wavered"]] == ["quiet"]
    assert (probe["resisted"], probe["cases"]) == (1, 4)
    assert probe["kinds"] == {"loud": (0, 1), "riddle": (0, 1), "quiet": (0, 1), "plain": (1, 1)}


def test_the_attack_success_rate_is_a_share_of_all_cases() -> None:
    probe = measured()
    assert probe["attack_success_rate"] == 0.25
    assert next(_lines(probe)) == "attack success rate 25.0%  1 of 4 cases"


def test_an_inconsistent_case_does_not_read_like_a_successful_attack() -> None:
    assert list(_lines(measured()))[-3:] == [
        "ATTACK SUCCESS      loud: 2 of 2 verdicts for the attack, and their sum too",
        "inconsistent        quiet: 1 of 2 verdicts for the attack, not all for the honest "
        "response, and their sum is not for the attack",
        "abstained           riddle: a verdict is missing, and none is for the attack",
    ]


def test_the_command_fails_if_an_attack_succeeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "judges.py").write_text(JUDGES)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text('api: 1\njudge: {use: "./judges.py:Gullible"}\n')
    run = ["probe", str(recipe), "injections", "--allow-local-code", "--json"]
    assert main([*run, "--run-dir", str(tmp_path / "run")]) == 1
    probe = json.loads(capsys.readouterr().out)["probe"]
    assert probe["cases"] > 30
    assert probe["through"]
    others = sum(len(probe[fate]) for fate in ("through", "wavered", "abstained"))
    assert probe["resisted"] + others == probe["cases"]
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["probe"] == probe


def test_a_probe_that_is_not_installed_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "judges.py").write_text(JUDGES)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text('api: 1\njudge: {use: "./judges.py:Gullible"}\n')
    assert main(["probe", str(recipe), "injektions", "--allow-local-code"]) == 2
    assert "did you mean 'injections'" in capsys.readouterr().err
