"""People check the judge: a blinded sample to label, and what their labels say of the verdicts.

The sample is random, so that agreement on it is agreement on all pairs. With `hybrid`, people also
get the pairs of which the judge is least sure, and their labels replace the judge's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from rlaif_core.api.component import Context
from rlaif_core.api.errors import DataError
from rlaif_core.api.records import JudgedPair, digest
from rlaif_core.api.rows import Row, json_rows
from rlaif_core.data.pairs import LABEL_PROBABILITY
from rlaif_core.engine.judging.preferences import judged_pair
from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session
from rlaif_core.engine.stages.stage import Stage
from rlaif_core.metrics.run import JSON
from rlaif_core.recipe.sections import ValidationSection
from rlaif_core.store.ledger import Reader
from rlaif_stats.agreement import cohen_kappa, confusion_matrix
from rlaif_stats.estimation import ppi_mean
from rlaif_stats.intervals import wilson
from rlaif_stats.label_agreement import Label, side

SAMPLE = "to-label.jsonl"

FEWEST_EACH = 5
"""Pairs with agreement, and pairs without, below which a normal interval covers too little."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A pair that people are shown.

    Attributes:
        id: What a label names it by; tells nothing about sides or verdicts.
        pair: The pair as judged.
        swapped: Whether people see B first.
        random: Whether it stands for all pairs; else it was picked as uncertain.
    """

    id: str
    pair: JudgedPair
    swapped: bool
    random: bool

    def row(self) -> JSON:
        """The row that people see: blinded, with an empty label."""
        texts = [self.pair.a.text, self.pair.b.text]
        first, second = reversed(texts) if self.swapped else texts
        return {
            "id": self.id,
            "prompt": [
                {"role": turn.role, "content": turn.content} for turn in self.pair.prompt.messages
            ],
            "response_a": first,
            "response_b": second,
            "label": None,
        }

    def p_a(self, label: Label) -> float:
        """The label as a probability that the pair's own A is better."""
        p = LABEL_PROBABILITY[label]
        return 1.0 - p if self.swapped else p


async def run(round_: Round) -> JSON:
    """Write the sample, and measure the verdicts against people's labels so far.

    Returns:
        asked, labelled and open, the number still without a label; over the random ones that
        people decided, agreement (with interval) and kappa, ties of the judge counted as
        disagreement; agreement_on_all, the same sharpened by the judge's confidence in the other
        pairs (PPI++, Angelopoulos et al. 2311.01453); people_ties, which are left out of all three:
        most judges never say tie; waiting: why the run is to stop until people have labelled, or
        empty; warning: what low agreement means, or empty.

    Raises:
        DataError: If a label cannot be used.
    """
    session, number = round_.session, round_.number
    section = session.recipe.file.validation
    assert section is not None
    sample = {shown.id: shown for shown in draw(session, number, section)}
    target = session.folder.of_round(number, SAMPLE)
    session.folder.write(str(target.relative_to(session.folder.path)), _lines(sample.values()))
    labels = read_labels(session.recipe.resource(section.labels))
    labelled = {id_: label for id_, label in labels.items() if id_ in sample}
    missing = len(sample) - len(labelled)
    figures: JSON = {"asked": len(sample), "labelled": len(labelled), "open": missing}
    figures |= {"people_ties": 0, "waiting": "", "warning": "", "summary": ""}
    figures["summary"] = f"{len(labelled)} of {len(sample)} pairs labelled by people"
    if missing and section.wait:
        figures["waiting"] = (
            f"{missing} of {len(sample)} pairs wait for people: fill in `label` (a, b or tie) in "
            f"{target}, save it as {section.labels} beside the recipe, and run the same command "
            "again"
        )
        return figures
    random = {id_: label for id_, label in labelled.items() if sample[id_].random}
    figures["people_ties"] = sum(label == "tie" for label in random.values())
    answered = [(sample[id_], label) for id_, label in random.items() if label != "tie"]
    both = [(side(shown.pair.p_a), side(shown.p_a(label))) for shown, label in answered]
    if both:
        agreed = wilson(sum(mine == theirs for mine, theirs in both), len(both))
        figures["agreement"] = agreed.figure()
        figures |= _on_all_pairs(session.ledger, number, answered)
        figures["kappa"] = float(cohen_kappa(confusion_matrix(*zip(*both, strict=True))))
        figures["warning"] = _warning(agreed.value, section)
    if section.hybrid and labelled:
        session.ledger.keep_judged(
            number,
            "train",
            [
                replace(sample[id_].pair, p_a=sample[id_].p_a(label), agreement=1.0)
                for id_, label in labelled.items()
            ],
        )
        await session.ledger.committed()
    if both:
        figures["summary"] += f", agreement {figures['agreement']['value']:.0%}"
    return figures


