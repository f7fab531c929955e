from __future__ import annotations

import pytest

from rlaif_core.api import PluginError
from rlaif_core.registry import Entry, Registry
from rlaif_core.registry.errors import (
    AmbiguousError,
    LocalCodeError,
    NotFoundError,
    NotInstalledError,
    UnusableError,
)


def offer(kind: str, name: str, distribution: str = "acme", version: str = "1.0") -> Entry:
    return Entry(kind, name, distribution, version, f"{distribution}:{name}")


def message(registry: Registry, kind: str, use: str, error: type[PluginError]) -> str:
    with pytest.raises(error) as caught:
        registry.find(kind, use)
    return str(caught.value)


def test_a_name_finds_its_only_offer(installed):
    assert installed.find("models", "acme-model").value == "acme_judges.model:Echo"


def test_a_built_in_cannot_be_shadowed(installed):
    assert installed.find("executors", "local").distribution == "rlaif-core"
    assert installed.find("executors", "rival-judges/local").distribution == "rival-judges"


def test_two_offers_of_a_name_are_an_error_that_names_both(installed):
    assert message(installed, "judges", "acme", AmbiguousError) == (
        "judge 'acme' is offered by acme-judges 0.3 and rival-judges 1.0; "
        "choose with `use: acme-judges/acme` or `use: rival-judges/acme`"
    )


def test_the_distributions_name_chooses_in_any_spelling(installed):
    assert installed.find("judges", "Rival_Judges/acme").distribution == "rival-judges"


def test_a_disabled_plugin_leaves_the_name_to_the_other_one():
    registry = Registry([offer("judges", "x"), offer("judges", "x", "rival")])
    enabled = [entry for entry in registry.entries() if entry.distribution == "rival"]
    disabled = Entry("judges", "x", "acme", "1.0", "a:B", problem="disabled")
    assert Registry([disabled, *enabled]).find("judges", "x").distribution == "rival"


def test_an_unusable_entry_says_why(installed):
    assert message(installed, "judges", "futuristic", UnusableError) == (
        "judge 'futuristic' (acme-malformed 0.1): made for plugin API 2; this rlaif-core speaks 1"
    )


def test_a_misspelled_name_gets_a_suggestion_of_its_kind_alone():
    registry = Registry([offer("judges", "openai"), offer("models", "opnais")])
    assert message(registry, "judges", "opnai", NotFoundError) == (
        "judge 'opnai' not found; did you mean 'openai'?"
    )


def test_a_suggestion_may_be_a_plugin_that_is_not_installed():
    assert message(Registry([]), "judges", "pairwize", NotFoundError) == (
        "judge 'pairwize' not found; did you mean 'pairwise'?"
    )


def test_a_known_plugin_that_is_not_installed_comes_with_the_pip_command():
    expected = (
        "optimizer 'dpo' is in rlaif-trl, which is not installed: pip install 'rlaif-core[trl]'"
    )
    assert message(Registry([]), "optimizers", "dpo", NotInstalledError) == expected
    assert message(Registry([]), "optimizers", "rlaif-trl/dpo", NotInstalledError) == expected


def test_a_distributions_name_alone_is_answered_with_what_it_offers():
    registry = Registry([offer("judges", "strict", "acme-judges")])
    assert message(registry, "judges", "acme-judges", NotFoundError) == (
        "judge 'acme-judges' not found; that distribution's judges are: strict"
    )


def test_a_name_under_the_wrong_distribution_gets_the_right_one():
    registry = Registry([offer("judges", "strict", "acme-judges")])
    assert message(registry, "judges", "acme/strict", NotFoundError) == (
        "judge 'acme/strict' not found; did you mean 'acme-judges/strict'?"
    )


def test_a_name_of_another_kind_is_told():
    registry = Registry([offer("evaluators", "zebra"), offer("judges", "strict")])
    assert message(registry, "judges", "zebra", NotFoundError) == (
        "judge 'zebra' not found; evaluators have a 'zebra', judges do not"
    )


def test_a_name_like_no_other_gets_the_list_of_names():
    registry = Registry([offer("executors", "ray"), offer("executors", "local")])
    assert message(registry, "executors", "qqqq", NotFoundError) == (
        "executor 'qqqq' not found; installed executors: local, ray"
    )


def test_a_kind_without_any_plugin_is_told():
    assert message(Registry([]), "executors", "ray", NotFoundError) == (
        "executor 'ray' not found; no executor is installed"
    )


def test_local_code_is_refused_without_a_folder():
    assert message(Registry([]), "judges", "./my_judge.py:Strict", LocalCodeError) == (
        "judge './my_judge.py:Strict' is local code, which runs with --allow-local-code only"
    )
