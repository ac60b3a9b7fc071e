"""What the sensor sees now: boxes on a blank ground, how well each can be read, and how the device is."""

from typing import Any

from device.page.h import Child, Html, h, join
from device.page.texts import Texts
from device.page.views.layout import DASH, Visit, card, colour_of, icon, page, pause_switch, swatch, table

_STAGE_WIDTH = 960
_LABEL_PX = 30
_BROKER_KINDS = {"connected": "ok", "away": "warning", "off": "unknown"}
_SOURCE_KINDS = {"ok": "ok", "paused": "off", "pausing": "warning", "lost": "warning"}


def live_page(visit: Visit, moment: dict[str, Any] | None) -> Html:
    """The whole page."""
    texts = visit.texts
    parts = fragments(visit, moment)
    heading = h("h1", texts("nav.live"), class_="unseen")
    stage = h(
        "section",
        h("h2", texts("live.stage"), class_="unseen"),
        h("div", parts["stage"], id="stage"),
        h("p", parts["summary"], id="summary", class_="summary", role="status"),
        class_="card stage",
    )
    away = h("p", texts("live.away"), id="away", class_="notice warning", hidden=True, role="status")
    hint = h("noscript", h("p", texts("live.refresh"), class_="hint"))
    return page(
        visit,
        "live",
        heading,
        away,
        h(
            "div",
            stage,
            card(texts("live.state"), h("div", parts["state"], id="state")),
            card(texts("live.faces"), h("div", parts["faces"], id="faces"), class_="wide"),
            class_="grid",
        ),
        hint,
        live=True,
    )


def fragments(visit: Visit, moment: dict[str, Any] | None) -> dict[str, Html | str]:
    """What changes, by the id of where it stands."""
    return {
        "stage": _stage(visit, moment),
        "summary": _in_words(visit, moment),
        "faces": _faces(visit, moment),
        "state": _state(visit, moment),
        "pause": pause_switch(visit),
    }


