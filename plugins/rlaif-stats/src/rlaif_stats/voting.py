"""When further votes can no longer change whether a pair is kept for its agreement."""

from __future__ import annotations

import math

_ROUNDING = 1e-9


def votes_needed(total: int, keep_at: float) -> int:
    """Votes for one side out of `total` that make its share at least `keep_at`.

    Args:
        total: Votes that would be asked in all, at least 1.
        keep_at: Share in (0, 1].

    Raises:
        ValueError: If an argument is out of range.
    """
    if total < 1 or not 0.0 < keep_at <= 1.0:
        raise ValueError(f"total {total} must be at least 1 and keep_at {keep_at} in (0, 1]")
    return max(1, math.ceil(keep_at * total - _ROUNDING))


def fewest_votes(total: int, keep_at: float) -> int:
    """Votes before which nothing can be settled; they may all be asked at once."""
    needed = votes_needed(total, keep_at)
    return min(needed, total - needed + 1)


def settled(majority: int, asked: int, total: int, keep_at: float) -> bool:
    """True if the votes still to come cannot change if the pair's agreement reaches `keep_at`.

    A pair is kept if `majority / total >= keep_at`. Stopped early, the share of the votes *asked*
    is on the same side of `keep_at` as the share of all votes would be: kept means `majority >=
    keep_at * total >= keep_at * asked`; dropped means `majority + (total - asked) < keep_at *
    total`, hence `majority < asked - (1 - keep_at) * total <= keep_at * asked`.

    Args:
        majority: Votes so far for the side that has more; ties and abstentions are on no side.
        asked: Votes so far, ties and abstentions included.
        total: Votes that would be asked in all.
        keep_at: As the filter `agreement` has it, in (0, 1].
    """
    needed = votes_needed(total, keep_at)
    return majority >= needed or majority + (total - asked) < needed
