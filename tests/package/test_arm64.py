"""The packages for arm64, emulated: they install, and on a Raspberry Pi's processors they decide as on x86-64."""

import json
import shutil
from typing import Any

import cv2
import numpy as np
import pytest

from device.demo import CLIP_PATH
from tests.package.roots import RELEASES, Root, require_package

pytestmark = pytest.mark.slow

PROCESSORS = {"Raspberry Pi 4": "cortex-a72", "Raspberry Pi 5": "cortex-a76"}
EVERY = 5
FPS = 15 / EVERY

CLIP = """
device: {id: hall}
source: {uri: /root/pictures, fps: 3, pace: as-fast-as-possible}
mqtt: {enabled: false}
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Every fifth picture of the clip, without a loss: decoding a film is not held to be the same everywhere."""
    folder = tmp_path_factory.mktemp("clip") / "pictures"
    folder.mkdir()
    capture = cv2.VideoCapture(str(CLIP_PATH))
    number = 0
    while (read := capture.read())[0]:
        if number % EVERY == 0:
            assert cv2.imwrite(str(folder / f"{number:04}.png"), read[1])
        number += 1
    return folder


def made(name, package, pictures) -> Root:
    """A root with the package, the pictures and the script that takes them through the stages."""
    root = Root(name)
    root.install(package)
    shutil.copytree(pictures, root.path / "root/pictures")
    shutil.copy(__file__.replace("test_arm64.py", "decisions.py"), root.path / "root/decisions.py")
    (root.path / "root/clip.yaml").write_text(CLIP)
    return root


@pytest.fixture(scope="module", params=RELEASES)
def pi(request, pictures):
    """The arm64 system of a release."""
    root = made(f"{request.param}-arm64", require_package(request.param, "arm64"), pictures)
    yield root
    root.remove()


@pytest.fixture(scope="module")
def decided_on_x86(pi, pictures) -> dict[str, Any]:
    """What the same release's package for x86-64 makes of the same pictures."""
    release = pi.release.partition("-")[0]
    root = made(release, require_package(release, "amd64"), pictures)
    try:
        return decisions(root)
    finally:
        root.remove()


def decisions(root, **variables) -> dict[str, Any]:
    told = root.run("/opt/affectd/bin/python3", "/root/decisions.py", "/root/pictures", str(FPS), **variables)
    return json.loads(told.splitlines()[-1])


@pytest.mark.parametrize("board", PROCESSORS)
def test_it_decides_as_on_x86(pi, decided_on_x86, board):
    here = decisions(pi, QEMU_CPU=PROCESSORS[board])
    assert here["machine"] == "aarch64"
    assert here["python"].startswith(RELEASES[pi.release.partition("-")[0]])
    assert here["events"] == decided_on_x86["events"]
    assert {event["type"] for event in here["events"]} == {"face_appeared", "emotion_changed", "face_left"}
    pairs = [
        (face, other)
        for faces, others in zip(here["pictures"], decided_on_x86["pictures"], strict=True)
        for face, other in zip(faces, others, strict=True)
    ]
    assert all((face["track"], face["emotion"]) == (other["track"], other["emotion"]) for face, other in pairs)
    scores = greatest([face["scores"] for face, _ in pairs], [other["scores"] for _, other in pairs])
    boxes = greatest([face["box"] for face, _ in pairs], [other["box"] for _, other in pairs])
    golden = greatest(here["golden"], decided_on_x86["golden"])
    compared = f"{len(here['pictures'])} pictures, {len(pairs)} readings, {len(here['events'])} events"
    found = f"scores {scores:.4f}, golden answers {golden:.4f} (allowed: {here['tolerance']}), boxes {boxes:.3f} px"
    print(f"\n{pi.release} on {PROCESSORS[board]} ({board}), Python {here['python']}, {here['runtime']}")
    print(f"{compared}; greatest difference to x86-64: {found}")
    assert max(scores, golden) <= here["tolerance"]


def greatest(one, other) -> float:
    return float(np.abs(np.array(one) - np.array(other)).max())


@pytest.mark.parametrize("board", PROCESSORS)
def test_the_model_s_golden_answers_are_right_there(pi, board):
    assert "golden answers" in pi.run("affectd", "check", QEMU_CPU=PROCESSORS[board])


@pytest.mark.parametrize("board", PROCESSORS)
def test_the_daemon_itself_runs_the_clip_s_pictures_to_their_end(pi, board):
    told = pi.run("affectd", "run", "--config", "/root/clip.yaml", QEMU_CPU=PROCESSORS[board])
    assert "watching /root/pictures" in told
