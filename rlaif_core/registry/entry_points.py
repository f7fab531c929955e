"""From the text of an `entry_points.txt` to entries; what is wrong in it becomes an entry too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rlaif_core.registry.distributions import Distribution
from rlaif_core.registry.entry import API_VERSION, GROUPS, Entry

GROUP = re.compile(r"rlaif\.v(\d+)\.(.+)")
REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def entries(distribution: Distribution) -> Iterator[Entry]:
    """The entries of all `rlaif.v…` groups of a distribution, each problem named in its entry."""
    seen: set[tuple[str, str]] = set()
    for number, group, line in _lines(distribution.entry_points):
        match = GROUP.fullmatch(group)
        if match is None:
            continue
        version, kind = match.groups()
        name, equals, value = (part.strip() for part in line.partition("="))
        value = value.partition("[")[0].strip()  # extras are for installers
        problem = None
        if not equals or not name or not REFERENCE.fullmatch(value):
            problem = f"entry_points.txt line {number} is not `name = module:Class`"
        elif int(version) != API_VERSION:
            problem = f"made for plugin API {version}; this rlaif-core speaks {API_VERSION}"
        elif kind not in GROUPS:
            problem = f"unknown kind '{kind}', which is none of {', '.join(GROUPS)}"
        elif (kind, name) in seen:
            problem = "offered twice by its distribution"
        seen.add((kind, name))
        yield Entry(
            kind, name, distribution.name, distribution.version, value,
            distribution.summary, problem=problem,
        )  # fmt: skip


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, group and text of each line that is neither blank, comment nor header."""
    group = ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif line and not line.startswith(("#", ";")):
            yield number, group, line
