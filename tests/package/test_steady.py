"""Half an hour of watching with the broker there: what that writes to the card. STEADY_S=600 is shorter."""

import os
from pathlib import Path

import cv2
import pytest

from device.demo import CLIP_PATH
from tests.package.roots import Root, require_package
from tests.package.test_read_only import BROKER

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("steady.sh").read_text(encoding="utf-8")
STEADY_S = int(os.environ.get("STEADY_S", "1800"))
MOST_EVENTS_IN_A_BLOCK = 500
A_BLOCK_S_BYTES = 64 * 1024
A_SUMMARY_S_BYTES = 32 * 1024
A_SMALL_FILE_S_BYTES = 16 * 1024

# Every fifth picture at three a second: the clip's own pace, for a fifth of its work.
EVERY = 5
CONFIG = "device: {id: hall}\nsource: {uri: /srv/pictures, fps: 3, loop: true}\n"


@pytest.fixture(scope="module")
def told():
    package = require_package("deb13")
    root = Root("deb13")
    try:
        root.install(package)
        (root.path / "etc/affectd/config.yaml").write_text(CONFIG)
        (root.path / "etc/systemd/system/broker.service").write_text(BROKER)
        root.run("systemctl", "enable", "--quiet", "broker")
        put_pictures(root.path / "srv/pictures")
        sections = root.boot(f"STEADY_S={STEADY_S}\n{SCRIPT}", lasting_s=STEADY_S)
    finally:
        root.remove()
    a_day_mb = int(sections["bytes"]) * 86_400 / STEADY_S / 1e6
    print(
        f"\n{STEADY_S} s, and so in a day {a_day_mb:.1f} MB",
        *(f"== {heading}\n{body}" for heading, body in sections.items()),
        sep="\n",
    )
    return sections


def put_pictures(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    capture = cv2.VideoCapture(str(CLIP_PATH))
    number = 0
    while (read := capture.read())[0]:
        if number % EVERY == 0:
            assert cv2.imwrite(str(folder / f"{number:04}.jpg"), read[1], [cv2.IMWRITE_JPEG_QUALITY, 95])
        number += 1


def test_it_watched_all_the_time_and_told_of_it(told):
    assert "ActiveState=active" in told["service"]
    assert "same process" in told["service"]
    assert int(told["events"]) > STEADY_S / 12


def test_only_the_next_block_of_numbers_and_the_summary_every_ten_minutes_reach_the_card(told):
    blocks = int(told["events"]) // MOST_EVENTS_IN_A_BLOCK + 1
    assert int(told["bytes"]) <= blocks * A_BLOCK_S_BYTES + (STEADY_S // 600 + 1) * A_SUMMARY_S_BYTES
    changed = [line.split()[0] for line in told["changed files"].splitlines()]
    ours = [path for path in changed if "affectd" in path or path.startswith("/opt")]
    known = ("/var/lib/affectd/events.sqlite3", "/var/lib/affectd/summary.sqlite3")
    assert all(path.startswith(known) for path in ours)
    assert bool(ours) == bool(int(told["bytes"]))


def test_what_is_kept_of_the_broker_and_of_the_thresholds_is_written_when_it_changes_alone(told):
    assert "/var/lib/affectd/retained.json" in told["state folder"]
    assert "/var/lib/affectd/tuning.json" in told["state folder"]
    assert 0 < int(told["bytes for a threshold"]) <= A_SMALL_FILE_S_BYTES
    assert int(told["bytes at the start"]) > 0


def test_the_journal_gets_no_line(told):
    assert int(told["journal"]) == 0
