from __future__ import annotations

import json

import pytest


def line(out: str, *words: str) -> str:
    (found,) = (line for line in out.splitlines() if all(word in line.split() for word in words))
    return " ".join(found.split())


def test_a_plugin_is_one_line_with_kind_name_distribution_and_version(rlaif):
    code, out, err = rlaif("plugins", "list")
    assert (code, err) == (0, "")
    assert line(out, "acme-model") == "models acme-model acme-judges 0.3 Says one word."


def test_columns_are_aligned(rlaif):
    lines = rlaif("plugins", "list", "--kind", "judges").out.splitlines()
    assert len({line.index(line.split()[2]) for line in lines}) == 1


def test_a_broken_plugin_is_one_line_and_harms_nobody(rlaif):
    out = rlaif("plugins", "list").out
    assert line(out, "futuristic") == (
        "judges futuristic acme-malformed 0.1 problem: made for plugin API 2; "
        "this rlaif-core speaks 1"
    )
    assert line(out, "broken")


def test_a_kind_can_be_asked_for_alone(rlaif):
    lines = rlaif("plugins", "list", "--kind", "executors").out.splitlines()
    assert {line.split()[0] for line in lines} == {"executors"}


def test_an_unknown_kind_is_told_with_the_nearest_and_all_kinds(rlaif):
    code, _, err = rlaif("plugins", "list", "--kind", "judgs")
    assert code == 2
    assert "invalid choice: 'judgs'; did you mean 'judges'? There are models, samplers," in err
    assert err.count("\n") == 1


def test_the_list_as_json(rlaif):
    records = json.loads(rlaif("plugins", "list", "--json").out)
    (model,) = (record for record in records if record["name"] == "acme-model")
    assert model == {
        "kind": "models",
        "name": "acme-model",
        "distribution": "acme-judges",
        "version": "0.3",
        "value": "acme_judges.model:Echo",
        "summary": "Says one word.",
        "problem": None,
    }


def test_nothing_of_a_kind_is_an_empty_list(rlaif, monkeypatch):
    monkeypatch.setattr("sys.path", [])
    assert rlaif("plugins", "list") == (0, "", "")
    assert rlaif("plugins", "list", "--json") == (0, "[]\n", "")


def test_a_check_of_a_plugin_that_works(rlaif):
    code, out, _ = rlaif("plugins", "check", "acme-model")
    assert (code, " ".join(out.split())) == (0, "models acme-model acme-judges 0.3 works")


def test_a_distributions_name_checks_all_that_it_offers(rlaif):
    code, out, _ = rlaif("plugins", "check", "acme-hooks")
    assert code == 2
    assert len(out.splitlines()) == 6


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("broken", "failed to import: No module named 'acme_sdk'"),
        ("misspelled", "there is no hook 'rlaif_jugde'; did you mean 'rlaif_judge'?"),
        ("unfinished", "Unfinished does not implement compare"),
        ("mangled", "entry_points.txt line 5 is not `name = module:Class`"),
        ("acme-broken", "failed to import: No module named 'acme_sdk'"),
        (
            "rival-judges",
            "judge 'acme' is offered by acme-judges 0.3 and rival-judges 1.0; choose with "
            "`use: acme-judges/acme` or `use: rival-judges/acme`",
        ),
    ],
)
def test_a_check_tells_what_is_wrong(rlaif, name, problem):
    code, out, err = rlaif("plugins", "check", name)
    assert (code, err) == (2, "")
    assert problem in out


def test_a_check_as_json(rlaif):
    code, out, _ = rlaif("plugins", "check", "broken", "--json")
    report = json.loads(out)
    assert code == 2
    assert report["components"][0]["problem"] == "failed to import: No module named 'acme_sdk'"


def test_a_check_of_nothing_is_an_error(rlaif):
    assert rlaif("plugins", "check", "nobody") == (
        2,
        "",
        "error: nothing installed is called 'nobody'; see `rlaif plugins list`\n",
    )