def _on_all_pairs(
    ledger: Reader, round_index: int, answered: Sequence[tuple[Sampled, Label]]
) -> JSON:
    """Agreement on all pairs, where the judge's confidence tells something of the unlabelled."""
    pairs = [shown.pair for shown, _ in answered]
    known = {(pair.prompt.id, pair.a.id, pair.b.id) for pair in pairs}
    rest = [
        abs(pair.p_a - 0.5)
        for pair in ledger.rows.pairs(round_index)
        if pair.p_a is not None and pair.key not in known
    ]
    agree = [float(side(shown.pair.p_a) == side(shown.p_a(label))) for shown, label in answered]
    if min(sum(agree), len(agree) - sum(agree)) < FEWEST_EACH or len(rest) < 2:
        return {}
    found = ppi_mean(agree, [abs((pair.p_a or 0.0) - 0.5) for pair in pairs], rest)
    low, high = max(0.0, found.low), min(1.0, found.high)
    return {"agreement_on_all": {"value": found.value, "low": low, "high": high}}


def draw(session: Session, round_index: int, section: ValidationSection) -> Iterator[Sampled]:
    """The pairs for people: a random share, and with `hybrid` the least certain of the rest."""
    ledger, seed = session.ledger, session.recipe.file.seed
    rng = Context(seed=seed).rng
    pooling = session.recipe.file.judge.combine
    # From the votes, which stay the judge's own once people's labels stand in for the sum.
    judged = (
        judged_pair(pair.prompt, (pair.a, pair.b), pair.votes, pooling)
        for pair in ledger.judged(round_index)
    )
    decided = [pair for pair in judged if pair.p_a is not None]
    order = list(range(len(decided)))
    rng("validation", round_index).shuffle(order)
    wanted = -(-len(decided) * section.share // 1)
    chosen, rest = order[: int(wanted)], order[int(wanted) :]
    if section.hybrid:
        rest.sort(key=lambda index: abs((decided[index].p_a or 0.0) - 0.5))
        rest = rest[: int(len(decided) * section.uncertain)]
    else:
        rest = []
    for random, indices in ((True, chosen), (False, rest)):
        for index in indices:
            pair = decided[index]
            id_ = digest("label", seed, pair.prompt.id, pair.a.id, pair.b.id)
            yield Sampled(id_, pair, rng("side", id_).random() < 0.5, random)


def read_labels(path: Path) -> dict[str, Label]:
    """Labels by id; none if there is no such file yet, and rows without one are left out.

    Raises:
        DataError: Naming the row that cannot be used.
    """
    if not path.exists():
        return {}
    found: dict[str, Label] = {}
    try:
        with path.open("rb") as lines:
            for row in json_rows(lines, str(path)):
                label = _label(row)
                if label is not None:
                    found[row.text("id")] = label
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    return found


def _label(row: Row) -> Label | None:
    label = row.values.get("label")
    if label not in (*LABEL_PROBABILITY, None):
        raise row.error(f'\'label\' must be "a", "b", "tie" or null, and is {label!r}')
    return cast("Label | None", label)


def _warning(agreement: float, section: ValidationSection) -> str:
    if agreement >= section.good:
        return ""
    measured = f"people agree with the judge on {agreement:.0%} of the pairs"
    if agreement < section.poor:
        return f"{measured}, below {section.poor:.0%}: DO NOT TRUST these labels; change the judge"
    return f"{measured}, below {section.good:.0%}: look at where they differ before you train"


def _lines(sample: Iterable[Sampled]) -> str:
    return "".join(json.dumps(shown.row(), ensure_ascii=False) + "\n" for shown in sample)


HUMAN_CHECK = Stage(
    name="validate",
    run=run,
    due=lambda round_: round_.labels,
    applies=lambda recipe: recipe.file.validation is not None,
    waits=lambda figures: str(figures["waiting"]),
    unfinished=lambda figures: bool(figures["open"]),
    warning=lambda figures: f"WARNING: {figures['warning']}" if figures["warning"] else "",
)
