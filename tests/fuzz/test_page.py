"""Whatever a network sends to the page is answered or refused, and a page can say nothing that harms the daemon."""

import json
import logging

import pytest
from hypothesis import strategies as st

pytest.importorskip("microdot", reason="needs microdot: pip install 'affectd[page]'")

from device.config import Config, parse_config
from device.page import server
from device.page.channel import Report, read_report
from device.tools.page.keys import CHANGEABLE, with_changes
from tests.device.page.served import Served, cheap_verifier, read_all
from tests.fuzz.fuzzing import hammer, mutated, outcome_of

FORM = b"password=wrong&paused=yes&source.fps=3&x=%c3%a9&%00=%zz"
REQUESTS = tuple(
    head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body
    for head, body in (
        (
            b"GET / HTTP/1.1\nHost: localhost\nAccept-Language: de,en;q=0.5\nCookie: affectd_session=x",
            b"",
        ),
        (b"GET /today?day=2026-11-20&language=de HTTP/1.1\nHost: [::1]:8471\nAccept: */*", b""),
        (b"HEAD /static/page.css HTTP/1.0\nHost: hall.local", b""),
        (
            b"POST /login HTTP/1.1\nHost: localhost\nOrigin: http://localhost\n"
            b"Content-Type: application/x-www-form-urlencoded\nContent-Length: %d" % len(FORM),
            FORM,
        ),
        (b"POST /logout HTTP/1.1\nHost: localhost\nOrigin: http://localhost\nContent-Length: 0", b""),
    )
)
KNOWN = {200, 204, 303, 400, 403, 404, 405, 408, 411, 413, 414, 421, 429, 431}
REPORTS = tuple(
    json.dumps(report).encode()
    for report in (
        {"kind": "change", "text": "", "data": {"values": {"source.fps": "3"}}},
        {"kind": "sessions", "text": "", "data": {"sessions": [{"digest": "0" * 64, "until_s": 1.5, "key": "k"}]}},
        {"kind": "day", "text": "2026-11-20", "data": {}},
    )
)


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setattr(server, "HEAD_TIMEOUT_S", 0.05)
    monkeypatch.setattr(server, "BODY_TIMEOUT_S", 0.05)
    served = Served(verifier=cheap_verifier())
    yield served
    served.close()


@pytest.mark.slow
@pytest.mark.attack
def test_every_request_is_answered_or_refused(page, caplog):
    caplog.set_level(logging.ERROR)

    def check(sent):
        answer = read_all(page.raw(sent))
        status = int(answer.split(b" ", 2)[1]) if answer else None
        assert status is None or status in KNOWN, answer[:200]
        assert not caplog.records, caplog.text
        assert b"Traceback" not in answer
        return str(status)

    outcomes = hammer("page requests", st.one_of(mutated(*REQUESTS), st.binary(max_size=200)), check)
    assert len(outcomes) > 3
    assert page.ask("GET", "/login")[0] == 200


@pytest.mark.slow
@pytest.mark.attack
def test_every_report_is_understood_or_not():
    def check(data):
        try:
            assert isinstance(read_report(data), Report)
        except ValueError:
            return "refused"
        return "taken"

    hammer("page reports", st.one_of(mutated(*REPORTS), st.binary(max_size=200)), check)


@pytest.mark.slow
@pytest.mark.attack
def test_every_change_leaves_a_sound_configuration_or_none():
    text = "# mine\nsource: {uri: demo}\nsmoothing:\n  enter_threshold: 0.5  # mine\n"
    values = st.dictionaries(st.sampled_from(CHANGEABLE), st.text(max_size=40), min_size=1, max_size=3)
    before = Config.model_validate_json('{"source": {"uri": "demo"}}')

    def check(wanted):
        def change():
            changed = parse_config(with_changes(text, wanted, "c.yaml"), "c.yaml")
            assert (changed.mqtt.host, changed.source.uri) == (before.mqtt.host, before.source.uri)
            assert changed.page == before.page

        return outcome_of(change)

    hammer("page changes", values, check)
