"""The pages that are made of the code: ``python -m tests.docs.reference`` writes them anew.

``docs/configuration.md`` is made of the settings' own descriptions, ``docs/commands.md`` of the command lines' parsers, and
the shell completions of the latter too. Of ``docs/mqtt.md`` the tables are made, of ``device/mqtt/asyncapi.yaml``.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import shtab
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import converters.commands
import device.commands
import trainer.commands
from device import errors
from device.cli import build_parser
from device.config import Config
from tests.docs.mqtt_reference import with_tables

ROOT = Path(__file__).parents[2]
LINES = (device.commands.COMMAND_LINE, trainer.commands.COMMAND_LINE, converters.commands.COMMAND_LINE)

_CONFIGURATION = """# Configuration

Every key of `config.yaml`, with its default. You may leave keys out. affectd refuses a key that it does not know, and names the line and
the nearest known key.

    affectd config show                     # all keys with their values
    sudo affectd config set source.uri 0    # change one key; checked first, comments stay
    affectd check                           # check the whole file
    sudo systemctl reload affectd           # take it; a faulty file changes nothing

Passwords are never in this file: [MQTT](mqtt.md) says where the broker's goes. Times are in seconds, and shares are between 0 and 1.
Every path begins with `/` or `~`.

<!-- `make reference` makes this page of the settings in the code. Change the descriptions there. -->
"""

_COMMANDS = """# Commands and exit codes

<!-- `make reference` makes this page of the command lines in the code. Change the help there. -->
"""


def pages() -> Mapping[Path, str]:
    """Every made file and its text."""
    made = {ROOT / "docs/configuration.md": configuration(), ROOT / "docs/commands.md": commands()}
    mqtt = ROOT / "docs/mqtt.md"
    made[mqtt] = with_tables(mqtt.read_text(encoding="utf-8"))
    for program, description, verbs in LINES:
        parser = build_parser(program, description, verbs)
        made[ROOT / f"systemd/completion/{program}"] = shtab.complete(parser, "bash")
    return made


def configuration() -> str:
    """The page of all keys."""
    sections = [_CONFIGURATION]
    for name, field in Config.model_fields.items():
        section = field.annotation
        assert isinstance(section, type)
        assert issubclass(section, BaseModel)
        head = inspect.getdoc(section) or ""
        sections.append(
            f"## `{name}`\n\n{_first_sentence(head)}\n\n| key | default | takes | what it is |\n| --- | --- | --- | --- |"
        )
        sections[-1] += "".join(f"\n{row}" for row in _rows(section, ""))
    return "\n\n".join(part.strip("\n") for part in sections) + "\n"


def _rows(section: type[BaseModel], prefix: str) -> Iterator[str]:
    described = _attributes(section)
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _rows(inner, f"{prefix}{name}.")
            continue
        what = field.description or described.get(name, "")
        assert what, f"{section.__name__}.{name} says nowhere what it is"
        shown = _cell(what)
        yield f"| `{prefix}{name}` | `{_yaml(field.default)}` | {_cell(_takes(field))} | {shown} |"


def _attributes(section: type[BaseModel]) -> dict[str, str]:
    """What the class's docstring says of each attribute."""
    text = inspect.getdoc(section) or ""
    _, _, listed = text.partition("Attributes:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", listed, re.MULTILINE)
    return {name: " ".join(said.split()) for name, said in found}


def _takes(field: FieldInfo) -> str:
    kinds = [_kind(kind) for kind in _alternatives(field.annotation)]
    limits = {type(one).__name__: one for one in field.metadata}
    low = next((f"from {limits[name].ge}" for name in ("Ge",) if name in limits), "")
    low = low or next((f"above {limits[name].gt}" for name in ("Gt",) if name in limits), "")
    high = next((f"to {limits[name].le}" for name in ("Le",) if name in limits), "")
    return " ".join(part for part in (" or ".join(dict.fromkeys(kinds)), low, high) if part)


def _alternatives(annotation: Any) -> Sequence[Any]:
    if get_origin(annotation) is Literal:
        return [f"`{value}`" for value in get_args(annotation)]
    origin = str(get_origin(annotation))
    if "Union" in origin:
        return [one for part in get_args(annotation) for one in _alternatives(part)]
    if "Annotated" in origin:
        return _alternatives(get_args(annotation)[0])
    return [annotation]


def _kind(kind: Any) -> str:
    if isinstance(kind, str):
        return kind
    plain = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "`true` or `false`",
        Path: "path",
        type(None): "`null`",
    }
    return plain.get(kind, "list" if "tuple" in str(kind) or "list" in str(kind) else "words by label")


def _yaml(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _first_sentence(text: str) -> str:
    return text.split("\n\n", maxsplit=1)[0].replace("\n", " ").replace("``", "`")


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|").replace("<", "&lt;")


def commands() -> str:
    """The page of all verbs."""
    parts = [_COMMANDS]
    for program, description, verbs in LINES:
        parser = build_parser(program, description, verbs)
        parts.append(f"## {program}\n\n{description}")
        parts += [_verb(f"{program} {name}", verb, said) for name, verb, said in _verbs(parser)]
    table = "".join(f"\n| {code} | {meaning} |" for code, meaning in _exit_codes())
    parts.append(
        f"## Exit codes\n\nAn error is one line on stderr and one of these exit codes:\n\n| code | meaning |\n| --- | --- |{table}"
    )
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _verbs(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, verb in action.choices.items():
                inner = list(_verbs(verb))
                yield name, verb, helps.get(name, "")
                yield from ((f"{name} {deeper}", one, said) for deeper, one, said in inner)


def _verb(name: str, parser: argparse.ArgumentParser, said: str) -> str:
    rows = [
        action
        for action in parser._actions
        if not isinstance(action, argparse._SubParsersAction | argparse._HelpAction)
    ]
    text = parser.description or said
    head = f"### `{name}`\n\n{_sentence(text)}"
    if not rows:
        return head
    table = "".join(f"\n| {_invocation(action)} | {_cell(_help(parser, action))} |" for action in rows)
    return f"{head}\n\n| argument | what it is |\n| --- | --- |{table}"


def _invocation(action: argparse.Action) -> str:
    value = action.metavar or (f"{{{','.join(map(str, action.choices))}}}" if action.choices else action.dest.upper())
    if isinstance(value, tuple):
        value = " ".join(value)
    takes = "" if action.nargs == 0 else str(value)
    if not action.option_strings:
        return f"`{takes}`"
    return ", ".join(f"`{option} {takes}`".replace(" `", "`") for option in action.option_strings)


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return parser._get_formatter()._expand_help(action) if action.help else ""


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".") if text else ""


def _exit_codes() -> list[tuple[str, str]]:
    """As the errors' own docstring lists them."""
    listed = re.findall(r"^(\d+) +(.+)$", errors.__doc__ or "", re.MULTILINE)
    assert listed
    return listed


def main() -> None:
    """Write all of them."""
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines\n")


if __name__ == "__main__":
    main()
