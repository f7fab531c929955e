"""Reasons for which a component cannot be had."""

from rlaif_core.api.errors import PluginError


class NotFoundError(PluginError):
    """No installed distribution offers the name."""


class NotInstalledError(PluginError):
    """A first-party distribution offers the name, and is not installed."""


class AmbiguousError(PluginError):
    """Several distributions offer the name."""


class UnusableError(PluginError):
    """It is offered, and its entry or the user says that it cannot be used."""


class LocalCodeError(PluginError):
    """Local code that is not allowed, not there or not spelled right."""


class ImportFailedError(PluginError):
    """Its module, or the class in it, cannot be imported."""


class ContractError(PluginError):
    """The class is not a component of the kind that its entry claims."""
