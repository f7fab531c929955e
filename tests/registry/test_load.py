from __future__ import annotations

import pytest

from rlaif_core.api import Hook, hookimpl
from rlaif_core.registry import Entry, Registry
from rlaif_core.registry.contract import breaches
from rlaif_core.registry.errors import ContractError, ImportFailedError


def failure(registry: Registry, kind: str, name: str, error: type[Exception]) -> str:
    with pytest.raises(error) as caught:
        registry.load(registry.find(kind, name))
    return str(caught.value)


def test_loading_imports_the_class(installed):
    component = installed.load(installed.find("judges", "acme-judges/acme"))
    assert component.__name__ == "Acme"


def test_a_missing_library_is_one_line_that_names_plugin_and_version(installed):
    assert failure(installed, "judges", "broken", ImportFailedError) == (
        "judge 'broken' (acme-broken 0.3) failed to import: No module named 'acme_sdk'"
    )


def test_the_import_error_stays_behind_the_line_for_debugging(installed):
    with pytest.raises(ImportFailedError) as caught:
        installed.load(installed.find("judges", "broken"))
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_class_that_is_not_in_its_module_is_told(installed):
    assert failure(installed, "judges", "lost", ImportFailedError) == (
        "judge 'lost' (acme-hooks 0.1) failed to import: "
        "module 'acme_hooks.unfinished' has no attribute 'Lost'"
    )


@pytest.mark.parametrize("body", ["raise ValueError('no\\nway')", "import sys; sys.exit('no')"])
def test_whatever_a_module_raises_is_one_line(tmp_path, monkeypatch, body):
    (tmp_path / "rude_plugin.py").write_text(body)
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = Entry("judges", "rude", "rude-plugin", "1.0", "rude_plugin:Judge")
    with pytest.raises(ImportFailedError, match=r"^judge 'rude' .* failed to import: \w+: no$"):
        Registry([entry]).load(entry)


def test_what_an_import_prints_goes_to_standard_error(tmp_path, monkeypatch, capsys):
    source = "print('hello')\nfrom rlaif_core.api import Hook\nclass Loud(Hook):\n    pass\n"
    (tmp_path / "loud_plugin.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = Entry("hooks", "loud", "loud-plugin", "1.0", "loud_plugin:Loud")
    Registry([entry]).load(entry)
    assert capsys.readouterr() == ("", "hello\n")


def test_a_class_of_another_kind_is_refused(installed):
    assert failure(installed, "judges", "no-judge", ContractError) == (
        "judge 'no-judge' (acme-hooks 0.1): Counter is not a subclass of "
        "rlaif_core.api.PairwiseJudge or rlaif_core.api.PointwiseJudge"
    )


def test_a_function_is_no_component():
    assert breaches("hooks", len) == [
        "<built-in function len> is not a subclass of rlaif_core.api.Hook"
    ]


def test_a_class_without_its_methods_is_refused(installed):
    assert failure(installed, "judges", "unfinished", ContractError) == (
        "judge 'unfinished' (acme-hooks 0.1): Unfinished does not implement compare"
    )


def test_parameters_must_be_the_apis():
    class Loose(Hook):
        Params = dict

    assert breaches("hooks", Loose) == ["Loose.Params is not a subclass of rlaif_core.api.Params"]


def test_a_misspelled_hook_is_refused_with_a_suggestion(installed):
    assert failure(installed, "hooks", "misspelled", ContractError) == (
        "hook 'misspelled' (acme-hooks 0.1): there is no hook 'rlaif_jugde'; "
        "did you mean 'rlaif_judge'?"
    )


def test_an_argument_that_a_hook_does_not_have_is_refused(installed):
    assert failure(installed, "hooks", "greedy", ContractError) == (
        "hook 'greedy' (acme-hooks 0.1): hook 'rlaif_judge' has no argument 'temperature', "
        "only comparisons, judge, round_index"
    )


def test_a_hook_may_leave_arguments_out(installed):
    assert installed.load(installed.find("hooks", "counter")).__name__ == "Counter"


def test_methods_that_are_no_hooks_are_the_plugins_own():
    class Tracer(Hook):
        def rlaif_like_name(self, anything):
            return anything

        @hookimpl
        def rlaif_run_started(self, name):
            return None

    assert breaches("hooks", Tracer) == []
