"""``affectd page``: sets the page's password, and changes what the page may change."""

import argparse
from pathlib import Path
from typing import Any

from device.commands.options import add_config_option, add_state_dir_options, optional_config, state_dir_of
from device.errors import EXIT_OK

_SECRET = "AFFECTD_PAGE_PASSWORD"  # noqa: S105 the name of a variable, not what is in it


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("page", help="set the password of the page in the browser")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    password = actions.add_parser(
        "password",
        help="set it, or remove it",
        description=f"Asks for the password twice; takes it from the environment ({_SECRET}) or from stdin where "
        "nobody types. It is kept hashed (scrypt).",
    )
    password.add_argument("--remove", action="store_true", help="without one the page is for this device alone")
    add_state_dir_options(password)
    password.set_defaults(run=_set_password)
    change = actions.add_parser(
        "change",
        help="change keys as the page does: JSON of keys and values on stdin",
        description="Takes only the keys that the page may change. Checks that the daemon would start with them, and "
        "then writes them. If it may not write the file, affectd-page-change.service does so.",
    )
    change.add_argument("--from", dest="wanted", type=Path, metavar="FILE", help="instead of stdin; removed afterwards")
    add_config_option(change)
    change.set_defaults(run=_change)


def _set_password(options: argparse.Namespace) -> int:
    from device.page.password import PASSWORD_NAME, Verifier, write_verifier
    from device.tools.flash.secret_input import ask_secret

    state_dir = state_dir_of(options, optional_config(options))
    if options.remove:
        (state_dir / PASSWORD_NAME).unlink(missing_ok=True)
        print("removed; the page is for this device alone after:  systemctl reload affectd")
        return EXIT_OK
    verifier = Verifier.of(ask_secret("password of the page", _SECRET))
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    print(f"{write_verifier(state_dir, verifier)}: written; the page takes it with:  systemctl reload affectd")
    return EXIT_OK


def _change(options: argparse.Namespace) -> int:
    from device.tools.page.change import change_configuration, read_wanted, take_over

    if options.wanted is not None:
        keys = take_over(options.wanted, options.config)
    else:
        keys = change_configuration(options.config, read_wanted())
    print(f"{options.config}: {', '.join(keys)} changed")
    return EXIT_OK
