"""The check `language`: the language that a response is written in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from rlaif_core.api import PluginError
from rlaif_verifiers.checks.base import BaseCheck

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGES = (
    "af ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr "
    "ne nl no pa pl pt ro ru sk sl so sq sv sw ta te th tl tr uk ur vi zh"
)
"""The languages told apart: those of IFEval, and others with many speakers or readers on the web.

py3langid knows more than twice as many. The fewer a text may be in, the fewer short ones are taken
for a neighbour of their language.
"""


class Language(BaseCheck):
    """The whole response is in one language."""

    check: Literal["language"]
    language: str = Field(description="ISO 639-1, as `de`")

    @field_validator("language")
    @classmethod
    def _known(cls, language: str) -> str:
        if language not in LANGUAGES.split():
            raise ValueError(f"{language!r} is none of {LANGUAGES}")
        return language

    def holds(self, text: str) -> bool:
        """Return whether that is the likeliest language; a text without letters is in none.

        Raises:
            PluginError: If py3langid is not installed.
        """
        found, _ = identifier().classify(text.strip())
        return any(map(str.isalpha, text)) and bool(found == self.language)


@lru_cache(maxsize=1)
def identifier() -> LanguageIdentifier:
    """The identifier of the languages above, its model loaded.

    Raises:
        PluginError: If py3langid is not installed.
    """
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError as error:
        raise PluginError(
            "the check 'language' needs py3langid: pip install 'rlaif-verifiers[language]'"
        ) from error
    found = LanguageIdentifier.from_model_file(MODEL_FILE)
    found.set_languages(LANGUAGES.split())
    return found
