"""The last events, the newest first."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from device.page.h import Child, Html, h, join
from device.page.views.layout import DASH, Visit, card, colour_of, duration, page, swatch, table


def events_page(visit: Visit, events: Iterable[dict[str, Any]]) -> Html:
    """The whole page."""
    texts = visit.texts
    newest_first = list(events)[::-1]
    title = h("h1", texts("events.title", count=len(newest_first)), class_="title")
    if not newest_first:
        return page(visit, "events", h("h1", texts("nav.events"), class_="title"), h("p", texts("events.none")))
    heads = [texts(key) for key in ("events.time", "face.number", "events.what", "face.emotion", "face.confidence")]
    rows = [_row(visit, event) for event in newest_first]
    return page(
        visit, "events", title, card(texts("nav.events"), table(texts("nav.events"), heads, rows), class_="bare")
    )


def _row(visit: Visit, event: dict[str, Any]) -> list[Child]:
    texts, kind = visit.texts, str(event["type"])
    what: list[Child] = [texts(f"events.{kind}") if texts.has(f"events.{kind}") else kind]
    details = []
    reason = event.get("reason")
    if reason and texts.has(f"reason.{reason}"):
        details.append(texts(f"reason.{reason}"))
    if event.get("duration_s") is not None:
        details.append(texts("events.after", duration=duration(event["duration_s"])))
    if details:
        what.append(h("span", ", ".join(details), class_="detail"))
    emotion, confidence = event.get("emotion"), event.get("confidence")
    return [
        _time(str(event["time"])),
        event["track"],
        join(what),
        DASH if emotion is None else join([swatch(colour_of(visit, emotion)), texts.emotion(emotion)]),
        DASH if confidence is None else f"{confidence:.0%}",
    ]


def _time(written: str) -> Html:
    moment = datetime.fromisoformat(written).astimezone()
    return h("time", f"{moment:%Y-%m-%d %H:%M:%S}", datetime=written)
