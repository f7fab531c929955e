from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rlaif_core.api import RecipeError
from rlaif_core.recipe.load import load_recipe
from rlaif_core.recipe.recipe import Recipe

Load = Callable[..., Recipe]
Problems = Callable[..., list[str]]

LOCAL_PARTS = '''
from collections.abc import Iterator, Sequence

from rlaif_core.api import (
    Comparison, Pairing, PairwiseJudge, Prompt, Ranking, Response, Sampler, Source, Verdict
)


class Prompts(Source):
    """No prompts at all."""

    def prompts(self) -> Iterator[Prompt]:
        return iter(())


class Answers(Sampler):
    """No responses at all."""

    async def sample(self, prompt: Prompt) -> Sequence[Response]:
        return []


class Every(Pairing):
    """No pairs at all."""

    def propose(self, ranking: Ranking):
        return []

    select = propose


class Tie(PairwiseJudge):
    """Calls everything a tie."""

    async def compare(self, comparison: Comparison) -> Verdict:
        return Verdict(p_first=0.5)
'''


@pytest.fixture
def load(plugin_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads a recipe's text from a file `recipe.yaml`, beside `parts.py`, for `rlaif judge`."""
    monkeypatch.syspath_prepend(str(plugin_site))
    monkeypatch.setenv("RLAIF_DISABLE_PLUGINS", "rival-judges")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts.py").write_text(LOCAL_PARTS)

    def load(text: str | bytes, *overrides: str, **options: Any) -> Recipe:
        raw = text if isinstance(text, bytes) else text.encode()
        Path("recipe.yaml").write_bytes(raw)
        options = {"purpose": "judge", "allow_local_code": True, **options}
        return load_recipe("recipe.yaml", overrides=overrides, **options)

    return load


@pytest.fixture
def problems(load: Load) -> Problems:
    """Every problem of a recipe's text, one line each; fails if there is none."""

    def problems(text: str | bytes, *overrides: str, **options: Any) -> list[str]:
        with pytest.raises(RecipeError) as caught:
            load(text, *overrides, **options)
        assert str(caught.value) == "\n".join(caught.value.problems)
        return caught.value.problems

    return problems
