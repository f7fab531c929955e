"""`ensemble.json`: the members and the aggregation of an ensemble."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rlaif_core.api import PluginError
from rlaif_trl.reward.params import Aggregation

NAME = "ensemble.json"


@dataclass(frozen=True)
class EnsembleFile:
    """Members and aggregation of an ensemble.

    Attributes:
        members: Folders of the members, below the ensemble's; "." is the folder itself.
        aggregation: See `rlaif_trl.reward.aggregation`.
        variance_penalty: λ of mean - λ·variance.
        mean: Mean of the aggregate over the reference set, which is subtracted.
        deviation: Its deviation over the reference set, which divides the rest.
    """

    members: tuple[str, ...]
    aggregation: Aggregation
    variance_penalty: float
    mean: float
    deviation: float

    @classmethod
    def read(cls, folder: str) -> EnsembleFile | None:
        """The file in `folder`; None if there is none.

        Raises:
            PluginError: If it cannot be read, or names a member outside the folder.
        """
        file = Path(folder) / NAME
        if not file.is_file():
            return None
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            made = cls(**{**values, "members": tuple(values["members"])})
        except (ValueError, TypeError, KeyError) as error:
            raise PluginError(f"{file}: not a readable ensemble: {error}") from error
        root = Path(folder).resolve()
        if not all((root / member).resolve().is_relative_to(root) for member in made.members):
            raise PluginError(f"{file}: names a member outside the folder")
        return made

    def write(self, folder: Path) -> None:
        """Write the file into `folder`."""
        (folder / NAME).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
