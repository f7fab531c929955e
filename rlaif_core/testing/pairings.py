"""Conformance of pairings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from rlaif_core.api import JudgedPair, Pair, Pairing, Prompt, Ranking, Response
from rlaif_core.testing.conformance import Conformance, run
from rlaif_core.testing.sample import judge_all, make_prompt, make_ranking, make_responses

PROMPT: Final = make_prompt()
SIZES: Final = (0, 1, 2, 3, 5, 8)
MOST_BATCHES: Final = 1_000

Judge = Callable[[Response, Response], "float | None"]


class PairingConformance(Conformance[Pairing[Any]]):
    """Checks a pairing on 0 to 8 responses, with judges that decide, tie and abstain.

    Attributes:
        prompt: What the responses answer.
        sizes: Numbers of responses to try it on; 0 and 1 are always tried.
    """

    prompt: ClassVar[Prompt] = PROMPT
    sizes: ClassVar[Sequence[int]] = SIZES

    def responses(self, size: int) -> Sequence[Response]:
        """Responses to rank, of which the later ones are better."""
        return make_responses(self.prompt, *(f"answer {index}" for index in range(size)))

    def p_first(self, first: Response, second: Response) -> float:
        """Probability by the judge: 0.73 for the next better one, and surer with their distance."""
        return 1.0 / (1.0 + math.exp(second.index - first.index))

    async def exercise(self, component: Pairing[Any]) -> list[tuple[str, str]]:
        """Pairs selected from every size, by the ids of their responses."""
        return [
            (better.id, worse.id)
            for size in self.sizes
            for better, worse in component.select(self._judged(component, size, self.p_first))
        ]

    def test_it_proposes_no_response_against_itself_and_no_pair_twice(self) -> None:
        """Each would be a paid call for nothing."""

        async def proposed() -> None:
            async with self.running() as pairing:
                for size in self.sizes:
                    self._judged(pairing, size, self.p_first)

        run(proposed())

    def test_with_fewer_than_two_responses_there_is_nothing_to_do(self) -> None:
        """Sampling may have failed for a prompt."""

        async def nothing() -> None:
            async with self.running() as pairing:
                for size in (0, 1):
                    ranking = self._judged(pairing, size, self.p_first)
                    assert not ranking.judged, f"it proposes pairs of {size} responses"
                    assert not pairing.select(ranking), f"it selects pairs of {size} responses"

        run(nothing())

    def test_it_selects_the_better_response_first(self) -> None:
        """The engine takes the first for chosen."""

        async def selected() -> None:
            async with self.running() as pairing:
                for size in (size for size in self.sizes if size > 1):
                    pairs = pairing.select(self._judged(pairing, size, self.p_first))
                    assert pairs, (
                        f"it selects nothing of {size} responses with a clear order; a pairing "
                        "that needs more of them, other texts or surer verdicts overrides "
                        "`sizes`, `responses` or `p_first`"
                    )
                    assert len(set(map(_ids, pairs))) == len(pairs), "it selects a pair twice"
                    for better, worse in pairs:
                        assert better.index > worse.index, f"{worse} is better than {better}"

        run(selected())

    def test_it_selects_nothing_that_the_judge_left_undecided(self) -> None:
        """Neither an abstention nor a tie says which response to learn from."""

        async def selected() -> None:
            async with self.running() as pairing:
                for undecided in (_abstains, _ties):
                    for size in self.sizes:
                        pairs = pairing.select(self._judged(pairing, size, undecided))
                        assert not pairs, f"it selects {pairs} from {undecided.__name__}"

        run(selected())

    def _judged(self, pairing: Pairing[Any], size: int, judge: Judge) -> Ranking:
        return _tournament(pairing, self.prompt, self.responses(size), judge)


def _tournament(
    pairing: Pairing[Any], prompt: Prompt, responses: Sequence[Response], judge: Judge
) -> Ranking:
    """Judge what the pairing proposes until it proposes nothing more."""
    known = {response.id for response in responses}
    judged: list[JudgedPair] = []
    seen: set[frozenset[str]] = set()
    for _ in range(MOST_BATCHES):
        ranking = make_ranking(prompt, responses, judged)
        batch = pairing.propose(ranking)
        if not batch:
            return ranking
        _check_new(batch, known, seen)
        judged += judge_all(prompt, batch, judge)
    raise AssertionError(f"it still proposes pairs after {MOST_BATCHES} batches")


def _check_new(batch: Sequence[Pair], known: set[str], seen: set[frozenset[str]]) -> None:
    for pair in batch:
        ids = _ids(pair)
        assert ids <= known, f"{pair} is not of the given responses"
        assert len(ids) == 2, f"it proposes {pair[0]} against itself"
        assert ids not in seen, f"it proposes {pair} twice"
        seen.add(ids)


def _ids(pair: Pair) -> frozenset[str]:
    return frozenset((pair[0].id, pair[1].id))


def _ties(first: Response, second: Response) -> float:
    return 0.5


def _abstains(first: Response, second: Response) -> None:
    return None
