"""Distance of a policy: KL estimators from samples, and the cost of best-of-n."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def k1(log_ratio: ArrayLike) -> NDArray[np.float64]:
    """`log p/q`: unbiased for KL(p‖q) under p, of high variance, negative at times."""
    return np.asarray(log_ratio, dtype=np.float64)


def k3(log_ratio: ArrayLike) -> NDArray[np.float64]:
    """`q/p - 1 + log p/q`: unbiased, never negative; heavy-tailed where q is far above p."""
    values = np.asarray(log_ratio, dtype=np.float64)
    # expm1 keeps the digits that exp(x) - 1 loses for a policy still near its reference.
    estimates: NDArray[np.float64] = np.expm1(-values) + values
    return estimates


def best_of_n_kl_bound(n: int) -> float:
    """Upper bound on KL(best-of-n‖base) in nats: `log n - (n - 1) / n`.

    Reached only when scores have no ties and no response has a probability of its own; a
    deterministic base policy has KL 0 (Beirami et al. 2401.01879).

    Args:
        n: responses drawn, at least 1.

    Raises:
        ValueError: if n is below 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    return math.log(n) - (n - 1) / n


def best_of_n_expectation(scores: ArrayLike, n: int, values: ArrayLike | None = None) -> float:
    """Unbiased estimate of the value of best-of-n from N >= n scored samples.

    The mean over all subsets of size n, without enumerating them: the i-th lowest score of N is
    the best of C(i-1, n-1) subsets out of C(N, n) (Nakano et al. 2112.09332, appendix I).

    Args:
        scores: shape (N,), what the best is chosen by, as a reward model's scores.
        n: responses to choose among, from 1 to N.
        values: shape (N,), what the chosen one is worth, as gold scores; `scores` unless given.
            Samples of equal score are equally likely to be chosen.

    Returns:
        The expected value of the chosen response.

    Raises:
        ValueError: if n is out of range, shapes differ, or a score is not finite.
    """
    s = np.asarray(scores, dtype=np.float64)
    worth = s if values is None else np.asarray(values, dtype=np.float64)
    if s.ndim != 1 or s.shape != worth.shape:
        raise ValueError(f"need two arrays of one length, got {s.shape} and {worth.shape}")
    if not 1 <= n <= s.size:
        raise ValueError(f"n must lie in 1..{s.size}, got {n}")
    if not np.isfinite(s).all():
        raise ValueError("scores must be finite; leave missing ones out first")
    distinct, group = np.unique(s, return_inverse=True)
    size = np.bincount(group, minlength=distinct.size)
    # P(no sample of a higher score is drawn), which tied samples share.
    not_above = _share_within(np.cumsum(size), s.size, n)
    chosen = np.diff(not_above, prepend=0.0)
    return float(chosen @ (np.bincount(group, worth, distinct.size) / size))


def _share_within(counts: NDArray[np.int64], total: int, n: int) -> NDArray[np.float64]:
    """C(count, n) / C(total, n) for each count."""
    draw = np.arange(n)
    ratios = np.maximum(counts[:, None] - draw, 0) / (total - draw)
    share: NDArray[np.float64] = ratios.prod(axis=1)
    return share
