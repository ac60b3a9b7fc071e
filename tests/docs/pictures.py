"""The pictures of the pages: which commands make them, and what each shows.

``python -m tests.docs.pictures`` draws the readings, and the report where ``DATA`` and ``FERPLUS`` name FER-2013
and FER+'s votes, which are not ours to keep. Then it notes the digest of every picture and of what it shows.
``make pictures`` runs it last.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.docs.reference import ROOT

DOCS = ROOT / "docs"
NOTED = Path(__file__).with_name("pictures.json")
REPORT_SIZE = (1080, 1652)
_MODEL = "device/models/emotion.tflite"
# The picture's name begins so: what it shows. Pictures of the page hold no reading that a model's figure is told of.
SHOWN = {
    "demo": (_MODEL, "device/demo/clip.mkv"),
    "overlay": (_MODEL, "device/demo/clip.mkv"),
    "readings": (_MODEL, "device/models/emotion-fer2013.tflite", "device/demo/clip.mkv", "tests/benchmarks/fade.py"),
    "report": (_MODEL, "trainer/report/style.css"),
    "page": (_MODEL, "device/demo/clip.mkv"),
    "homeassistant": (),
    "eyes": ("tests/benchmarks/crowd.py", "tests/benchmarks/crowd_strip.py"),
}


def pictures() -> list[Path]:
    """Every photograph and screenshot of the pages; drawings (SVG) have their sources beside them."""
    return sorted(path for path in DOCS.iterdir() if path.suffix in {".png", ".jpg", ".webp"})


def digests(picture: Path) -> Mapping[str, str]:
    """Of the picture, and of what it shows together."""
    (kind,) = (kind for kind in SHOWN if picture.stem.split("-")[0] == kind)
    shown = "".join(_sha256(ROOT / name) for name in SHOWN[kind])
    return {"picture": _sha256(picture), "shown": hashlib.sha256(shown.encode()).hexdigest()}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Draw and note them."""
    subprocess.run([sys.executable, "-m", "tests.benchmarks.readings", str(DOCS / "readings.png")], check=True)
    data, votes = os.environ.get("DATA"), os.environ.get("FERPLUS")
    if data and votes:
        _report(data, votes)
    else:
        sys.stderr.write("docs/report.png stays: it needs DATA=fer2013.csv FERPLUS=fer2013new.csv\n")
    before = json.loads(NOTED.read_text(encoding="utf-8")) if NOTED.exists() else {}
    now = {path.name: digests(path) for path in pictures()}
    if not (data and votes) and "report.png" in before:
        now["report.png"] = before["report.png"]
    NOTED.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")


def _report(data: str, votes: str) -> None:
    """The first page of what the shipped model's evaluation says, without the faces, which are not ours to show."""
    with TemporaryDirectory() as name:
        page = Path(name) / "report.html"
        command = [sys.executable, "-c", "from trainer.commands import main; raise SystemExit(main())", "evaluate"]
        options = ["--split", "validation", "--without-faces", "--html", str(page)]
        subprocess.run([*command, str(ROOT / _MODEL), data, "--ferplus", votes, *options], check=True)
        photograph(page, Path(name) / "profile", DOCS / "report.png")


def photograph(page: Path, profile: Path, out: Path) -> None:
    """A report's first page, in the font that the browser takes on this machine."""
    from tests.integration.chromium import chromium

    with chromium(profile, width=REPORT_SIZE[0], height=REPORT_SIZE[1]) as browser:
        browser.get(page.as_uri())
        browser.save_screenshot(str(out))


if __name__ == "__main__":
    main()
