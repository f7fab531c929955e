"""Components by name, from the entry points of what is installed.

Scanning reads metadata only. A component's module is imported when `Registry.load` names it.
"""

from rlaif_core.registry.entry import KINDS, Entry, noun
from rlaif_core.registry.registry import Registry

__all__ = ["KINDS", "Entry", "Registry", "noun"]
