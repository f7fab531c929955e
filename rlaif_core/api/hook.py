"""Kind `hooks`: behaviour around the stages (tracing, replay, noise), active if a recipe says so.

    from rlaif_core.api import Hook, hookimpl

    class Count(Hook):
        total = 0

        @hookimpl(wrapper=True)
        def rlaif_judge(self, comparisons):
            answer = yield

            async def counted():
                verdicts = await answer
                self.total += len(verdicts)
                return verdicts

            return counted()

The class is set up, listed and given parameters like any other component.
"""

from __future__ import annotations

import pluggy

from rlaif_core.api.component import Component, P

hookimpl = pluggy.HookimplMarker("rlaif")
"""Marks a method as the implementation of a hook of `rlaif_core.hookspecs`."""


class Hook(Component[P]):
    """Base of hook plugins: any method marked with `hookimpl` is called by its name."""
