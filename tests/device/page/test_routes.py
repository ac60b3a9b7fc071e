"""What a browser gets, and what is done for it."""

import json
import re

import pytest

from device.page.guard import HEADERS
from device.page.routes import MOST_VIEWERS
from tests.brokers import wait_until
from tests.device.page.served import COOKIE, FACE, MOMENT, PASSWORD, STATE

PATHS = ["/", "/today", "/events", "/configuration", "/doctor"]
EVENT = {
    "type": "emotion_changed",
    "time": "2026-11-20T15:42:23.123Z",
    "track": 17,
    "emotion": "happy",
    "previous": "sad",
    "confidence": 0.87,
    "duration_s": 3.2,
    "reason": None,
}


def stream(page, cookie=""):
    """A browser that follows the live page."""
    head = f"GET /stream HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"
    return page.raw(head.encode())


def next_parts(connection, held):
    """The next event of a stream with something in it; ``held`` is what was read and not used."""
    while True:
        while b"\n\n" in held[0]:
            block, _, held[0] = held[0].partition(b"\n\n")
            if block.startswith(b"data: ") or b"\ndata: " in block:
                return json.loads(block.partition(b"data: ")[2])
        data = connection.recv(65536)
        assert data, "the stream has ended"
        held[0] += data


def answer_days(page, summary=None):
    """Play the daemon that is asked what a day was like."""
    report = page.wait_for("day")
    page.tell(kind="day", day=report.text, summary=summary)


@pytest.mark.parametrize("path", [*PATHS, "/nothing", "/stream"])
def test_nobody_sees_anything_without_the_password(page, path):
    status, headers, text = page.ask("GET", path)
    assert (status, headers.get("location")) in {(303, "/login"), (403, None)}
    assert not text
    assert not page.said("ready")


@pytest.mark.parametrize("path", ["/pause", "/configuration", "/doctor"])
def test_nobody_does_anything_without_the_password(page, path):
    page.ask("POST", path, form={"paused": "yes", "source.fps": "3"})
    assert not [report for report in page.daemon.receive() if report.kind not in {"alive", "ready"}]


def test_who_logs_in_gets_a_cookie_that_no_script_and_no_other_site_can_use(page):
    status, headers, _ = page.ask("POST", "/login", form={"password": PASSWORD})
    assert (status, headers["location"]) == (303, "/")
    name, _, rest = headers["set-cookie"].partition("=")
    assert name == COOKIE
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(rest.split("; "))
    assert "Secure" not in rest
    assert page.ask("GET", "/events", cookie=headers["set-cookie"].partition(";")[0])[0] == 200


def test_a_wrong_password_is_told_and_lets_nobody_in(page):
    status, headers, text = page.ask("POST", "/login", form={"password": "wrong horse"})
    assert status == 403
    assert "set-cookie" not in headers
    assert "That is not the password." in text
    assert "wrong horse" not in text


def test_after_some_wrong_ones_nobody_from_there_gets_in_for_a_while(page):
    for _ in range(6):
        page.ask("POST", "/login", form={"password": "wrong horse"})
    status, headers, text = page.ask("POST", "/login", form={"password": PASSWORD})
    assert status == 429
    assert int(headers["retry-after"]) > 0
    assert "Try again in" in text
    assert page.ask("POST", "/login", form={"password": PASSWORD}, address="127.0.0.2")[0] == 303


def test_who_logs_out_is_out(page):
    cookie = page.log_in()
    status, headers, _ = page.ask("POST", "/logout", cookie=cookie)
    assert (status, headers["location"]) == (303, "/login")
    assert page.ask("GET", "/events", cookie=cookie)[0] == 303


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_whole_and_says_what_may_be_in_it(open_page, path):
    if path == "/today":
        open_page._hello["remembers"] = False
    if path == "/":
        open_page.tell(kind="moment", moment=MOMENT)
    import threading

    player = threading.Thread(target=answer_days, args=(open_page,)) if path == "/today" else None
    if player:
        player.start()
    status, headers, text = open_page.ask("GET", path)
    if player:
        player.join()
    assert status == 200
    assert {name.lower(): value for name, value in HEADERS.items()}.items() <= headers.items()
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>")
    assert not re.search(r"<style|style=|\son\w+=|<script>|javascript:", text), "the policy would not allow it"
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text), "nothing comes from elsewhere"
    assert len(re.findall(r"<h1", text)) == 1


