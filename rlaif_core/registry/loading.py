"""From an entry to a component class: import it now, and check its contract."""

from __future__ import annotations

import importlib
import operator
import sys
from contextlib import redirect_stdout
from typing import Any

from rlaif_core.api.component import Component
from rlaif_core.registry import local_code
from rlaif_core.registry.contract import breaches
from rlaif_core.registry.entry import Entry
from rlaif_core.registry.errors import ContractError, ImportFailedError, LocalCodeError


def load(entry: Entry) -> type[Component[Any]]:
    """See `Registry.load`."""
    found = _import(entry)
    if problems := breaches(entry.kind, found):
        raise ContractError(f"{entry.label}: {'; '.join(problems)}")
    component: type[Component[Any]] = found
    return component


def _import(entry: Entry) -> Any:
    name, _, attribute = entry.value.rpartition(":")
    try:
        with redirect_stdout(sys.stderr):  # what an import prints must not end up in our output
            local = entry.sha256 is not None
            module = local_code.load_module(entry) if local else importlib.import_module(name)
        return operator.attrgetter(attribute)(module)
    except LocalCodeError:
        raise
    except (Exception, SystemExit) as error:  # a plugin's import may raise anything
        message = str(error).strip().partition("\n")[0]
        if not isinstance(error, (ImportError, AttributeError)):
            message = f"{type(error).__name__}: {message}"
        raise ImportFailedError(f"{entry.label} failed to import: {message}") from error
