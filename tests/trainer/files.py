"""Small files in the forms people have them, drawn by the tests themselves."""

from pathlib import Path

import numpy as np

USAGES = ("Training", "PublicTest", "PrivateTest")
FERPLUS_HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
# In FER+'s order of columns, the column of each of FER-2013's labels.
FERPLUS_COLUMN = {0: 4, 1: 5, 2: 6, 3: 1, 4: 3, 5: 2, 6: 0}


def picture(label: int, seed: int) -> np.ndarray:
    """A 48 x 48 picture that shows ``label``: stripes that lie or stand, fine or coarse, or noise alone."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:48, 0:48]
    across = columns if label % 2 else rows
    stripes = np.sin(across * (0.35, 0.8, 1.6)[label // 2] + random.uniform(0, 6.28)) if label < 6 else 0.0
    return np.clip(128 + 80 * stripes + random.normal(0, 12, (48, 48)), 0, 255).astype(np.uint8)


def fer2013_row(label: object, usage: str = "Training", pixels: np.ndarray | None = None) -> str:
    drawn = picture(int(str(label)), 1) if pixels is None else pixels
    return f"{label},{' '.join(map(str, drawn.ravel()))},{usage}"


def write_fer2013(path: Path, rows: list[str], header: str = "emotion,pixels,Usage") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def write_faces(folder: Path, train: int = 42, validation: int = 14) -> tuple[Path, Path]:
    """fer2013.csv and fer2013new.csv with faces of all labels, learnt easily; votes are for the label."""
    labels = [(index % 7, "Training" if index < train else "PublicTest") for index in range(train + validation)]
    faces = [fer2013_row(label, usage, picture(label, seed)) for seed, (label, usage) in enumerate(labels)]
    votes = []
    for index, (label, usage) in enumerate(labels):
        counts = [0] * 10
        counts[FERPLUS_COLUMN[label]] = 8
        counts[9] = 2
        votes.append(f"{usage},fer{index:07d}.png,{','.join(map(str, counts))}")
    data = write_fer2013(folder / "fer2013.csv", faces)
    ferplus = folder / "fer2013new.csv"
    ferplus.write_text("\n".join([FERPLUS_HEADER, *votes]) + "\n", encoding="utf-8")
    return data, ferplus
