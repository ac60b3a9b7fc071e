"""What the page says, by language: one catalogue a file in ``texts/``."""

import json
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("texts")
LANGUAGES = ("en", "de")
"""The first is for those whose browser asks for none of these."""


class Texts:
    """One language's.

    Args:
        language: one of LANGUAGES.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._by_key: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))

    def __call__(self, key: str, **values: object) -> str:
        """The text at ``key``, with ``values`` in the places that it has for them."""
        return self._by_key[key].format(**values)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self._by_key

    def emotion(self, label: str) -> str:
        """What to call an emotion; one that the catalogue does not know is called as the model does."""
        return self._by_key.get(f"emotion.{label}", label)


@cache
def texts_in(language: str) -> Texts:
    """The catalogue of ``language``, one of LANGUAGES."""
    return Texts(language)


def choose_language(wanted: str | None, accepted: str | None) -> str:
    """The language of a request.

    Args:
        wanted: what somebody has chosen, by a cookie say.
        accepted: the header Accept-Language (RFC 9110); the order counts, for browsers sort it.
    """
    if wanted in LANGUAGES:
        return str(wanted)
    for part in (accepted or "").split(",")[:10]:
        tag = part.partition(";")[0].strip().lower().partition("-")[0]
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]
