"""What a day was like: visits by hour, in the colours of the emotions, and the same as a table."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from device.page.h import Child, Html, h, join
from device.page.texts import Texts
from device.page.views.layout import DASH, Visit, card, colour_of, duration, notice, page, swatch, table

_TALL = 100.0
_LEAST_PERCENT = 0.5


def today_page(visit: Visit, day: date, summary: dict[str, Any] | None) -> Html:
    """The whole page.

    Args:
        visit: who looks.
        day: which day.
        summary: its ``day`` and ``hours`` as the memory counts them; None where nothing is known.
    """
    texts = visit.texts
    head = [h("h1", texts("today.title"), class_="title"), _ways(texts, day)]
    if not visit.hello.get("remembers"):
        return page(visit, "today", *head, notice("off", texts("today.off")))
    if summary is None or not summary["hours"]:
        return page(visit, "today", *head, notice("off", texts("today.none")))
    unsure = notice("warning", texts("today.unsynced")) if summary["day"]["clock"] == "unsynced" else None
    return page(
        visit,
        "today",
        *head,
        unsure,
        _figures(texts, summary["day"]),
        card(texts("today.visits.hour"), _chart(visit, day, summary["hours"]), _legend(visit, summary["hours"])),
        card(texts("today.hour"), _table(visit, summary["hours"]), class_="bare"),
    )


def _ways(texts: Texts, day: date) -> Html:
    one = timedelta(days=1)
    before, after = (day - one if day > date.min else day), (day + one if day < date.max else day)
    return h(
        "nav",
        h("a", texts("today.previous"), href=f"/today?day={before}"),
        h("strong", h("time", f"{day}", datetime=f"{day}")),
        h("a", texts("today.next"), href=f"/today?day={after}"),
        class_="days",
        aria_label=texts("today.title"),
    )


def _figures(texts: Texts, day: Mapping[str, Any]) -> Html:
    looked = f"{day['looked'] / day['visits']:.0%}" if day["visits"] else DASH
    stays = (DASH if day[name] is None else duration(day[name]) for name in ("mean_dwell_s", "median_dwell_s"))
    names = ("visits", "looked", "mean", "median")
    values = (str(day["visits"]), looked, *stays)
    pairs = (
        h("div", h("dt", texts(f"today.{name}")), h("dd", value)) for name, value in zip(names, values, strict=True)
    )
    return h("dl", *pairs, class_="figures card")


def _chart(visit: Visit, day: date, hours: list[dict[str, Any]]) -> Html:
    """A column an hour; the hours that a clock shows twice stand side by side."""
    texts = visit.texts
    most = max(1, *(hour["visits"] for hour in hours))
    by_hour: dict[int, list[dict[str, Any]]] = {}
    for hour in hours:
        by_hour.setdefault(datetime.fromisoformat(hour["start"]).hour, []).append(hour)
    order = list(_shares(_together(hours)))
    columns = (_column(visit, clock, by_hour.get(clock, []), most, order) for clock in range(24))
    visits = sum(hour["visits"] for hour in hours)
    if visits:
        busiest = datetime.fromisoformat(max(hours, key=lambda hour: hour["visits"])["start"])
        label = texts("today.chart", visits=visits, day=day, hour=f"{busiest:%H:%M}")
    else:
        label = texts("today.chart.none", day=day)
    return h("div", *columns, class_="chart", role="img", aria_label=label)


def _column(visit: Visit, clock: int, hours: list[dict[str, Any]], most: int, order: list[str]) -> Html:
    bars = [_bar(visit, hour, most, order) for hour in hours]
    count = sum(hour["visits"] for hour in hours)
    return h(
        "div",
        h("span", count or "", class_="count"),
        h("div", *bars, class_="bars"),
        h("span", f"{clock:02d}", class_="clock"),
        class_="column",
        aria_hidden="true",
    )


def _bar(visit: Visit, hour: dict[str, Any], most: int, order: list[str]) -> Html:
    """One hour; the emotions lie in the same ``order`` in all of them, so that two can be compared."""
    shapes: list[Child] = []
    if (kind := _gone(hour)) is not None:
        shapes.append(h("rect", x=0, y=0, width=10, height=_TALL, class_=kind))
    tall, bottom = _TALL * hour["visits"] / most, _TALL
    shares = _shares(hour)
    for emotion in sorted(shares, key=lambda one: order.index(one) if one in order else len(order)):
        part = tall * shares[emotion]
        bottom -= part
        if part >= _LEAST_PERCENT:
            colour = colour_of(visit, emotion)
            shapes.append(h("rect", x=0, y=f"{bottom:.2f}", width=10, height=f"{part:.2f}", fill=colour, class_="part"))
    return h(
        "svg", *shapes, viewbox=f"0 0 10 {_TALL:g}", preserveAspectRatio="none", aria_hidden="true", focusable="false"
    )


def _gone(hour: Mapping[str, Any]) -> str | None:
    """Why the camera saw nothing for most of an hour; None where it did see."""
    away = [kind for kind in ("paused", "lost") if hour[f"{kind}_s"] >= max(60.0, hour["watched_s"])]
    return away[0] if away else None


def _together(hours: list[dict[str, Any]]) -> dict[str, Any]:
    emotion_s: dict[str, float] = {}
    for hour in hours:
        for emotion, amount_s in hour["emotion_s"].items():
            emotion_s[emotion] = emotion_s.get(emotion, 0.0) + amount_s
    return {"emotion_s": emotion_s}


def _shares(hour: Mapping[str, Any]) -> dict[str, float]:
    """The emotions of an hour, the most frequent first; of visits without one the whole is uncertain."""
    amounts = {emotion: amount_s for emotion, amount_s in hour["emotion_s"].items() if amount_s > 0}
    whole = sum(amounts.values())
    if not whole:
        return {"uncertain": 1.0}
    return {emotion: amount_s / whole for emotion, amount_s in sorted(amounts.items(), key=lambda one: -one[1])}


def _legend(visit: Visit, hours: list[dict[str, Any]]) -> Html:
    emotions = sorted({emotion for hour in hours if hour["visits"] for emotion in _shares(hour)})
    items = [h("li", swatch(colour_of(visit, one)), visit.texts.emotion(one)) for one in emotions]
    for kind in ("paused", "lost"):
        if any(_gone(hour) == kind for hour in hours):
            mark = h(
                "svg",
                h("rect", x=1, y=1, width=10, height=10, class_=kind),
                class_="swatch",
                viewbox="0 0 12 12",
                aria_hidden="true",
            )
            items.append(h("li", mark, visit.texts(f"today.legend.{kind}")))
    return h("ul", *items, class_="legend", aria_label=visit.texts("today.legend"))


def _table(visit: Visit, hours: list[dict[str, Any]]) -> Html:
    texts = visit.texts
    heads = [texts(f"today.{name}") for name in ("hour", "visits", "mean", "emotions", "seen")]
    return table(texts("today.title"), heads, [_row(visit, hour) for hour in hours])


def _row(visit: Visit, hour: dict[str, Any]) -> list[Child]:
    texts = visit.texts
    shares = _shares(hour) if hour["emotion_s"] else {}
    figures = [
        join([swatch(colour_of(visit, one)), f"{texts.emotion(one)} {share:.0%} "]) for one, share in shares.items()
    ]
    away = [
        texts(f"today.{kind}", minutes=round(hour[f"{kind}_s"] / 60))
        for kind in ("paused", "lost")
        if hour[f"{kind}_s"] >= 30.0
    ]
    start = datetime.fromisoformat(hour["start"])
    return [
        h("time", f"{start:%H:%M}", datetime=hour["start"]),
        hour["visits"],
        DASH if hour["mean_dwell_s"] is None else duration(hour["mean_dwell_s"]),
        join(figures) if figures else DASH,
        ", ".join(away) or texts("today.watching"),
    ]
