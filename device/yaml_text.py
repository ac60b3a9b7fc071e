"""YAML, read so that whatever stands in the text is either plain data or a fault with its line.

The safe subset of PyYAML, with three differences. Numbers are those of YAML 1.2: ``0123``, ``12:30`` and dates stay the
text that they are, and ``1e-3`` is a number. Keys are words. Aliases may not refer to themselves, nor multiply: ten
lines of them can stand for gigabytes.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml

MOST_BYTES = 256 * 1024
"""A longer file is none that somebody has written."""
_MOST_NODES = 10_000
"""With every alias counted as what it stands for."""

_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)$")
_REAL = re.compile(
    r"[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.inf)$|\.nan$", re.IGNORECASE
)
_OTHER_RULES = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp")}


class YamlTextError(Exception):
    """What is wrong with a text.

    Args:
        reason: in one sentence.
        remedy: what to do about it.
        line: from 1; None where it is not known.
    """

    def __init__(self, reason: str, remedy: str = "", line: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.line = reason, remedy, line


@dataclass(frozen=True, slots=True)
class YamlText:
    """A document: its data, and its nodes, which know their lines."""

    data: Any
    root: yaml.Node | None

    def node(self, *keys: str) -> yaml.Node | None:
        """The value at ``keys``, None where none stands there."""
        node = self.root
        for wanted in keys:
            entries = node.value if isinstance(node, yaml.MappingNode) else []
            node = next((value for key, value in entries if key.value == wanted), None)
        return node

    def line(self, *keys: str) -> int:
        """Where the key stands, from 1; the nearest section's where it is missing."""
        node = self.root
        line: int = 1 if node is None else node.start_mark.line + 1
        for wanted in keys:
            entries = node.value if isinstance(node, yaml.MappingNode) else []
            key, node = next(((key, value) for key, value in entries if key.value == wanted), (None, None))
            if key is not None:
                line = int(key.start_mark.line) + 1
        return line


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {  # noqa: RUF012 the library's way
        first: [rule for rule in rules if rule[0] not in _OTHER_RULES]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _DECIMAL, list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _REAL, list("-+.0123456789"))


def read_yaml(text: str) -> YamlText:
    """Read one document. Raises YamlTextError, whatever the text is."""
    if "\0" in text:
        raise YamlTextError("the file holds zeros, as after a power cut", "put it back from a copy")
    try:
        return _read(text)
    except YamlTextError:
        raise
    except yaml.reader.ReaderError as error:
        before, character = text[: error.position], ord(text[error.position])
        raise YamlTextError(
            f"the character U+{character:04X} cannot stand in YAML", "remove it", before.count("\n") + 1
        ) from None
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark.line + 1 if error.problem_mark else None
        raise YamlTextError(f"this is not YAML: {error.problem}", "check indentation and quotes", where) from None
    except RecursionError:
        raise YamlTextError("brackets or lists are nested too deeply") from None
    except Exception as error:  # noqa: BLE001 a value with a tag of its own can make its constructor raise anything
        raise YamlTextError(f"this is not YAML: {error}", "check the values that begin with !!") from None


def _read(text: str) -> YamlText:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return YamlText(None, None)
        _measure(root, {})
        return YamlText(loader.construct_document(root), root)
    finally:
        loader.dispose()


def _measure(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many nodes ``node`` stands for. Raises YamlTextError where it is no plain data, or too much of it.

    Args:
        node: what to look at, and at all below it.
        sizes: of nodes that were measured, by identity; 0 while one is being measured.
    """
    known = sizes.get(id(node))
    if known == 0:
        raise YamlTextError("an alias stands for what it is a part of", "write it out", node.start_mark.line + 1)
    if known is not None:
        return known
    sizes[id(node)] = 0
    size = 1
    if isinstance(node, yaml.MappingNode):
        _require_words(node)
        size += sum(_measure(part, sizes) for entry in node.value for part in entry)
    elif isinstance(node, yaml.SequenceNode):
        size += sum(_measure(part, sizes) for part in node.value)
    if size > _MOST_NODES:
        raise YamlTextError(
            f"aliases make more than {_MOST_NODES} values of this", "write out what is meant", node.start_mark.line + 1
        )
    sizes[id(node)] = size
    return size


def _require_words(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlTextError(
                "a key is expected, and a list or section stands there",
                "fill in what a template such as {{ name }} has left, or put the value in quotes",
                line,
            )
        if key.value in seen:
            raise YamlTextError(f"the key {key.value!r} stands twice", "keep one of them", line)
        seen.add(key.value)