def test_the_live_page_says_where_the_faces_are_and_how_they_can_be_read(open_page):
    open_page.tell(kind="moment", moment=MOMENT)
    _, _, text = open_page.ask("GET", "/")
    assert '<rect x="240" y="180" width="192" height="180" rx="10" stroke="#f0e442" class="face"/>' in text
    assert "happy 87%" in text
    assert "too dark: turn the lamp on" in text
    assert "1 face: happy" in text
    assert "51 °C" in text


def test_the_page_asks_for_what_is_to_be_seen_when_somebody_looks_and_only_then(open_page):
    wait_until(lambda: open_page.said("alive"), "a sign of life")
    assert not open_page.said("ready")
    connection = stream(open_page)
    open_page.wait_for("ready")
    connection.close()
    wait_until(lambda: not open_page.board.viewers, "the page to notice that nobody looks")


def test_who_looks_is_told_what_changes(open_page):
    connection, held = stream(open_page), [b""]
    assert next_parts(connection, held).keys() == {"stage", "summary", "faces", "state", "pause"}
    open_page.tell(kind="moment", moment=MOMENT)
    parts = next_parts(connection, held)
    assert parts["summary"] == "1 face: happy"
    assert parts.keys() == {"stage", "summary", "faces", "state"}
    open_page.tell(kind="state", state=STATE | {"source": "paused"})
    parts = next_parts(connection, held)
    assert "Camera off" in parts["state"]
    assert "Switch the camera on" in parts["pause"]
    assert "happy" not in parts["stage"], "nobody is seen while the camera is off"
    connection.close()


def test_no_more_than_so_many_look_at_a_time(open_page):
    watching = [stream(open_page) for _ in range(MOST_VIEWERS)]
    wait_until(lambda: open_page.board.viewers == MOST_VIEWERS, "all to look")
    one_more = stream(open_page)
    assert b" 503 " in one_more.recv(65536)
    one_more.close()
    for connection in watching:
        connection.close()


def test_a_stream_ends_with_its_session(page):
    cookie = page.log_in()
    connection, held = stream(page, cookie), [b""]
    next_parts(connection, held)
    page.ask("POST", "/logout", cookie=cookie)
    page.tell(kind="state", state=STATE | {"fps": 3.0})
    while connection.recv(65536):
        pass
    connection.close()


@pytest.mark.parametrize(("paused", "said", "source"), [("yes", "pause", "paused"), ("no", "resume", "ok")])
def test_the_switch_is_turned_and_the_answer_waits_for_the_camera(page, paused, said, source):
    import threading

    before = "ok" if source == "paused" else "paused"
    page.tell(kind="state", state=STATE | {"source": before})
    cookie, answers = page.log_in(), []
    asking = threading.Thread(
        target=lambda: answers.append(page.ask("POST", "/pause", form={"paused": paused}, cookie=cookie))
    )
    asking.start()
    page.wait_for(said)
    assert not answers
    page.tell(kind="state", state=STATE | {"source": source})
    asking.join(30)
    assert answers[0][0] == 303


def test_the_last_events_are_told_the_newest_first(open_page):
    for number in range(205):
        open_page.tell(kind="event", event=EVENT | {"track": number})
    _, _, text = open_page.ask("GET", "/events")
    assert "The last 200 events" in text
    tracks = [int(found) for found in re.findall(r"</time></th><td>(\d+)</td>", text)]
    assert tracks == list(range(204, 4, -1))
    assert "emotion changed" in text
    assert "after 3.2 s" in text


@pytest.mark.parametrize(("language", "word"), [("de-DE,de", "Ereignisse"), ("en", "Events"), ("fr", "Events")])
def test_a_page_is_in_the_language_that_the_browser_asks_for(open_page, language, word):
    _, _, text = open_page.ask("GET", "/events", Accept_Language=language)
    assert word in text
    assert f'lang="{"de" if word == "Ereignisse" else "en"}"' in text


