"""``affectd model``: changes the model of a device, and lists what there is."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from device.commands.options import add_state_dir_options, optional_config, state_dir_of
from device.contract.minisign import PublicKey
from device.errors import EXIT_OK, AffectdError


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("model", help="install another model on this device, go back, or list them")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    install = actions.add_parser("install", help="verify a model file and use it from the next start on")
    install.add_argument("file", type=Path, metavar="FILE.tflite")
    install.add_argument(
        "--signature",
        type=Path,
        metavar="FILE.minisig",
        help="the signature, if models.trusted_keys is set (default: beside FILE)",
    )
    install.set_defaults(run=_install)
    actions.add_parser("remove", help="use the bundled model again").set_defaults(run=_remove)
    actions.add_parser("list", help="list the models, and say which is in use").set_defaults(run=_list)
    for action in actions.choices.values():
        add_state_dir_options(action)


def _install(options: argparse.Namespace) -> int:
    from device.classify.modelstore import install_model

    config = optional_config(options)
    keys = config.models.keys
    card = install_model(options.file, state_dir_of(options, config), keys, options.signature)
    proven = f"{len(card.golden.examples)} golden answers right{', signed' if keys else ''}"
    print(f"installed: {card.name} ({card.version}), {proven}")
    if card.only_answer:
        print(f"warning: it says {card.only_answer} to every face that it was measured on")
    if config.classifier.model:
        print(
            f"{options.config} names another, {config.classifier.model}: set classifier.model to null to use this one"
        )
    else:
        print("the daemon takes it with:  systemctl reload affectd")
    return EXIT_OK


def _remove(options: argparse.Namespace) -> int:
    from device.classify.modelstore import remove_model

    if remove_model(state_dir_of(options, optional_config(options))):
        print("removed; the daemon takes the one that ships with:  systemctl reload affectd")
    else:
        print("no model was installed")
    return EXIT_OK


def _list(options: argparse.Namespace) -> int:
    from device.classify.classifier import BUNDLED_MODEL
    from device.classify.modelstore import installed_model, model_in_use

    config = optional_config(options)
    state_dir = state_dir_of(options, config)
    in_use = model_in_use(config.classifier.model, state_dir)
    candidates = (config.classifier.model, installed_model(state_dir), *sorted(BUNDLED_MODEL.parent.glob("*.tflite")))
    for path in dict.fromkeys(path for path in candidates if path):
        print(f"{'*' if path == in_use else ' '} {path}: {_describe(path, state_dir, config.models.keys)}")
    return EXIT_OK


def _describe(path: Path, state_dir: Path, keys: Sequence[PublicKey]) -> str:
    from device.classify.classifier import ships
    from device.classify.modelstore import given_up, read_trusted

    try:
        model = read_trusted(path, () if ships(path) else keys)
    except AffectdError as error:
        return f"cannot be used: {error}"
    reason = given_up(model, state_dir)
    if reason:
        return f"is not used: {reason}"
    card = model.model_card
    return f"{card.name} ({card.version}), {', '.join(card.labels)}"
