"""``affectd detector``: installs the network that finds faces, goes back to the cascades, and lists what there is."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.commands.options import add_state_dir_options, optional_config, state_dir_of
from device.errors import EXIT_OK, AffectdError

if TYPE_CHECKING:
    from device.config import Config


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("detector", help="install a network that finds faces, go back to the cascades, or list")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    install = actions.add_parser("install", help="try a network and use it from the next start on")
    install.add_argument("file", metavar="FILE.onnx|URL", help="OpenCV Zoo's face_detection_yunet_2026may.onnx")
    install.add_argument("--trust", action="store_true", help="take a file that is not known by its SHA-256")
    install.set_defaults(run=_install)
    actions.add_parser("remove", help="find faces with Haar cascades again").set_defaults(run=_remove)
    actions.add_parser("list", help="list what can find faces, and say which is in use").set_defaults(run=_list)
    for action in actions.choices.values():
        add_state_dir_options(action)


def _install(options: argparse.Namespace) -> int:
    from device.detect.networkfile import fetch_network, install_network, read_network

    config = optional_config(options)
    is_address = options.file.startswith(("https://", "http://"))
    content = fetch_network(options.file) if is_address else read_network(Path(options.file).expanduser())
    told = install_network(content, options.file, state_dir_of(options, config), trust=options.trust)
    print(f"installed: {told}, tried on this machine")
    if config.detector.kind == "haar":
        print(f"{options.config} says haar: set detector.kind to auto to use it")
    elif config.detector.network:
        print(f"{options.config} names another, {config.detector.network}: set detector.network to null for this")
    else:
        print("the daemon takes it with:  systemctl reload affectd")
    return EXIT_OK


def _remove(options: argparse.Namespace) -> int:
    from device.detect.networkfile import remove_network

    if remove_network(state_dir_of(options, optional_config(options))):
        print("removed; the daemon goes on without it with:  systemctl reload affectd")
    else:
        print("no network was installed")
    return EXIT_OK


def _list(options: argparse.Namespace) -> int:
    from device.detect.networkfile import INSTALLED_NAME, PROVIDED, network_in_use

    config = optional_config(options)
    kind, state_dir = config.detector.kind, state_dir_of(options, config)
    wanted = None if kind == "haar" else network_in_use(config.detector.network, state_dir)
    in_use = None
    candidates = (config.detector.network, state_dir / INSTALLED_NAME, *PROVIDED)
    for path in dict.fromkeys(path for path in candidates if path and (path == wanted or path.is_file())):
        works, told = _try(path, config)
        in_use = path if works and path == wanted else in_use
        print(f"{'*' if path == in_use else ' '} {path}: {told}")
    is_haar_used = in_use is None and kind != "yunet"
    print(f"{'*' if is_haar_used else ' '} Haar cascades, which come with OpenCV 4")
    if in_use is None and kind == "yunet":
        print(
            "none is in use: detector.kind is yunet, and there is no network that works; install one, or set it to auto"
        )
    return EXIT_OK


def _try(path: Path, config: "Config") -> tuple[bool, str]:
    """Whether the network works, and what it is, or why not."""
    from device.detect.build import open_detector

    named = config.detector.model_copy(update={"kind": "yunet", "network": path})
    try:
        return True, open_detector(named, None).description
    except AffectdError as error:
        return False, f"cannot be used: {error}"
