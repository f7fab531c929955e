from __future__ import annotations

import hashlib
import os
import sys

import pytest

from rlaif_core.registry import Registry
from rlaif_core.registry.errors import ImportFailedError, LocalCodeError

SOURCE = """
from __future__ import annotations
from dataclasses import dataclass
from rlaif_core.api import Comparison, PairwiseJudge, Verdict

P = {p}

@dataclass
class Note:
    text: str

class Strict(PairwiseJudge):
    async def compare(self, comparison: Comparison) -> Verdict:
        return Verdict(p_first=P)
"""


@pytest.fixture
def judge_file(tmp_path):
    path = tmp_path / "my_judge.py"
    path.write_text(SOURCE.format(p=0.25))
    return path


def module_of(folder):
    registry = Registry([])
    component = registry.load(registry.find("judges", "./my_judge.py:Strict", folder=folder))
    return sys.modules[component.__module__]


def test_a_file_is_a_component_recorded_by_its_hash(judge_file):
    entry = Registry([]).find("judges", "./my_judge.py:Strict", folder=judge_file.parent)
    assert entry.sha256 == hashlib.sha256(judge_file.read_bytes()).hexdigest()
    assert entry.value == f"{judge_file.resolve()}:Strict"
    assert entry.label == "judge './my_judge.py:Strict'"


def test_the_file_is_imported_under_a_name_of_its_own(judge_file):
    module = module_of(judge_file.parent)
    assert module.P == 0.25
    assert module.__file__ == str(judge_file.resolve())
    assert "my_judge" not in sys.modules


def test_the_same_file_is_imported_once(judge_file):
    assert module_of(judge_file.parent) is module_of(judge_file.parent)


def test_an_edit_within_one_timestamp_is_seen(judge_file):
    before = judge_file.stat()
    assert module_of(judge_file.parent).P == 0.25
    judge_file.write_text(SOURCE.format(p=0.75))
    os.utime(judge_file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert module_of(judge_file.parent).P == 0.75


def test_no_bytecode_is_left_beside_the_recipe(judge_file):
    module_of(judge_file.parent)
    assert [path.name for path in judge_file.parent.iterdir()] == ["my_judge.py"]


def test_a_file_that_changes_between_hash_and_import_is_refused(judge_file):
    registry = Registry([])
    entry = registry.find("judges", "./my_judge.py:Strict", folder=judge_file.parent)
    judge_file.write_text("raise SystemExit('never run')")
    with pytest.raises(LocalCodeError, match="changed while the recipe was being read"):
        registry.load(entry)


def test_a_missing_file_is_told_with_its_full_path(tmp_path):
    with pytest.raises(LocalCodeError) as caught:
        Registry([]).find("judges", "./gone.py:Strict", folder=tmp_path)
    path = tmp_path.resolve() / "gone.py"
    assert str(caught.value) == f"judge './gone.py:Strict': {path}: No such file or directory"


def test_a_file_without_a_class_is_told_how_to_write_it(tmp_path):
    with pytest.raises(LocalCodeError) as caught:
        Registry([]).find("judges", "./my_judge.py", folder=tmp_path)
    assert str(caught.value) == "judge './my_judge.py' names no class: write './file.py:Class'"


def test_a_syntax_error_names_file_and_line(tmp_path):
    (tmp_path / "my_judge.py").write_text("def broken(:\n")
    with pytest.raises(ImportFailedError, match=r"SyntaxError: .*\(my_judge.py, line 1\)"):
        module_of(tmp_path)


def test_a_file_that_failed_is_tried_afresh(judge_file):
    good = judge_file.read_text()
    judge_file.write_text("import surely_not_installed")
    for _ in range(2):
        with pytest.raises(ImportFailedError, match="No module named 'surely_not_installed'"):
            module_of(judge_file.parent)
    judge_file.write_text(good)
    assert module_of(judge_file.parent).P == 0.25
