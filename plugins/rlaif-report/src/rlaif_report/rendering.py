"""The templates, set up so that nothing reaches the page unescaped or invisible."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rlaif_report.charts import LEFT, RIGHT
from rlaif_report.figures import duration, money, number
from rlaif_report.metric_labels import label
from rlaif_report.text import visible


def render(context: Mapping[str, Any], filters: object) -> str:
    """The page.

    Args:
        context: What the templates use.
        filters: The browser's filters, for which the style sheet has a rule each.
    """
    environment = _environment()
    style = environment.get_template("style.css").render(filters=filters)
    script = environment.get_template("page.js").render()
    return environment.get_template("page.html").render(
        context,
        style=Markup(style),
        script=Markup(script),
        policy=content_security_policy(style, script),
    )


def content_security_policy(style: str, script: str) -> str:
    """A policy under which the browser runs this style and script, and loads nothing at all."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rlaif_report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"left": LEFT, "right": RIGHT}
    environment.filters |= {
        "compact": compact,
        "duration": duration,
        "label": label,
        "money": money,
        "number": number,
    }
    return environment


def _shown(value: Any) -> Any:
    """The text that a template prints: every string from outside passes here."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def compact(count: int) -> str:
    """A count that fits over a bar."""
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"
