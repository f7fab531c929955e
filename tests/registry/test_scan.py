from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.registry import Entry, Registry
from rlaif_core.registry.entry import GROUPS


def entry(registry: Registry, name: str) -> Entry:
    (found,) = (entry for entry in registry.entries() if entry.name == name)
    return found


def test_an_installed_plugin_is_listed_with_its_version_and_its_docstrings_first_line(installed):
    assert entry(installed, "acme-model") == Entry(
        kind="models",
        name="acme-model",
        distribution="acme-judges",
        version="0.3",
        value="acme_judges.model:Echo",
        summary="Says one word.",
    )


def test_the_core_registers_its_own_components_like_any_plugin(installed):
    assert "rlaif-core" in [entry.distribution for entry in installed.entries("executors")]


def test_entries_are_sorted_by_kind_and_name(installed):
    usable = [entry for entry in installed.entries() if not entry.problem]
    order = [(GROUPS.index(entry.kind), entry.name) for entry in usable]
    assert order == sorted(order)


def test_scanning_imports_no_plugin_and_nothing_heavy(plugin_site):
    program = (
        f"import sys; sys.path.insert(0, {str(plugin_site)!r})\n"
        "from rlaif_core.registry import Registry\n"
        "assert any(entry.name == 'slow' for entry in Registry.scan().entries())\n"
        "print(' '.join(sys.modules))"
    )
    modules = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    heavy = {"pydantic", "pluggy", "yaml", "rich", "numpy", "importlib.metadata", "acme_slow"}
    assert not heavy & set(modules)


def test_a_class_without_source_has_its_distributions_summary(make_distribution):
    site = make_distribution("[rlaif.v1.judges]\nx = nowhere.at_all:X\n")
    assert entry(Registry.scan([str(site)]), "x").summary == "A summary."


def test_the_summary_is_read_from_a_package_as_well(make_distribution):
    site = make_distribution("[rlaif.v1.judges]\nx = pack:X\n")
    (site / "pack").mkdir()
    source = (
        "class Other:\n    '''Not this.'''\n\nclass X(Base[\n    P]):\n    r'''This one.\n\n    '''"
    )
    (site / "pack" / "__init__.py").write_text(source)
    assert entry(Registry.scan([str(site)]), "x").summary == "This one."


def test_the_first_distribution_of_a_name_on_the_path_wins(make_distribution):
    first = make_distribution("[console_scripts]\na = b:c\n", "Acme.Judges", "1.0", "first")
    second = make_distribution("[rlaif.v1.judges]\nx = y:Z\n", "acme-judges", "2.0", "second")
    assert not Registry.scan([str(first), str(second)]).entries()
    assert entry(Registry.scan([str(second), str(first)]), "x").version == "2.0"


def test_folders_that_are_not_there_and_archives_are_passed_over(tmp_path):
    archive = tmp_path / "python.zip"
    archive.write_bytes(b"PK")
    assert Registry.scan([str(archive), str(tmp_path / "nowhere")]).entries() == []


def test_a_value_that_is_no_reference_is_a_problem_of_that_line_alone(make_distribution):
    site = make_distribution("[rlaif.v1.judges]\nbad = no reference\ngood = a.b:C [extra]\nworse\n")
    registry = Registry.scan([str(site)])
    assert entry(registry, "bad").problem == "entry_points.txt line 2 is not `name = module:Class`"
    assert (
        entry(registry, "worse").problem == "entry_points.txt line 4 is not `name = module:Class`"
    )
    assert entry(registry, "good").problem is None
    assert entry(registry, "good").value == "a.b:C"


def test_a_group_of_another_api_version_is_a_problem(installed):
    assert entry(installed, "futuristic").problem == (
        "made for plugin API 2; this rlaif-core speaks 1"
    )


def test_an_unknown_kind_is_a_problem_that_names_the_kinds(installed):
    problem = entry(installed, "misfiled").problem
    assert problem is not None
    assert problem.startswith("unknown kind 'judgements', which is none of models, samplers,")


def test_a_name_given_twice_by_one_distribution_is_a_problem(make_distribution):
    site = make_distribution("[rlaif.v1.judges]\nx = a:B\nx = a:C\n")
    problems = [entry.problem for entry in Registry.scan([str(site)]).entries()]
    assert problems == [None, "offered twice by its distribution"]


def test_plugins_are_disabled_by_an_environment_variable(plugin_site):
    environ = {"RLAIF_DISABLE_PLUGINS": "Acme_Judges, nobody"}
    registry = Registry.scan([str(plugin_site)], environ)
    assert entry(registry, "acme-model").problem == "disabled by RLAIF_DISABLE_PLUGINS"
    assert entry(registry, "slow").problem is None


def test_the_core_cannot_be_disabled():
    registry = Registry.scan(environ={"RLAIF_DISABLE_PLUGINS": "rlaif-core"})
    assert registry.find("executors", "local").problem is None


@given(st.binary())
def test_no_metadata_can_break_the_scan(raw):
    with tempfile.TemporaryDirectory() as folder:
        info = Path(folder, "acme-1.0.dist-info")
        info.mkdir()
        (info / "entry_points.txt").write_bytes(b"[rlaif.v1.judges]\n" + raw)
        (info / "METADATA").write_bytes(raw)
        for entry in Registry.scan([folder]).entries():
            assert entry.problem is not None or ":" in entry.value
