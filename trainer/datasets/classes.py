"""What data sets call their classes, and which label each name means."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from device.contract.labels import fold, same_class
from device.errors import DataError


def in_recipe(*changes: str) -> str:
    """How keys of the ``data:`` section are changed, in words; a change as in ``drop=[contempt]``."""
    options = " or ".join(f"--set 'data.{change}'" for change in changes)
    return f"with {options}, or the same in a copy of the recipe (affectd-train recipes --copy NAME)"


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
            for name in sorted(same_class(label)):
                if index_of.setdefault(name, index) != index:
                    raise DataError(f"the labels {labels[index_of[name]]!r} and {label!r} mean one class")
        for label, names in classes.items():
            if label not in labels:
                raise DataError(f"classes names {label!r}, which is none of the labels {', '.join(labels)}")
            for name in names:
                _claim(index_of, fold(name), labels.index(label), labels)
        for synonym, label in _synonyms_of_merged(classes):
            index_of.setdefault(synonym, labels.index(label))
        dropped = {synonym: name for name in drop for synonym in same_class(name)}
        both = sorted(set(dropped) & set(index_of))
        if both:
            label = labels[index_of[both[0]]]
            raise DataError(
                f"the class {dropped[both[0]]!r} is dropped, and means the label {label!r} as well",
                f"to do without it, name the other labels: labels=[{', '.join(one for one in labels if one != label)}]",
            )
        return cls(labels, index_of, frozenset(dropped))

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those of ``names`` that are neither labels nor dropped, sorted."""
        return sorted(one for one in set(names) if fold(one) not in self.index_of and fold(one) not in self.dropped)

    def indices(self, names: Iterable[str]) -> dict[str, int | None]:
        """Each class to its label's index; to None for one that is left out.

        Raises:
            DataError: when a class is neither, with the nearest known name and what to write.
        """
        different = set(names)
        if unknown := self.unknown(different):
            raise self._refusal(unknown)
        return {name: self.index_of.get(fold(name)) for name in sorted(different)}

    def _refusal(self, names: list[str]) -> DataError:
        near = difflib.get_close_matches(fold(names[0]), self.index_of, n=1, cutoff=0.6)
        label = self.labels[self.index_of[near[0]]] if near else "LABEL"
        nearest = f" (nearest to {names[0]!r} is {label!r})" if near else ""
        unknown = f"class {names[0]!r} is" if len(names) == 1 else f"classes {', '.join(map(repr, names))} are"
        remedy = in_recipe(f"drop=[{', '.join(names)}]", f"classes={{{label}: [{names[0]}]}}")
        codes = "say what the codes mean with --codes NAME,NAME,…; or " if all(map(str.isdecimal, names)) else ""
        return DataError(
            f"the data's {unknown} none of the labels {', '.join(self.labels)}{nearest}",
            f"{codes}leave out or map what is meant, {remedy}",
        )


def _synonyms_of_merged(classes: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """(folded synonym, label) of every class that ``classes`` merges, so that `disgust` brings `disgusted` along."""
    return [(synonym, label) for label, names in classes.items() for name in names for synonym in same_class(name)]


def _claim(index_of: dict[str, int], name: str, index: int, labels: tuple[str, ...]) -> None:
    if index_of.setdefault(name, index) != index:
        other = labels[index_of[name]]
        raise DataError(
            f"the class {name!r} means {other!r} and {labels[index]!r}",
            f"if {other!r} is to be no label of its own, name the others: labels=[…]",
        )
