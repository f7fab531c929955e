"""Which language a response is in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from rlaif_core.api import PluginError
from rlaif_verifiers.checks.base import BaseCheck

if TYPE_CHECKING:
    from langdetect import DetectorFactory

SEED = 0
"""langdetect samples n-grams: with a fixed seed, the same text gets the same answer."""

LANGUAGES = (
    "af ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr "
    "ne nl no pa pl pt ro ru sk sl so sq sv sw ta te th tl tr uk ur vi zh zh-cn zh-tw"
)
"""What langdetect tells apart, and Chinese however it is written."""


class Language(BaseCheck):
    """The whole response is in one language."""

    check: Literal["language"]
    language: str = Field(description="ISO 639-1, as `de`; `zh-cn` and `zh-tw` besides")

    @field_validator("language")
    @classmethod
    def _known(cls, language: str) -> str:
        if language not in LANGUAGES.split():
            raise ValueError(f"{language!r} is none of {LANGUAGES}")
        return language

    def holds(self, text: str) -> bool:
        """Whether that is the likeliest language.

        Raises:
            PluginError: If langdetect is not installed.
        """
        from langdetect.lang_detect_exception import LangDetectException

        detector = detectors().create()
        detector.append(text)
        try:
            found: str = detector.detect()
        except LangDetectException:  # no letters in it
            return False
        return self.language in (found, found.partition("-")[0])


@lru_cache(maxsize=1)
def detectors() -> DetectorFactory:
    """What makes detectors, its profiles loaded.

    Raises:
        PluginError: If langdetect is not installed.
    """
    try:
        from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
    except ImportError as error:
        raise PluginError(
            "the check 'language' needs langdetect: pip install 'rlaif-verifiers[language]'"
        ) from error
    factory = DetectorFactory()
    factory.set_seed(SEED)
    factory.load_profile(PROFILES_DIRECTORY)
    return factory
