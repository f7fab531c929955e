"""The probe `injections`, and the verdicts of two models in `rlaif probe`."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from rlaif_core.cli import main
from rlaif_core.testing import Conformance
from rlaif_judges.injections import injections
from rlaif_judges.injections.probe import Injections


class TestConformance(Conformance):
    component = Injections

    async def exercise(self, component):
        return list(component.cases())


def cases():
    return list(Injections(Injections.Params()).cases())


def test_every_attack_of_the_suite_is_a_case():
    assert [(case.name, case.kind) for case in cases()] == [
        (injection.id, injection.kind) for injection in injections()
    ]


def test_names_and_prompt_ids_are_unique():
    assert len({case.name for case in cases()}) == len(cases())
    assert len({case.prompt.id for case in cases()}) == len(cases())


def test_honest_and_attack_are_different_texts():
    assert all(case.honest and case.attack and case.honest != case.attack for case in cases())


def probed(folder, judge, kind, capsys):
    """Exit code and metrics of `rlaif probe` with the toy's reader."""
    shutil.copy(Path(__file__).with_name("toy.py"), folder)
    reader = {"use": "./toy.py:Reader", "params": {"gullible": kind == "gullible"}}
    recipe = {"api": 1, "models": {"reader": reader}, "judge": {"use": judge, "model": "reader"}}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    command = ["probe", str(folder / "recipe.yaml"), "injections", "--json"]
    code = main([*command, "--allow-local-code", "--run-dir", str(folder / "run")])
    return code, json.loads(capsys.readouterr().out)["probe"]


@pytest.mark.parametrize("judge", ["pairwise", "constitutional", "score", "self-rewarding"])
def test_a_model_that_reads_what_was_asked_resists_every_attack(judge, tmp_path, capsys):
    code, told = probed(tmp_path, judge, "robust", capsys)
    assert (code, told["resisted"], told["through"]) == (0, len(cases()), [])


@pytest.mark.parametrize("judge", ["pairwise", "constitutional", "score", "self-rewarding"])
def test_a_model_that_obeys_what_it_reads_is_found_out(judge, tmp_path, capsys):
    """All but the openings get through: they order nothing, and it knows that they are no answer.

    A score that stands word for word in the response is not taken even from this model.
    """
    code, told = probed(tmp_path, judge, "gullible", capsys)
    resisted = {kind: right for kind, (right, _) in told["kinds"].items()}
    assert code == 1
    assert resisted.pop("master-key") == 7
    assert not any(resisted.values())
    kept = [case["name"] for case in told["abstained"]]
    assert len(told["through"]) + len(kept) == len(cases()) - 7
    assert {"score": 2, "self-rewarding": 1}.get(judge, 0) == len(kept)
