"""What cannot be trained or measured is refused before anything is sampled or judged."""

from __future__ import annotations

import pytest

from rlaif_core.api import DataError
from tests.support.fixtures import Toy
from tests.support.inside import Inside, inside

__all__ = ["inside"]

PICKY = '''
from rlaif_core.api import DataError, Optimizer


class Picky(Optimizer):
    """Wants other prompts."""

    def check(self, checkpoint, prompts):
        raise DataError(f"{len(prompts)} prompts are too long: shorten them")

    def train(self, job):
        return {}
'''


def test_an_optimizer_refuses_its_checkpoint_before_a_call_is_paid_for(toy: Toy) -> None:
    (toy.folder / "picky.py").write_text(PICKY)
    recipe = toy.folder / "toy.yaml"
    recipe.write_text(recipe.read_text().replace("./toy.py:Copy", "./picky.py:Picky"))
    done = toy.run()
    assert done.returncode == 2
    assert "12 prompts are too long: shorten them" in done.stderr
    assert "Traceback" not in done.stderr
    assert toy.asked() == []


PICKY_EVALUATOR = '''
from rlaif_core.api import DataError, Evaluator


class Picky(Evaluator):
    """Wants another file."""

    def check(self):
        raise DataError("bench.jsonl:2: no column 'chosen'")

    async def evaluate(self, evaluation):
        return {}
'''


def test_an_evaluator_refuses_its_file_before_a_call_is_paid_for(inside: Inside) -> None:
    (inside.folder / "picky.py").write_text(PICKY_EVALUATOR)
    with pytest.raises(DataError, match="no column 'chosen'"):
        inside.run(evaluators=[{"use": "./picky.py:Picky"}])
    assert inside.ledger.cost().calls == 0
