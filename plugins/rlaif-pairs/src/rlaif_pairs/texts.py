"""Filters on the texts themselves: duplicates and lengths."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from pydantic import Field

from rlaif_core.api import Drop, Filter, Params, Preference


class Duplicates(Filter[Params]):
    """Drops pairs that are there already, and pairs of one and the same text."""

    def apply(self, preferences: Sequence[Preference]) -> tuple[list[Preference], list[Drop]]:
        """Keep the first of each pair of texts, whichever of the two was chosen.

        Pairs are the same if they differ only in white space, letter case or Unicode form. The
        two responses of one pair may differ in just that: only equal ones are dropped.
        """
        kept: list[Preference] = []
        dropped: list[Drop] = []
        seen: set[tuple[str, frozenset[str]]] = set()
        for preference in preferences:
            chosen, rejected = preference.chosen.text, preference.rejected.text
            pair = frozenset((_normalised(chosen), _normalised(rejected)))
            key = (_normalised(preference.prompt.text), pair)
            if chosen.strip() == rejected.strip():
                dropped.append(Drop(preference, "identical responses"))
            elif key in seen:
                dropped.append(Drop(preference, "duplicate pair"))
            else:
                seen.add(key)
                kept.append(preference)
        return kept, dropped


class LengthParams(Params):
    """Parameters of `length`."""

    max_ratio: float | None = Field(
        default=2.0, gt=0, description="the chosen response's length over the rejected one's"
    )
    min_ratio: float = Field(
        default=0.0,
        ge=0,
        description="the same, at least: for a judge that likes what is short. RLAIF-V's "
        "threshold t on the share by which chosen is shorter is `1 - t` here",
    )
    min_characters: int = Field(default=1, ge=0, description="in each response")
    max_characters: int | None = Field(default=None, ge=1, description="in each response")
    max_chosen_characters: int | None = Field(
        default=None, ge=1, description="in the chosen response"
    )


class Length(Filter[LengthParams]):
    """Drops pairs whose responses are too short, too long, or chosen by length bias."""

    Params = LengthParams

    def reason(self, preference: Preference) -> str | None:
        """Drop by the characters of both responses."""
        chosen, rejected = len(preference.chosen.text), len(preference.rejected.text)
        least, most = self.params.min_characters, self.params.max_characters
        most_chosen = self.params.max_chosen_characters
        ratio = self.params.max_ratio
        if min(chosen, rejected) < least:
            return f"response shorter than {least} characters"
        if most is not None and max(chosen, rejected) > most:
            return f"response longer than {most} characters"
        if most_chosen is not None and chosen > most_chosen:
            return f"chosen longer than {most_chosen} characters"
        if ratio is not None and chosen > ratio * rejected:
            return f"chosen more than {ratio:g} times as long as rejected"
        if chosen < self.params.min_ratio * rejected:
            return f"chosen less than {self.params.min_ratio:g} times as long as rejected"
        return None


def _normalised(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
