"""What readers call the policies of a run, whose identities are hashes of their weights."""

from __future__ import annotations

import json

from rlaif_report.queries import OutlineReader


def policy_names(ledger: OutlineReader) -> dict[str, str]:
    """Identity to name: "base", and the policy that each round made.

    They are known by the held-out responses that they wrote. A round that changed nothing leaves
    the name that its policy had before. `rlaif compare` keeps what its user calls them.
    """
    names: dict[str, str] = json.loads(ledger.meta("policies") or "{}")
    names |= dict.fromkeys(ledger.authors(0, "before"), "base")
    for number in ledger.rounds():
        for identity in ledger.authors(number, "after"):
            names.setdefault(identity, f"policy of round {number}")
    return names
