"""What several answers have in common: how a page and a way to another are written, and how a request is read."""

import time
from datetime import date, datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from microdot.microdot import Request, Response

_MOST_FIELDS = 100


def html(document: str, status: int = 200) -> Response:
    """A page."""
    return Response(document, status, {"Content-Type": "text/html; charset=UTF-8"})


def redirect(path: str) -> Response:
    """The way to another page of ours."""
    # Always after a form (303), so that loading the page anew sends nothing a second time.
    return Response("", 303, {"Location": path, "Content-Type": "text/plain"})


def cookies(request: Request) -> dict[str, str]:
    """Those that a browser sent; none where they cannot be read."""
    try:
        jar = SimpleCookie(request.headers.get("Cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def form_of(request: Request) -> dict[str, str]:
    """What somebody filled in; nothing where it is no form. What is encoded wrongly stands as it came."""
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return {}
    text = bytes(request.body or b"").decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:  # more fields than any form of ours has
        return {}


def day_of(written_day: str) -> date:
    """The day that is asked for, today where none is."""
    today = datetime.fromtimestamp(time.time()).astimezone().date()
    try:
        return date.fromisoformat(written_day)
    except ValueError:
        return today


def typed(key: dict[str, Any], text: str) -> str:
    """What was typed as the configuration writes it: an empty field is null, and a number may have a comma."""
    if not text and key["nullable"]:
        return "null"
    return text.replace(",", ".") if key["number"] else text
