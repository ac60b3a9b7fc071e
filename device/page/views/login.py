"""The door."""

from device.page.h import Html, h
from device.page.texts import Texts
from device.page.views.layout import document, icon


def login_page(texts: Texts, device: str, fault: str | None = None) -> Html:
    """Asks for the password.

    Args:
        texts: in the language of who comes.
        device: what people call it.
        fault: why nobody was let in.
    """
    notice = h("p", icon("wrong"), fault, class_="notice wrong", id="fault", role="alert") if fault else None
    form = h(
        "form",
        h("label", texts("login.password"), for_="password"),
        h(
            "input",
            type="password",
            name="password",
            id="password",
            required=True,
            autofocus=True,
            maxlength=256,
            autocomplete="current-password",
            aria_describedby="fault" if fault else None,
            aria_invalid="true" if fault else None,
        ),
        h("button", texts("login.submit"), type="submit"),
        method="post",
        action="/login",
        class_="login",
    )
    main = h(
        "main",
        h("p", "affectd", class_="brand"),
        h("h1", device),
        notice,
        form,
        h("p", texts("login.forgotten"), class_="hint"),
        id="content",
        class_="door card",
        tabindex="-1",
    )
    return document(texts, texts("title", page=texts("login.title"), device=device), main)
