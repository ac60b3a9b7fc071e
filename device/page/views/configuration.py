"""The keys that may be changed here, each with what it is and what it takes."""

from typing import Any

from device.page.h import Html, h
from device.page.texts import Texts
from device.page.views.layout import Visit, notice, page

_BACK_S = 12


def configuration_page(visit: Visit, given: dict[str, str] | None = None, outcome: Html | None = None) -> Html:
    """The whole page.

    Args:
        visit: who looks.
        given: what was typed and is not in force, by key.
        outcome: what became of it.
    """
    texts = visit.texts
    head = [h("h1", texts("configuration.title"), class_="title"), h("p", texts("configuration.intro"))]
    keys = visit.hello.get("keys", [])
    if not keys:
        return page(visit, "configuration", *head, notice("off", texts("configuration.fixed")))
    fields = (_field(texts, key, (given or {}).get(key["key"])) for key in keys)
    save = h("div", h("button", texts("configuration.save"), type="submit"), class_="act")
    form = h(
        "form",
        h("div", *fields, class_="fields card"),
        save,
        method="post",
        action="/configuration",
        autocomplete="off",
    )
    return page(visit, "configuration", *head, outcome, form)


def saved_page(visit: Visit) -> Html:
    """While the daemon starts itself afresh, and this process with it."""
    texts = visit.texts
    back = h("p", h("a", texts("configuration.back"), href="/configuration"))
    waiting = h("div", notice("ok", texts("configuration.saved")), back, data_await="/configuration")
    return page(
        visit, "configuration", h("h1", texts("configuration.title"), class_="title"), waiting, refresh_s=_BACK_S
    )


def written(value: Any) -> str:
    """A value as it stands in the form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _field(texts: Texts, key: dict[str, Any], given: str | None) -> Html:
    name = key["key"]
    value = written(key["value"]) if given is None else given
    ident = f"key-{name.replace('.', '-').replace('_', '-')}"
    hint = h(
        "p",
        texts(f"key.{name}.help"),
        h("span", h("code", name), _takes(texts, key), class_="takes"),
        class_="hint",
        id=f"{ident}-hint",
    )
    label = h("label", texts(f"key.{name}"), for_=ident)
    return h("div", label, _input(texts, key, ident, value), hint, class_="field")


def _input(texts: Texts, key: dict[str, Any], ident: str, value: str) -> Html:
    attributes: dict[str, Any] = {"id": ident, "name": key["key"], "aria_describedby": f"{ident}-hint"}
    if key["choices"]:
        options = (
            h(
                "option",
                texts(f"choice.{one}") if texts.has(f"choice.{one}") else one,
                value=one,
                selected=one == value,
            )
            for one in key["choices"]
        )
        return h("select", *options, **attributes)
    if key["number"]:
        attributes |= {"inputmode": "decimal", "class_": "number"}
    return h("input", type="text", value=value, maxlength=100, required=not key["nullable"], **attributes)


def _takes(texts: Texts, key: dict[str, Any]) -> str:
    low, high = key["low"], key["high"]
    parts = []
    if low is not None and high is not None:
        parts.append(texts("configuration.range", low=f"{low:g}", high=f"{high:g}"))
    elif low is not None:
        parts.append(texts("configuration.from", low=f"{low:g}"))
    if key["nullable"]:
        parts.append(
            texts("configuration.default" if key["key"].startswith("smoothing.") else "configuration.automatic")
        )
    return "; ".join(parts)
