"""rlaif_core: align a language model with AI feedback, every part chosen by name in a recipe.

`run`, `judge`, `compare` and `plan` are the commands as coroutines; `run_sync` and so on block.
Import `rlaif_core.api` to write a plugin. This package itself imports nothing, so that the
command line starts fast.
"""

__version__ = "0.1.0.dev0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rlaif_core.commands.api import (
        compare,
        compare_sync,
        judge,
        judge_sync,
        plan,
        plan_sync,
        run,
        run_sync,
    )

__all__ = [
    "compare",
    "compare_sync",
    "judge",
    "judge_sync",
    "plan",
    "plan_sync",
    "run",
    "run_sync",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'rlaif_core' has no attribute '{name}'")
    from rlaif_core.commands import api

    return getattr(api, name)
