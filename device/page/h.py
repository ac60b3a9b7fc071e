"""HTML that is safe by how it is made: whatever is no ``Html`` yet is escaped."""

import html
from collections.abc import Iterable
from typing import TypeAlias

_VOID = {"br", "hr", "img", "input", "link", "meta", "rect", "line", "path", "circle", "use"}


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Child: TypeAlias = "Html | str | int | float | Iterable[Child] | None"
Value: TypeAlias = str | int | float | bool | None


def join(children: Iterable[Child]) -> Html:
    """All of them, one after the other; None is nothing."""
    return Html("".join(_written(child) for child in children))


def h(name: str, /, *children: Child, **attributes: Value) -> Html:
    """An element.

    Args:
        name: of the tag.
        children: what is in it, escaped where it is plain text.
        attributes: ``class_`` is ``class``, and ``aria_label`` is ``aria-label``; True has the attribute without a
            value, False and None leave it out.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID and not children:
        return Html(
            f"<{name}{written}>" if name in {"br", "hr", "img", "input", "link", "meta"} else f"<{name}{written}/>"
        )
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def _written(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str | int | float):
        return html.escape(str(child))
    return join(child)


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = "viewBox" if key == "viewbox" else key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
