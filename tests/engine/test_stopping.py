"""A run that ends begins no further call, whichever of its models is asked."""

from __future__ import annotations

import asyncio

from rlaif_core.engine.components import Components
from rlaif_core.engine.progress import Progress
from rlaif_core.recipe.load import load_recipe
from rlaif_core.store.ledger import Ledger
from tests.support.fake_model import ask
from tests.support.fixtures import Toy


def test_while_one_model_finishes_its_calls_no_other_begins_more(toy: Toy, ledger: Ledger) -> None:
    toy.write(policy="pause: 0.3", judge="pause: 0.02")

    async def scenario() -> None:
        recipe = load_recipe(toy.folder / "toy.yaml", allow_local_code=True)
        parts = Components(recipe, ledger, Progress())
        slow, quick = await parts.caller("policy"), await parts.caller("models.judge")
        asking = [asyncio.ensure_future(slow.chat(ask("slow")))]
        asking += [asyncio.ensure_future(quick.chat(ask(str(i)))) for i in range(100)]
        await asyncio.sleep(0.01)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await parts.close()

    asyncio.run(scenario())
    assert len(toy.asked()) == 1 + 8  # what was in flight
