"""When Bradley–Terry ratings exist: who can be compared with whom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def strong_components(
    winner: NDArray[np.intp], loser: NDArray[np.intp], players: int
) -> NDArray[np.int32]:
    """Groups players who beat each other, directly or through others.

    Maximum likelihood ratings are finite and unique exactly when all players are in one group
    (Ford 1957): if some never lost to the rest, nothing bounds how much better they are.

    Args:
        winner: shape (n,), index of the player who won at least once (a tie counts both ways).
        loser: shape (n,), index of the player who lost.
        players: their number; indices are below it.

    Returns:
        Shape (players,), the number of each player's group.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = coo_array((np.ones(winner.size), (winner, loser)), shape=(players, players))
    labels: NDArray[np.int32] = connected_components(edges, connection="strong")[1]
    return labels


def order_effect_is_finite(
    winner: NDArray[np.intp],
    loser: NDArray[np.intp],
    winner_was_first: NDArray[np.bool_],
    players: int,
) -> bool:
    """True if the data bound the advantage of being shown first, from above and from below.

    An advantage of any size fits if ratings r exist with `r_winner - r_loser + 1 >= 0` for
    every win of a first and `r_winner - r_loser - 1 >= 0` for every win of a second (with the
    signs exchanged for a disadvantage). These are difference constraints: ratings exist unless
    the graph of wins, with these lengths, has a negative cycle.

    Args:
        winner: shape (n,), index of the player who won.
        loser: shape (n,), index of the player who lost.
        winner_was_first: shape (n,), whether the winner was the one shown first.
        players: their number, all in one strong component.

    Returns:
        True if the maximum likelihood order effect is finite.
    """
    return all(
        _has_negative_cycle(winner, loser, np.where(winner_was_first, sign, -sign), players)
        for sign in (1.0, -1.0)
    )


def _has_negative_cycle(
    source: NDArray[np.intp],
    target: NDArray[np.intp],
    length: NDArray[np.float64],
    nodes: int,
) -> bool:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import NegativeCycleError, bellman_ford

    # Of parallel edges only the shortest matters; a sparse matrix would add them up.
    order = np.lexsort((length, target, source))
    _, first = np.unique(source[order] * nodes + target[order], return_index=True)
    kept = order[first]
    # The path algorithms of SciPy 1.11 take 32-bit indices only.
    edges = (source[kept].astype(np.int32), target[kept].astype(np.int32))
    graph = coo_array((length[kept], edges), shape=(nodes, nodes))
    try:
        bellman_ford(graph.tocsr(), indices=0)
    except NegativeCycleError:
        return True
    return False
