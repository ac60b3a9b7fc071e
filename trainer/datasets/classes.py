"""What data sets call their classes, and which label each name means."""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from device.errors import DataError

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
"""Names that mean one class in the data sets that people have; compared without regard to case."""


def in_recipe(*changes: str) -> str:
    """How keys of the ``data:`` section are changed, in words; a change as in ``drop=[contempt]``."""
    options = " or ".join(f"--set 'data.{change}'" for change in changes)
    return f"with {options}, or the same in a copy of the recipe (affectd-train recipes --copy NAME)"


def same_class(name: str) -> frozenset[str]:
    """All names, folded, that mean the class ``name``."""
    folded = fold(name)
    return next((names for names in SYNONYMS if folded in names), frozenset({folded}))


def fold(name: str) -> str:
    """A name as it is compared: without regard to case, to spaces around it, and to how accents are written."""
    return unicodedata.normalize("NFC", name.strip().casefold())


@dataclass(frozen=True, slots=True)
class ClassMap:
    """From the name of a class, in any case, to a label's index, or to nothing for a class that is left out.

    Attributes:
        labels: the labels in their order.
        index_of: folded name to an index into ``labels``.
        dropped: folded names of classes that are left out.
    """

    labels: tuple[str, ...]
    index_of: Mapping[str, int]
    dropped: frozenset[str]

    @classmethod
    def of(cls, labels: tuple[str, ...], classes: Mapping[str, Iterable[str]], drop: Iterable[str]) -> Self:
        """Put together a recipe's words.

        Raises:
            DataError: when one name would mean two things, or a label is none.
        """
        index_of: dict[str, int] = {}
        for index, label in enumerate(labels):
            for name in same_class(label):
                _claim(index_of, name, index, labels)
        for label, names in classes.items():
            if label not in labels:
                raise DataError(f"classes names {label!r}, which is none of the labels {', '.join(labels)}")
            for name in names:
                _claim(index_of, fold(name), labels.index(label), labels)
        for synonym, label in _synonyms_of_merged(classes):
            index_of.setdefault(synonym, labels.index(label))
        dropped = frozenset(synonym for name in drop for synonym in same_class(name))
        both = sorted(dropped & set(index_of))
        if both:
            raise DataError(f"the class {both[0]!r} is dropped and means {labels[index_of[both[0]]]!r} as well")
        return cls(labels, index_of, dropped)

    def indices(self, names: Iterable[str]) -> dict[str, int | None]:
        """Each class to its label's index; to None for one that is left out.

        Raises:
            DataError: when a class is neither, with the nearest known name and what to write.
        """
        found: dict[str, int | None] = {}
        unknown: list[str] = []
        for name in sorted(set(names)):
            folded = fold(name)
            if folded in self.index_of or folded in self.dropped:
                found[name] = self.index_of.get(folded)
            else:
                unknown.append(name)
        if unknown:
            raise self._unknown(unknown)
        return found

    def _unknown(self, names: list[str]) -> DataError:
        near = difflib.get_close_matches(fold(names[0]), self.index_of, n=1, cutoff=0.6)
        label = self.labels[self.index_of[near[0]]] if near else "LABEL"
        nearest = f" (nearest to {names[0]!r} is {label!r})" if near else ""
        told = f"class {names[0]!r} is" if len(names) == 1 else f"classes {', '.join(map(repr, names))} are"
        return DataError(
            f"the data's {told} none of the labels {', '.join(self.labels)}{nearest}",
            "leave out or map what is meant, "
            + in_recipe(f"drop=[{', '.join(names)}]", f"classes={{{label}: [{names[0]}]}}"),
        )


def _synonyms_of_merged(classes: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """(folded synonym, label) of every class that ``classes`` merges, so that `disgust` brings `disgusted` along."""
    return [(synonym, label) for label, names in classes.items() for name in names for synonym in same_class(name)]


def _claim(index_of: dict[str, int], name: str, index: int, labels: tuple[str, ...]) -> None:
    if index_of.setdefault(name, index) != index:
        raise DataError(f"the class {name!r} means {labels[index_of[name]]!r} and {labels[index]!r}")
