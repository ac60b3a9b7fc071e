"""What the doctor has found, and what mends it."""

from datetime import UTC, datetime
from typing import Any

from device.page.h import Html, h
from device.page.views.layout import Visit, icon, notice, page

_REFRESH_S = 3


def doctor_page(visit: Visit, found: dict[str, Any] | None, *, runs: bool) -> Html:
    """The whole page."""
    texts = visit.texts
    head = [h("h1", texts("doctor.title"), class_="title"), h("p", texts("doctor.intro"))]
    if not visit.hello.get("can_examine"):
        return page(visit, "doctor", *head, notice("off", texts("doctor.fixed")))
    if runs:
        return page(visit, "doctor", *head, notice("off", texts("doctor.runs")), refresh_s=_REFRESH_S)
    button = h("form", h("button", texts("doctor.run"), type="submit"), method="post", action="/doctor", class_="act")
    if found is None:
        return page(visit, "doctor", *head, button, h("p", texts("doctor.never"), class_="hint"))
    at = datetime.fromtimestamp(found["at"], UTC).astimezone()
    fault = notice("wrong", texts("doctor.fault", message=found["fault"])) if found.get("fault") else None
    findings = h("ul", *(_finding(visit, one) for one in found["findings"]), class_="findings card")
    return page(
        visit,
        "doctor",
        *head,
        button,
        fault,
        h("p", texts("doctor.at", time=f"{at:%H:%M:%S}"), class_="hint"),
        findings if found["findings"] else None,
    )


def _finding(visit: Visit, finding: dict[str, str]) -> Html:
    grade = finding["grade"] if finding["grade"] in {"ok", "warning", "wrong"} else "warning"
    command = h("code", finding["command"], class_="command") if finding["command"] else None
    # What it found is in the doctor's own words, which are English.
    words = h(
        "div",
        h("strong", finding["subject"], lang="en"),
        h("span", finding["message"], class_="detail", lang="en"),
        command,
    )
    return h("li", icon(grade), h("span", visit.texts(f"grade.{grade}"), class_="grade"), words, class_=grade)
