"""Where data sets of faces are had, on which terms. Nothing is downloaded: the terms are for people to accept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One data set.

    Attributes:
        name: as the command line calls it.
        title: its own name, with what it holds.
        where: an address.
        terms: under which it is had, in short; the publisher's own words count.
        use: how it is given to this program.
    """

    name: str
    title: str
    where: str
    terms: str
    use: str


SOURCES = (
    Source(
        "fer2013",
        "FER-2013: 35,887 grey faces of 48 x 48 pixels, seven emotions (Goodfellow et al., 2013)",
        "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge",
        "for research; Kaggle asks to sign in and to accept the competition's rules. The pictures came from an image "
        "search and are their owners'",
        "unpack the archive and give fer2013.csv, icml_face_data.csv, or the folders of PNGs that others made of it",
    ),
    Source(
        "ferplus",
        "FER+: ten people's votes on each face of FER-2013 (Barsoum et al., 2016)",
        "https://github.com/microsoft/FERPlus",
        "MIT licence, for the votes; the faces are FER-2013's",
        "give fer2013new.csv with --ferplus, beside fer2013.csv",
    ),
    Source(
        "rafdb",
        "RAF-DB: 15,339 faces with one of seven basic emotions (12,271 to train on, 3,068 to test; Li et al., 2017)",
        "http://www.whdeng.cn/RAF/model1.html",
        "non-commercial research only, on request from an academic address; no further distribution",
        "folders train/1 … test/7 with the recipe's `classes: {surprise: [1], fear: [2], disgust: [3], happy: [4], "
        "sad: [5], angry: [6], neutral: [7]}`, or a CSV of paths and labels",
    ),
    Source(
        "affectnet",
        "AffectNet: about 450,000 faces labelled by hand, eight emotions (Mollahosseini et al., 2017)",
        "http://mohammadmahoor.com/affectnet/",
        "non-commercial research only, on request with a signed agreement",
        "a CSV of paths and labels, or class folders with the recipe's `classes: {neutral: [0], happy: [1], sad: [2], "
        "surprise: [3], fear: [4], disgust: [5], angry: [6]}` and `drop: [7]` (contempt)",
    ),
    Source(
        "jaffe",
        "JAFFE: 213 posed faces of ten Japanese women, seven emotions (Lyons et al., 1998)",
        "https://zenodo.org/record/3451524",
        "non-commercial scientific research only, on request; the source must be cited",
        "a CSV of paths and labels; the letters in a file's name say the emotion (AN, DI, FE, HA, SA, SU, NE)",
    ),
)


def source_named(name: str) -> Source | None:
    """The data set called ``name``, in any case and with or without its hyphens."""
    folded = name.casefold().replace("-", "").replace("+", "plus")
    return next((source for source in SOURCES if source.name == folded), None)
