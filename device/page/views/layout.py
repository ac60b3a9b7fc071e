"""What all pages have in common: the head, the way to the other pages, and the pause switch."""

from dataclasses import dataclass
from typing import Any

from device.page.h import Child, Html, h, join
from device.page.texts import LANGUAGES, Texts, texts_in

DASH = "\N{EN DASH}"
"""Stands where nothing is known."""

PAGES = {"live": "/", "today": "/today", "events": "/events", "configuration": "/configuration", "doctor": "/doctor"}

_ICONS = {
    "ok": "M3.5 8.5l3 3 6-7",
    "warning": "M8 2.2L14.6 13.6H1.4zM8 6.4v3.2M8 11.6v.2",
    "wrong": "M4 4l8 8M12 4l-8 8",
    "unknown": "M4 8h8",
    "off": "M8 2.4v5.2M4.6 4.4a5 5 0 106.8 0",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks, and at what.

    Attributes:
        texts: in the language of who looks.
        hello: what the daemon has told of the device.
        state: how it is.
        may_leave: whether there is a session to end.
    """

    texts: Texts
    hello: dict[str, Any]
    state: dict[str, Any]
    may_leave: bool

    @property
    def device(self) -> str:
        """What people call it."""
        return str(self.hello.get("name") or self.hello.get("id") or "affectd")


def page(visit: Visit, name: str, *content: Child, refresh_s: int | None = None, live: bool = False) -> Html:
    """A whole page with its frame.

    Args:
        visit: who looks.
        name: one of PAGES.
        content: of the page.
        refresh_s: after so many seconds it is loaded anew.
        live: whether the script keeps it up to date; without scripts it is then loaded anew now and then.
    """
    texts = visit.texts
    links = (
        h("a", texts(f"nav.{key}"), href=path, aria_current="page" if key == name else None)
        for key, path in PAGES.items()
    )
    header = h(
        "header",
        h("div", h("p", "affectd", class_="brand"), h("p", visit.device, class_="device"), class_="who"),
        h("div", pause_switch(visit), id="pause", class_="pause"),
        h("nav", *links, aria_label=texts("nav")),
        class_="top",
    )
    main = h("main", *content, id="content", tabindex="-1", data_live=live)
    return document(
        texts,
        texts("title", page=texts(f"nav.{name}"), device=visit.device),
        header,
        main,
        _foot(visit),
        refresh_s=refresh_s,
        live=live,
    )


def document(texts: Texts, title: str, *body: Child, refresh_s: int | None = None, live: bool = False) -> Html:
    """A whole document."""
    head = [
        h("meta", charset="utf-8"),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("meta", name="color-scheme", content="light dark"),
        h("title", title),
        h("link", rel="stylesheet", href="/static/page.css"),
        h("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        h("script", src="/static/page.js", defer=True),
    ]
    if refresh_s is not None:
        head.append(h("meta", http_equiv="refresh", content=refresh_s))
    if live:
        head.append(h("noscript", h("meta", http_equiv="refresh", content=5)))
    skip = h("a", texts("skip"), href="#content", class_="skip")
    return Html(f"<!doctype html>{h('html', h('head', *head), h('body', skip, *body), lang=texts.language)}")


def pause_switch(visit: Visit) -> Html:
    """The privacy switch, big, with what it does."""
    texts, source = visit.texts, str(visit.state.get("source"))
    is_off = source in {"paused", "pausing"}
    kind = "off" if is_off else "on"
    button = h(
        "button",
        icon("off"),
        h("span", texts(f"pause.{kind}")),
        type="submit",
        name="paused",
        value="no" if is_off else "yes",
        class_=f"switch {kind}",
        aria_describedby="pause-hint",
    )
    hint = h("p", texts(f"pause.hint.{kind}"), id="pause-hint", class_="hint")
    return h("form", button, hint, method="post", action="/pause")


def icon(kind: str) -> Html:
    """A shape beside words, which say the same."""
    path = h("path", d=_ICONS[kind])
    return h("svg", path, class_=f"icon {kind}", viewbox="0 0 16 16", aria_hidden="true", focusable="false")


def swatch(colour: str) -> Html:
    """A spot of an emotion's colour beside its name."""
    square = h("rect", x=1, y=1, width=10, height=10, rx=2.5, fill=colour)
    return h("svg", square, class_="swatch", viewbox="0 0 12 12", aria_hidden="true", focusable="false")


def card(title: str, *content: Child, id_: str | None = None, class_: str = "") -> Html:
    """A part of a page under a heading."""
    return h("section", h("h2", title), *content, class_=f"card {class_}".strip(), id=id_)


def notice(kind: str, text: str, *more: Child) -> Html:
    """What somebody has to know, at once."""
    return h("div", icon(kind), h("p", text, *more), class_=f"notice {kind}", role="status")


def table(caption: str, heads: list[str], rows: list[list[Child]]) -> Html:
    """A table whose first column names the rows, and which scrolls by itself where the screen is narrow."""
    head = h("thead", h("tr", *(h("th", one, scope="col") for one in heads)))
    body = h(
        "tbody",
        *(h("tr", h("th", row[0], scope="row"), *(h("td", cell) for cell in row[1:])) for row in rows),
    )
    inner = h("table", h("caption", caption, class_="unseen"), head, body)
    return h("div", inner, class_="scroll", tabindex=0, role="region", aria_label=caption)


def colour_of(visit: Visit, emotion: str | None) -> str:
    """As the overlay has it, #rrggbb."""
    colours = visit.hello.get("colours", {})
    return str(colours.get(emotion or "", colours.get("uncertain", "#b2b2b2")))


def duration(seconds: float) -> str:
    """In words that need no translation."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _foot(visit: Visit) -> Html:
    texts = visit.texts
    others = (
        h("a", texts_in(one)("language.name"), href=f"?language={one}", lang=one, hreflang=one)
        for one in LANGUAGES
        if one != texts.language
    )
    leave = h("form", h("button", texts("logout"), type="submit", class_="plain"), method="post", action="/logout")
    return h(
        "footer",
        h("p", texts("footer", version=visit.hello.get("version", ""))),
        h("div", join(others), leave if visit.may_leave else None, class_="ends"),
    )
