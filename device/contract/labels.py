"""The seven emotions and their order.

The order is FER-2013's own (Goodfellow et al., "Challenges in Representation Learning", 2013): its CSV stores the
index. A model with another set of labels carries them in its metadata, and everything behind the model follows those.
"""

import unicodedata

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

SYNONYMS = (
    frozenset({"angry", "anger"}),
    frozenset({"disgust", "disgusted"}),
    frozenset({"fear", "fearful", "afraid"}),
    frozenset({"happy", "happiness"}),
    frozenset({"sad", "sadness"}),
    frozenset({"surprise", "surprised"}),
    frozenset({"neutral"}),
    frozenset({"contempt", "contemptuous"}),
)
"""Names that mean one class in the data sets and models that people have; compared without regard to case."""


def fold(name: str) -> str:
    """A name as it is compared: without regard to case, to spaces around it, and to how accents are written."""
    return unicodedata.normalize("NFC", name.strip().casefold())


def same_class(name: str) -> frozenset[str]:
    """All names, folded, that mean the class ``name``."""
    folded = fold(name)
    return next((names for names in SYNONYMS if folded in names), frozenset({folded}))


def label_of(name: str, labels: tuple[str, ...]) -> int:
    """The index of the label that means the class ``name``; -1 where none does."""
    meant = same_class(name)
    return next((index for index, label in enumerate(labels) if label == name or fold(label) in meant), -1)
