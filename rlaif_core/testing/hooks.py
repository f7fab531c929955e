"""Conformance of hook plugins."""

from __future__ import annotations

from typing import Any

import pluggy

from rlaif_core import hookspecs
from rlaif_core.api import Hook
from rlaif_core.testing.conformance import Conformance, run


class HookConformance(Conformance[Hook[Any]]):
    """Checks a hook plugin; override `exercise` to try the stages that it answers or wraps."""

    async def exercise(self, component: Hook[Any]) -> Any:
        """Call the life-cycle hooks of a run without stages."""
        hook = registered(component).hook
        hook.rlaif_run_started(name="run", folder="run")
        hook.rlaif_stage_started(round_index=0, stage="judge")
        hook.rlaif_stage_finished(round_index=0, stage="judge", seconds=1.5)
        hook.rlaif_run_finished(metrics={}, error=None)

    def test_every_hook_that_it_implements_exists(self) -> None:
        """Pluggy passes a misspelled one silently, and it is never called."""

        async def implemented() -> list[str]:
            async with self.running() as plugin:
                manager = registered(plugin)
                manager.check_pending()
                return [item.name for item in manager.get_hookcallers(plugin) or ()]

        assert run(implemented()), "it implements no hook: mark its methods with `@hookimpl`"


def registered(plugin: Hook[Any]) -> pluggy.PluginManager:
    """A manager of the run's hooks with this plugin alone."""
    manager = pluggy.PluginManager("rlaif")
    manager.add_hookspecs(hookspecs.Stages)
    manager.add_hookspecs(hookspecs.LifeCycle)
    manager.register(plugin)
    return manager
