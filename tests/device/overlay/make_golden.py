"""Draw the golden pictures anew: ``python -m tests.device.overlay.make_golden``. Look at each before committing it."""

import sys

import cv2

from tests.device.overlay.likeness import FOLDER, NAMES, path_of, render


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name in NAMES:
        path = path_of(name)
        cv2.imwrite(str(path), render(name), [cv2.IMWRITE_PNG_COMPRESSION, 9])
        sys.stdout.write(f"{path}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
