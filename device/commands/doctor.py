"""``affectd doctor``: what is wrong with this device, and the command that mends it."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from device.commands.options import add_config_option
from device.errors import EXIT_CONFIG, EXIT_OK, EXIT_UNAVAILABLE

if TYPE_CHECKING:
    from device.tools.finding import Finding

_MARKS = {"ok": "ok     ", "warning": "warning", "wrong": "WRONG  "}


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "doctor", help="look at configuration, model, camera, broker and machine, and say how to mend what is wrong"
    )
    parser.add_argument("--json", action="store_true", help="each finding as a line of JSON")
    add_config_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from device.tools.doctor import examine

    wrong: list[str] = []
    for finding in examine(options.config):
        _print(finding, as_json=options.json)
        if finding.grade == "wrong":
            wrong.append(finding.subject)
    if not wrong:
        return EXIT_OK
    if not options.json:
        print(f"\nwrong: {', '.join(wrong)}")
    return EXIT_CONFIG if wrong == ["config"] else EXIT_UNAVAILABLE


def _print(finding: "Finding", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(finding)), flush=True)
        return
    print(f"{_MARKS[finding.grade]}  {finding.subject:<11}  {finding.message}", flush=True)
    if finding.command:
        print(f"{'':22}$ {finding.command}", flush=True)
