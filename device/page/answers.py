"""What several answers have in common: how a page and a way to another are written, and how a request is read."""

import time
from datetime import date, datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any

from microdot.microdot import Request, Response


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
