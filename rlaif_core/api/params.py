"""Parameters of a component, as a recipe gives them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict


class Params(BaseModel):
    """Base of every component's parameters: frozen, and an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Resource:
    """Marks a `str` parameter as a path, which the recipe resolves before the component sees it."""


ResourcePath = Annotated[str, Resource()]
"""A path parameter. `./file` and `folder/file` are relative to the recipe; `package:path` lies
inside an installed package. A value that names nothing on disk stays as it is (a hub's name)."""
