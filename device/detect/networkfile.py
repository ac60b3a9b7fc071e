"""The network's file: known ones by their digest, and where an installed one lies."""

import hashlib
from pathlib import Path

from device.detect.yunet import YuNet
from device.errors import UnavailableError

INSTALLED_NAME = "detector.onnx"
"""The file in the state directory."""
PACKAGED = Path("/usr/share/affectd/detector.onnx")
"""Where a package made with ``make deb DETECTOR=FILE`` has one."""
LARGEST_BYTES = 20_000_000
"""A larger file is not read: YuNet has 0.2 MB."""

KNOWN = {
    "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0": (229_738, "YuNet 2026may"),
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4": (232_589, "YuNet 2023mar"),
}
"""SHA-256 to size in bytes and name: OpenCV Zoo's ``models/face_detection_yunet``, MIT."""


def network_in_use(named: Path | None, state_dir: Path | None) -> Path | None:
    """The one that the configuration names, else the installed one, else the package's; None where there is none."""
    if named is not None:
        return named.expanduser()
    candidates = ([state_dir / INSTALLED_NAME] if state_dir else []) + [PACKAGED]
    return next((path for path in candidates if path.is_file()), None)


def read_network(path: Path) -> bytes:
    """All of the file. Raises UnavailableError where it is missing, or too large to be one."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise UnavailableError(
            f"the network {path} cannot be read: {error.strerror}", "correct detector.network, or install one again"
        ) from error
    if len(content) > LARGEST_BYTES:
        raise UnavailableError(
            f"{path} has more than {LARGEST_BYTES // 1_000_000} MB, expected some 0.2 of YuNet", "name another file"
        )
    return content


def name_of(content: bytes) -> str | None:
    """What the file is by its digest; None where it is not known."""
    _, name = KNOWN.get(hashlib.sha256(content).hexdigest(), (0, None))
    return name


def describe(content: bytes) -> str:
    """In words, for a person."""
    return name_of(content) or f"a network of its own, SHA-256 {hashlib.sha256(content).hexdigest()[:12]}…"


def open_network(path: Path) -> tuple[YuNet, str]:
    """The network at ``path``, and what it is, in words.

    Raises:
        UnavailableError: it is missing, or this OpenCV cannot run it.
    """
    content = read_network(path)
    if name_of(content) is None:
        # Native code reads it: what nobody vouches for is tried in a process of its own first.
        from device.detect.networkprobe import try_network

        try_network(content, str(path))
    return YuNet(content, str(path)), describe(content)
