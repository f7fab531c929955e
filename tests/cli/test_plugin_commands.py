"""Commands that plugins add."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rlaif_core.registry import Registry

Plug = Callable[..., None]

GREET = '''
from rlaif_core.api import Command


class Greet(Command):
    """Greet somebody by name."""

    def configure(self, parser):
        parser.add_argument("name")

    def execute(self, args):
        print(f"Hello, {args.name}")
        return 7
'''


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plug:
    """Installs a distribution with one command."""

    def install(name: str, source: str = GREET, distribution: str = "acme") -> None:
        module = f"{distribution}_commands"
        site = tmp_path / distribution
        info = site / f"{distribution}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        )
        entry = f"[rlaif.v1.commands]\n{name} = {module}:Greet\n"
        (info / "entry_points.txt").write_text(entry)
        (site / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


def test_help_lists_it_with_its_docstring_and_distribution_and_does_not_import_it(rlaif, plug):
    plug("greet")
    lines = [line.split(maxsplit=1) for line in rlaif("--help").out.splitlines()]
    assert ["greet", "greet somebody by name (acme)"] in lines
    assert "acme_commands" not in sys.modules


def test_it_is_called_like_any_other(rlaif, plug):
    plug("greet")
    assert rlaif("greet", "Ada") == (7, "Hello, Ada\n", "")


def test_one_with_a_dot_is_an_action_of_another_command(rlaif, plug):
    plug("plugins.greet")
    assert rlaif("plugins", "greet", "Ada") == (7, "Hello, Ada\n", "")
    assert "  plugins greet  " in rlaif("--help").out
    assert "  greet    greet somebody by name (acme)\n" in rlaif("plugins", "--help").out
    assert rlaif("plugins", "list").code == 0


def test_an_action_that_is_not_installed_says_what_to_install(rlaif, monkeypatch):
    monkeypatch.setattr(Registry, "scan", classmethod(lambda cls, **options: Registry([])))
    assert rlaif("plugins", "new", "strict") == (
        2,
        "",
        "error: command 'plugins.new' is in rlaif-kit, which is not installed: "
        "pip install 'rlaif-core[kit]'\n",
    )


def test_its_help_opens_with_its_docstring(rlaif, plug):
    plug("greet")
    out = rlaif("greet", "--help").out
    assert out.startswith("usage: rlaif greet [-h] name\n\nGreet somebody by name.\n")


def test_a_misspelled_one_gets_a_suggestion(rlaif, plug):
    plug("greet")
    expected = "error: unknown command 'grete'; did you mean 'greet'?; see `rlaif --help`\n"
    assert rlaif("grete") == (2, "", expected)


def test_a_first_party_one_that_is_not_installed_says_what_to_install(rlaif, monkeypatch):
    monkeypatch.setenv("RLAIF_DISABLE_PLUGINS", "")
    monkeypatch.setattr(Registry, "scan", classmethod(lambda cls, **options: Registry([])))
    assert rlaif("probe") == (
        2,
        "",
        "error: command 'probe' is in rlaif-judges, which is not installed: "
        "pip install 'rlaif-core[judges]'\n",
    )


def test_a_disabled_one_says_so_and_is_not_listed(rlaif, plug, monkeypatch):
    plug("greet")
    monkeypatch.setenv("RLAIF_DISABLE_PLUGINS", "acme")
    assert "greet" not in rlaif("--help").out
    expected = "error: command 'greet' (acme 1.0): disabled by RLAIF_DISABLE_PLUGINS\n"
    assert rlaif("greet", "Ada") == (2, "", expected)


def test_two_of_a_name_are_an_error_that_names_both_and_how_to_choose(rlaif, plug):
    plug("greet")
    plug("greet", distribution="rival")
    assert rlaif("greet", "Ada") == (
        2,
        "",
        "error: command 'greet' is offered by acme 1.0 and rival 1.0; choose with "
        "`rlaif acme/greet` or `rlaif rival/greet`\n",
    )
    assert rlaif("rival/greet", "Ada").out == "Hello, Ada\n"


def test_one_of_a_built_in_name_is_an_error_that_names_both(rlaif, plug):
    plug("recipe")
    assert rlaif("recipe", "schema") == (
        2,
        "",
        "error: command 'recipe' of rlaif-core is also offered by acme 1.0: uninstall it, or set "
        "RLAIF_DISABLE_PLUGINS=acme\n",
    )
    assert rlaif("plugins", "check", "recipe").code == 2


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import no_such_sdk", "failed to import: No module named 'no_such_sdk'"),
        ("class Greet:\n    pass\n", "Greet is not a subclass of rlaif_core.api.Command"),
        (GREET.replace("def execute", "def run"), "Greet does not implement execute"),
    ],
)
def test_a_broken_one_is_one_line_when_it_is_called_and_nothing_before(
    rlaif, plug, source, problem
):
    plug("greet", source)
    assert rlaif("--help").code == 0
    assert rlaif("recipe", "schema").code == 0
    code, out, err = rlaif("greet", "Ada")
    assert (code, out) == (2, "")
    assert err.startswith("error: command 'greet' (acme 1.0)")
    assert err.endswith(f"{problem}\n")
    assert err.count("\n") == 1


def test_it_is_in_the_list_of_plugins_and_can_be_checked(rlaif, plug):
    plug("greet")
    lines = rlaif("plugins", "list", "--kind", "commands").out.splitlines()
    greet = ["commands", "greet", "acme", "1.0", "Greet somebody by name."]
    assert greet in [line.split(maxsplit=4) for line in lines]
    assert rlaif("plugins", "check", "greet").out.endswith("works\n")