def test_a_language_that_was_chosen_stays(open_page):
    status, headers, _ = open_page.ask("GET", "/events?language=de")
    assert (status, headers["location"]) == (303, "/events")
    _, _, text = open_page.ask("GET", "/events", cookie=headers["set-cookie"].partition(";")[0], Accept_Language="en")
    assert "Ereignisse" in text


def change(page, form, *, done, answer):
    """What comes of changing the configuration, where the daemon says this of it."""
    import threading

    answers = []
    asking = threading.Thread(target=lambda: answers.append(page.ask("POST", "/configuration", form=form)))
    asking.start()
    report = page.wait_for("change")
    page.tell(kind="changed", done=done, text=answer)
    asking.join(30)
    return report.data["values"], answers[0]


def test_what_was_changed_is_asked_for_and_nothing_else(open_page):
    form = {"source.fps": "7,5", "device.name": "", "overlay.mirror": "true", "mqtt.host": "evil.example"}
    values, (status, _, text) = change(open_page, form, done=True, answer="")
    assert values == {"source.fps": "7.5", "device.name": "null"}
    assert status == 200
    assert "Saved." in text
    assert 'data-await="/configuration"' in text


def test_a_value_that_is_refused_is_told_with_why_and_stays_to_be_mended(open_page):
    answer = "config.yaml:3: `source.fps`: expected less than or equal to 240, found 999"
    _, (status, _, text) = change(open_page, {"source.fps": "999"}, done=False, answer=answer)
    assert status == 400
    assert "expected less than or equal to 240, found 999" in text
    assert 'value="999"' in text


def test_saving_without_a_change_asks_for_nothing(open_page):
    _, _, text = open_page.ask("POST", "/configuration", form={"source.fps": "15", "device.name": "Hall"})
    assert "Nothing was changed." in text
    assert not open_page.said("change")


def test_the_device_is_examined_when_somebody_asks_for_it(open_page):
    _, _, text = open_page.ask("GET", "/doctor")
    assert "Not examined yet." in text
    assert open_page.ask("POST", "/doctor")[0] == 303
    open_page.wait_for("doctor")
    assert "is being examined" in open_page.ask("GET", "/doctor")[2]
    open_page.ask("POST", "/doctor")
    finding = {
        "grade": "wrong",
        "subject": "broker",
        "message": "it does not answer",
        "command": "sudo systemctl <start>",
    }
    open_page.tell(kind="doctor", findings=[finding], fault="")
    _, _, text = open_page.ask("GET", "/doctor")
    assert "it does not answer" in text
    assert "sudo systemctl &lt;start&gt;" in text
    assert len(open_page.said("doctor")) == 1


def test_what_others_named_is_shown_as_text(serve):
    page = serve(hello={"name": "<script>alert(1)</script>"})
    page.tell(kind="moment", moment=MOMENT | {"faces": [FACE | {"emotion": '"><img src=x onerror=alert(1)>'}]})
    page.tell(kind="event", event=EVENT | {"emotion": "<b>", "reason": "<i>", "type": "<u>"})
    page.tell(kind="state", state=STATE | {"last_error": "<svg onload=alert(1)>", "source_name": "<script>"})
    for path in ("/", "/events", "/configuration"):
        _, _, text = page.ask("GET", path)
        assert not re.search(r"<(script>|img|b>|i>|u>|svg onload)", text)


def test_nothing_but_the_three_files_is_served(open_page):
    for name in ("page.css", "page.js", "icon.svg"):
        assert open_page.ask("GET", f"/static/{name}")[0] == 200
    for path in (
        "/static/",
        "/static",
        "/static/../routes.py",
        "/static/..%2froutes.py",
        "/static/page.py",
        "/config.yaml",
    ):
        assert open_page.ask("GET", path)[0] == 404, path


def test_a_page_that_breaks_says_so_and_the_next_one_is_answered(open_page, monkeypatch):
    monkeypatch.setattr("device.page.routes.events_page", lambda *_: 1 / 0)
    status, headers, text = open_page.ask("GET", "/events")
    assert (status, "Traceback" in text) == (500, False)
    assert headers["content-security-policy"]
    assert open_page.ask("GET", "/configuration")[0] == 200
