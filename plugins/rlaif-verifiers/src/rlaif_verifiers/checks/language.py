"""Which language a response is in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from rlaif_core.api import PluginError
from rlaif_verifiers.checks.base import BaseCheck

if TYPE_CHECKING:
    from langdetect import DetectorFactory

SEED = 0
"""langdetect samples n-grams: with a fixed seed, the same text gets the same answer."""


class Language(BaseCheck):
    """The whole response is in one language."""

    check: Literal["language"]
    language: str = Field(pattern=r"^[a-z]{2}(-[a-z]{2})?$", description="ISO 639-1, as `de`")

    def holds(self, text: str) -> bool:
        """Whether that is the likeliest language.

        Raises:
            PluginError: If langdetect is not installed.
        """
        from langdetect.lang_detect_exception import LangDetectException

        detector = detectors().create()
        detector.append(text)
        try:
            return bool(detector.detect() == self.language)
        except LangDetectException:  # no letters in it
            return False


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
