"""The network's file: known ones by their digest, and where an installed one lies."""

import hashlib
import urllib.error
import urllib.request
from pathlib import Path

from device.contract.files import read_limited, write_atomically
from device.detect.yunet import YuNet
from device.errors import AffectdError, StorageError, UnavailableError

INSTALLED_NAME = "detector.onnx"
"""The file in the state directory."""
PROVIDED = (Path("/usr/local/share/affectd/detector.onnx"), Path("/usr/share/affectd/detector.onnx"))
"""Where ``affectd flash --detector`` and a package made with ``make deb DETECTOR=FILE`` have one."""
LARGEST_BYTES = 20_000_000
"""A larger file is not read: YuNet has 0.2 MB."""

KNOWN = {
    "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0": (229_738, "YuNet 2026may"),
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4": (232_589, "YuNet 2023mar"),
}
"""SHA-256 to size in bytes and name: OpenCV Zoo's ``models/face_detection_yunet``, MIT. The second is what its own
repository says of the file; the first is the one that several projects give for their unchanged copy."""

_FETCH_TIMEOUT_S = 30.0
_GET_ONE = "get OpenCV Zoo's face_detection_yunet_2026may.onnx"


def network_in_use(named: Path | None, state_dir: Path | None) -> Path | None:
    """The one that the configuration names, else the installed one, else a provided one; None where there is none."""
    if named is not None:
        return named
    candidates = ([state_dir / INSTALLED_NAME] if state_dir else []) + list(PROVIDED)
    return next((path for path in candidates if path.is_file()), None)


def read_network(path: Path) -> bytes:
    """All of the file. Raises UnavailableError where it is missing, or no such file."""
    try:
        return read_limited(path, LARGEST_BYTES)
    except StorageError as error:
        raise UnavailableError(f"the network cannot be read: {error.reason}", _GET_ONE) from error
    except OSError as error:
        raise UnavailableError(f"the network {path} cannot be read: {error.strerror}", "name another file") from error


def fetch_network(url: str) -> bytes:
    """What is at an ``https://`` or ``http://`` address. Raises UnavailableError."""
    if not url.startswith(("https://", "http://")):
        raise UnavailableError(f"{url} is no address to fetch from", "give a file, or an https:// address")
    try:
        with urllib.request.urlopen(url, timeout=_FETCH_TIMEOUT_S) as answer:  # noqa: S310 see above
            content: bytes = answer.read(LARGEST_BYTES + 1)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise UnavailableError(f"the network cannot be fetched from {url}: {error}", "fetch it elsewhere") from error
    if len(content) > LARGEST_BYTES:
        raise UnavailableError(f"{url} gives more than {LARGEST_BYTES // 1_000_000} MB", _GET_ONE)
    return content


def require_known(content: bytes, name: str) -> None:
    """Raises UnavailableError where the file is none whose digest is known."""
    digest = hashlib.sha256(content).hexdigest()
    if digest not in KNOWN:
        sizes = " or ".join(f"{size:,}" for size, _ in KNOWN.values())
        raise UnavailableError(
            f"{name} is no network that is known here: {len(content):,} bytes with the SHA-256 {digest}, "
            f"expected {sizes} bytes of YuNet",
            f"{_GET_ONE}, or add --trust if you know where this one comes from",
        )


def read_known_network(path: Path) -> bytes:
    """All of the file of a network that is known. Raises UnavailableError."""
    content = read_network(path)
    require_known(content, str(path))
    return content


def describe(content: bytes) -> str:
    """In words, for a person."""
    digest = hashlib.sha256(content).hexdigest()
    return KNOWN[digest][1] if digest in KNOWN else f"a network that is not known here, SHA-256 {digest[:12]}…"


def open_network(path: Path) -> tuple[YuNet, str]:
    """The network at ``path``, and what it is, in words.

    Raises:
        UnavailableError: it is missing, or this OpenCV cannot run it.
    """
    content = read_network(path)
    if hashlib.sha256(content).hexdigest() not in KNOWN:
        # Native code reads it: what nobody vouches for is tried in a process of its own first.
        from device.detect.networkprobe import try_network

        try_network(content, str(path))
    return YuNet(content, str(path)), describe(content)


def install_network(content: bytes, name: str, state_dir: Path, *, trust: bool) -> str:
    """Try the network, and put it in the installed one's place, all at once; returns what it is, in words.

    Args:
        content: the file.
        name: what errors call it.
        state_dir: where it goes.
        trust: take one whose digest is not known.

    Raises:
        UnavailableError: it is not known and not trusted, or finds no faces on this machine.
        StorageError: the state directory is not there, or this user may not write there.
    """
    from device.detect.networkprobe import try_network

    if not trust:
        require_known(content, name)
    try:
        try_network(content, name)
    except AffectdError as error:
        raise UnavailableError(f"{name} is not installed: {error.reason}", error.remedy) from error
    write_atomically(state_dir / INSTALLED_NAME, content, as_folder_s_owner=True)
    return describe(content)


def remove_network(state_dir: Path) -> bool:
    """Remove the installed one; whether there was one. Raises OSError."""
    path = state_dir / INSTALLED_NAME
    if not path.is_file():
        return False
    path.unlink()
    return True
