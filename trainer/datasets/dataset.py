"""A data set as a training takes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trainer.datasets.faces import FaceSet, Split


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """Faces of three splits, and what is known of where they came from.

    Attributes:
        form: what was recognised, in words.
        train, validation, test: the faces; a split that the data has not is empty.
        splits: split to what it is called in the data, or how it came about: ``PublicTest``, ``test/``,
            ``10% of train, seed 1``. Splits without faces are missing.
        notes: what a reader of results should know, a sentence each.
        files: name to SHA-256: of a file's bytes, of a folder's names and sizes.
        skipped: pictures that could not be read, ``name: reason`` each.
    """

    form: str
    train: FaceSet
    validation: FaceSet
    test: FaceSet
    splits: Mapping[Split, str]
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()

    def faces_of(self, split: Split) -> FaceSet:
        """The faces of one split."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[split]
