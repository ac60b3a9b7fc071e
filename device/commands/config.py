"""``affectd config``: shows what is in force, and changes a key with the comments kept."""

import argparse
import os
from pathlib import Path
from typing import Any

from device.commands.options import add_config_option
from device.errors import EXIT_OK, StorageError, UsageError


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("config", help="show the configuration, or change one key of it")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    show = actions.add_parser("show", help="show every key with its value, or one section or key")
    show.add_argument("key", nargs="?", metavar="KEY", help="such as source or source.uri")
    add_config_option(show)
    show.set_defaults(run=_show)
    change = actions.add_parser("set", help="change one key; the file is checked first, and comments stay")
    change.add_argument("key", metavar="KEY", help="such as source.uri")
    change.add_argument("value", metavar="VALUE", help="as in the file: a number, true, null or a text")
    add_config_option(change)
    change.set_defaults(run=_set)


def _show(options: argparse.Namespace) -> int:
    from device.config import load_config
    from device.tools.config_file import flattened

    values = flattened(load_config(options.config).model_dump(mode="json"))
    wanted = {key: value for key, value in values.items() if _is_at(key, options.key)}
    if not wanted:
        raise UsageError(f"there is no key `{options.key}`", "affectd config show lists all")
    import yaml

    for key, value in wanted.items():
        written = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=4096)
        print(f"{key}: {written.removesuffix(chr(10)).removesuffix('...').rstrip()}")
    return EXIT_OK


def _is_at(key: str, wanted: str | None) -> bool:
    return wanted is None or key == wanted or key.startswith(f"{wanted}.")


def _set(options: argparse.Namespace) -> int:
    from device.contract.files import write_atomically
    from device.tools.config_file import with_text

    path: Path = options.config
    try:
        text, found = path.read_text(encoding="utf-8"), path.stat()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", "name another file with --config") from error
    changed = with_text(text, options.key, options.value, str(path))
    write_atomically(path, changed.encode(), found.st_mode & 0o777)
    if os.geteuid() == 0:
        os.chown(path, found.st_uid, found.st_gid, follow_symlinks=False)
    print(f"{path}: {options.key} is changed; the service takes it with: sudo systemctl reload affectd")
    return EXIT_OK
