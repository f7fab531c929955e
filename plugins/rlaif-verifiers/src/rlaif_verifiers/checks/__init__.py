"""Checks on a response's form, each with its parameters, as IFEval (2311.07911) has them."""

from typing import Annotated

from pydantic import Field

from rlaif_verifiers.checks.casing import CapitalWords, Lowercase, Uppercase
from rlaif_verifiers.checks.edges import EndsWith, Quoted, StartsWith
from rlaif_verifiers.checks.language import Language
from rlaif_verifiers.checks.layout import Bullets, Highlights, Json, Placeholders, Sections, Title
from rlaif_verifiers.checks.length import Characters, Paragraphs, Sentences, Words
from rlaif_verifiers.checks.wording import Excludes, Frequency, Includes, NoCommas, OneOf

Check = Annotated[
    Bullets
    | CapitalWords
    | Characters
    | EndsWith
    | Excludes
    | Frequency
    | Highlights
    | Includes
    | Json
    | Language
    | Lowercase
    | NoCommas
    | OneOf
    | Paragraphs
    | Placeholders
    | Quoted
    | Sections
    | Sentences
    | StartsWith
    | Title
    | Uppercase
    | Words,
    Field(discriminator="check"),
]
"""Any of the checks, told apart by `check`."""

__all__ = ["Check"]