def _stage(visit: Visit, moment: dict[str, Any] | None) -> Html:
    picture = (moment or {}).get("picture", {})
    width, height = picture.get("width") or 4, picture.get("height") or 3
    tall = round(_STAGE_WIDTH * height / width)
    shapes: list[Child] = [h("rect", x=0, y=0, width=_STAGE_WIDTH, height=tall, class_="ground")]
    faces = (moment or {}).get("faces", [])
    # Those that are seen lie on top.
    shapes.extend(_mark(visit, face, tall) for face in sorted(faces, key=lambda face: bool(face["visible"])))
    if not faces:
        word = _empty_word(visit, moment)
        shapes.append(h("text", word, x=_STAGE_WIDTH // 2, y=tall // 2, class_="empty", text_anchor="middle"))
    return h(
        "svg",
        *shapes,
        viewbox=f"0 0 {_STAGE_WIDTH} {tall}",
        role="img",
        aria_label=_in_words(visit, moment),
        class_="eyes",
    )


def _mark(visit: Visit, face: dict[str, Any], tall: int) -> Html:
    left, top, width, height = face["box"]
    x, y, w, ht = (round(v) for v in (left * _STAGE_WIDTH, top * tall, width * _STAGE_WIDTH, height * tall))
    colour = colour_of(visit, face["emotion"])
    label = f"{face['face']}  {_emotion(visit.texts, face)}"
    below = y < _LABEL_PX + 12
    box = h("rect", x=x, y=y, width=max(w, 1), height=max(ht, 1), rx=10, stroke=colour, class_="face")
    text = h(
        "text",
        label,
        x=min(max(x + 2, 8), _STAGE_WIDTH - 8),
        y=y + ht + _LABEL_PX if below else y - 12,
        fill=colour,
        class_="label",
        text_anchor="end" if x > 0.72 * _STAGE_WIDTH else "start",
    )
    return h("g", box, text, class_="mark" if face["visible"] else "mark expected")


def _emotion(texts: Texts, face: dict[str, Any]) -> str:
    if face["emotion"] is None:
        return texts("face.unread")
    return f"{texts.emotion(face['emotion'])} {face['confidence']:.0%}"


def _empty_word(visit: Visit, moment: dict[str, Any] | None) -> str:
    source = visit.state.get("source")
    if source in {"paused", "pausing"}:
        return visit.texts("live.paused")
    if source == "lost":
        return visit.texts("live.lost")
    return visit.texts("live.wait" if moment is None else "live.nobody")


def _in_words(visit: Visit, moment: dict[str, Any] | None) -> str:
    """The same for those who do not see the boxes; it changes when faces come, change or go, and no more often."""
    texts = visit.texts
    faces = (moment or {}).get("faces", [])
    if not faces:
        return _empty_word(visit, moment)
    emotions = ", ".join(
        texts("face.unread") if one["emotion"] is None else texts.emotion(one["emotion"]) for one in faces
    )
    return texts("live.one" if len(faces) == 1 else "live.many", count=len(faces), emotions=emotions)


def _faces(visit: Visit, moment: dict[str, Any] | None) -> Html:
    texts = visit.texts
    faces = (moment or {}).get("faces", [])
    if not faces:
        return h("p", texts("live.faces.none"), class_="hint")
    heads = [texts(f"face.{one}") for one in ("number", "emotion", "confidence", "size", "light", "verdict")]
    return table(texts("live.faces"), heads, [_row(visit, face) for face in faces])


def _row(visit: Visit, face: dict[str, Any]) -> list[Child]:
    texts, emotion = visit.texts, face["emotion"]
    word = texts("face.unread") if emotion is None else texts.emotion(emotion)
    faults = face.get("faults", [])
    named = ", ".join(texts(f"fault.{one}") if texts.has(f"fault.{one}") else one for one in faults)
    return [
        face["face"],
        join([swatch(colour_of(visit, emotion)), word]),
        DASH if emotion is None else f"{face['confidence']:.0%}",
        texts("face.size.px", px=face["pixels"]) if "pixels" in face else DASH,
        f"{face['brightness']:.0f}" if "brightness" in face else DASH,
        join([icon("warning"), named]) if faults else join([icon("ok"), texts("face.good")]),
    ]


def _state(visit: Visit, moment: dict[str, Any] | None) -> Html:
    texts, state = visit.texts, visit.state
    source, broker = state.get("source", "lost"), state.get("broker", "off")
    items = [
        _item(_SOURCE_KINDS[source], texts(f"source.{source}"), state.get("source_name"), state.get("source_trouble")),
        _item(
            _BROKER_KINDS[broker],
            texts(f"broker.{broker}"),
            state.get("broker_trouble"),
        ),
    ]
    free = texts("disk.free", free=_bytes(state["free_mb"])) if state.get("free_mb") is not None else None
    trouble = state.get("disk_trouble")
    items.append(_item("warning" if trouble else "ok", texts("disk.trouble" if trouble else "disk.ok"), free, trouble))
    items.append(_heat(texts, state))
    fps = state.get("fps")
    picture = (moment or {}).get("picture")
    faults = [texts(f"picture.{one}") for one in (picture or {}).get("faults", []) if texts.has(f"picture.{one}")]
    items.append(
        _item(
            "warning" if faults else "ok" if fps else "unknown",
            texts("rate.known", fps=f"{fps:g}") if fps else texts("rate.unknown"),
            _picture(texts, picture),
            *faults,
        )
    )
    last = state.get("last_error")
    return join(
        [h("ul", *items, class_="state"), h("p", texts("error.last", message=last), class_="hint") if last else None]
    )


def _heat(texts: Texts, state: dict[str, Any]) -> Html:
    celsius, slow = state.get("temperature_c"), state.get("slowed_to_fps")
    word = texts("heat.unknown") if celsius is None else texts("heat.known", celsius=f"{celsius:.0f}")
    held = ", ".join(state.get("throttled") or []).replace("_", " ")
    kind = "warning" if slow or held else "unknown" if celsius is None else "ok"
    return _item(kind, word, texts("heat.slow", fps=f"{slow:.3g}") if slow else None, held)


def _picture(texts: Texts, picture: dict[str, Any] | None) -> str | None:
    if not picture:
        return None
    brightness = f"{picture['brightness']:.0f}"
    return texts("live.picture", width=picture["width"], height=picture["height"], brightness=brightness)


def _item(kind: str, word: str, *more: str | None) -> Html:
    details = (h("span", one, class_="detail") for one in more if one)
    return h("li", icon(kind), h("div", h("strong", word), *details))


def _bytes(megabytes: float) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"
