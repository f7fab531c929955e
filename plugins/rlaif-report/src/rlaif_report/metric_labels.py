"""Labels of figures without records, which of them are shares, and which come first."""

from __future__ import annotations

LABELS = {
    "accuracy": "Accuracy",
    "accuracy_by_order": "Accuracy by order",
    "agreement": "Agreement",
    "both_right": "Right in both orders",
    "first_position_rate": "First response preferred",
    "kappa": "Cohen's κ",
    "position_agreement": "Same verdict in both orders",
    "position_consistency": "Both-order consistency",
    "usd": "US dollars",
    "ab": "A first",
    "ba": "B first",
}
"""Figures of the engine itself; what others measure has records or is called by its name."""

WORDS = {"brier": "Brier", "ece": "ECE", "heldout": "held-out", "kl": "KL"}
"""Spellings of words in names."""

SHARES = {
    "ab",
    "agreement",
    "ba",
    "first_position_rate",
    "position_agreement",
    "position_consistency",
}
SHARE_WORDS = ("accuracy", "win_rate")
"""A figure with one of these in its name is a share, and so is what it is broken down by."""

A_SHARE = SHARE_WORDS[0]
"""The name under which parts of a share are shown."""

FIRST = (
    "accurac",
    "loss",
    "reward",
    "margin",
    "kl",
    "entropy",
    "length",
    "left_out",
    "watch",
)
"""Figures of a training that come first, by the beginning of a name's last word."""
LAST = frozenset({"truncated", "steps", "members", "learning_rate", "grad_norm", "epoch"})
UNITS = ("_per_token", "_per_response", "_of_mismatched_pairs")


def label(name: str) -> str:
    """The label of the figure `name`; of `part/name` the part stays as it is."""
    part, _, last = name.rpartition("/")
    if part and last:
        return f"{part}: {label(last)}"
    spoken = " ".join(WORDS.get(word, word) for word in name.split("_"))
    return LABELS.get(name) or spoken[:1].upper() + spoken[1:]


def interest(name: str) -> int:
    """The rank of a figure of a training: a place in `FIRST`, or behind it."""
    bare = name
    for unit in UNITS:
        bare = bare.removesuffix(unit)
    if bare.rsplit("/", 1)[-1] in LAST:
        return len(FIRST) + 1
    if name.startswith("watch"):
        return FIRST.index("watch")
    last = bare.replace("/", "_").rsplit("_", 1)[-1]
    for place, word in enumerate(FIRST):
        if last.startswith(word) or bare.endswith(word):
            return place
    return len(FIRST)


def is_share(name: str) -> bool:
    """True if a figure lies in [0, 1] and is shown in percent."""
    return name in SHARES or any(word in name for word in SHARE_WORDS)
