"""The Debian root that `install.sh` has made, a camera in it that shows pictures of ours, and programs that use it."""

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

REPOSITORY = Path(__file__).parents[2]
ROOT = REPOSITORY / "build" / "picamera2" / "root"
PATIENCE_S = 120.0

_HERE = Path(__file__).parent
_CAMERAS = "usr/share/libcamera/pipeline/virtual/virtual.yaml"
# The kernel's folders are there for one program alone, and go with it.
_ENTER = """
mount -t proc proc "$1/proc" && mount --rbind /sys "$1/sys" && mount --rbind /dev "$1/dev" && exec chroot "$@"
"""


def require_root() -> None:
    """Without a root, or the right to enter it, the test is skipped."""
    if not (ROOT / "root" / "installed").exists():
        pytest.skip("needs Picamera2 in a Debian root, 1.5 GB: sudo make test-picamera2")
    if os.geteuid() != 0:
        pytest.skip("enters a Debian root, which root alone can: sudo make test-picamera2")


def plug_in_virtual_camera(root: Path, folder: Path, pictures: list[NDArray[np.uint8]]) -> None:
    """Give the system in ``root`` one camera, which shows ``pictures``; they lie in ``folder``, as named inside."""
    outside = root / folder.relative_to("/")
    if not outside.exists():
        outside.mkdir(parents=True)
        for number, picture in enumerate(pictures):
            assert cv2.imwrite(str(outside / f"{number:04}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    height, width = pictures[0].shape[:2]
    camera = {
        "supported_formats": [{"width": width, "height": height, "frame_rates": [15, 30]}],
        "frames": {"path": str(folder), "scale_mode": "fill"},
        "location": "CameraLocationBack",
        "model": "Virtual",
    }
    cameras = root / _CAMERAS
    cameras.parent.mkdir(parents=True, exist_ok=True)
    cameras.write_text(yaml.safe_dump({"Virtual0": camera}), encoding="utf-8")


class VirtualCamera:
    """libcamera's virtual camera with the pictures given, and affectd beside it in a folder of its own.

    Args:
        pictures: uint8 (height, width, 3), BGR, of one size; shown one after the other, again and again.
        fps: how many frames a second; libcamera goes on to the next picture with every fourth.
        padding: how many columns on the right of the pictures are to be no part of them but the end of padded rows.
        root: the Debian root.
        python: the interpreter in it.
    """

    def __init__(
        self,
        pictures: list[NDArray[np.uint8]],
        *,
        fps: float = 15.0,
        padding: int = 0,
        root: Path = ROOT,
        python: str = "/venv/bin/python",
    ) -> None:
        require_root()
        self._root, self._python = root, python
        self._inside = Path("/srv") / f"camera-{uuid.uuid4().hex[:8]}"
        self.folder = root / self._inside.relative_to("/")
        self.held = self.folder / "held"
        self._fps, self._padding = fps, padding
        shutil.copytree(REPOSITORY / "device", self.folder / "device", ignore=lambda *_: {"__pycache__"})
        for name in ("cured.py", "scenarios.py"):
            shutil.copy(_HERE / name, self.folder)
        self._pictures = pictures

    def write_config(self, **sections: dict[str, Any]) -> str:
        """A configuration for this camera, without a broker; keywords are sections with what differs."""
        values: dict[str, dict[str, Any]] = {
            "device": {
                "id": "hall",
                "state_dir": str(self._inside / "state"),
                "runtime_dir": str(self._inside / "run"),
            },
            "source": {"uri": "picamera"},
            "mqtt": {"enabled": False},
        }
        for name, section in sections.items():
            values[name] = values.get(name, {}) | section
        (self.folder / "config.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
        return str(self._inside / "config.yaml")

    def start(self, *arguments: str, stderr: int | IO[bytes] = subprocess.PIPE) -> "subprocess.Popen[str]":
        """Start ``python -m`` with these arguments inside, this camera being the only one."""
        plug_in_virtual_camera(self._root, self._inside / "pictures", self._pictures)
        environment = {
            "PATH": "/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "VIRTUAL_CAMERA_FPS": str(self._fps),
            "VIRTUAL_CAMERA_PADDING": str(self._padding),
            "VIRTUAL_CAMERA_HELD": str(self._inside / "held"),
        }
        command = ["/usr/bin/env", "-C", str(self._inside), self._python, "-m", "cured", *arguments]
        return subprocess.Popen(
            ["unshare", "--mount", "/bin/sh", "-ec", _ENTER, "sh", str(self._root), *command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The same, waited for."""
        with self.start(*arguments) as process:
            try:
                stdout, stderr = process.communicate(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                _, stderr = process.communicate()
                pytest.fail(f"{' '.join(arguments)} did not end in {PATIENCE_S:.0f} s:\n{stderr[-3000:]}")
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def play(self, scenario: str, **sections: dict[str, Any]) -> Any:
        """What a function of scenarios.py saw."""
        self.held.unlink(missing_ok=True)
        done = self.run("scenarios", scenario, self.write_config(**sections))
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])

    def remove(self) -> None:
        """Forget it; what was started must have ended."""
        shutil.rmtree(self.folder)
