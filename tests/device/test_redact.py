"""What no text that leaves may hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import device.redact
from device.redact import learn_secret, learn_secrets_in, printable, redact, secrets_in

SECRET = "Swordf1sh"


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    monkeypatch.setattr(device.redact, "_known", frozenset())
    monkeypatch.setattr(device.redact, "_known_pattern", None)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (
            "no picture from rtsp://admin:Swordf1sh@10.0.0.9:554/live?x=1",
            "no picture from rtsp://***@10.0.0.9:554/live?x=1",
        ),
        ("rtsp:/admin:Swordf1sh@cam/x", "rtsp:/***@cam/x"),
        ("RTSP://admin:Swordf1sh@cam", "RTSP://***@cam"),
        ("http://admin:Sword@f1sh:/Swordf1sh@cam/x", "http://***@cam/x"),
        ("http://Swordf1sh@cam/x", "http://***@cam/x"),
        ("mqtt://user:Swordf1sh@[::1]:1883", "mqtt://***@[::1]:1883"),
        ("there is no admin:Swordf1sh@cam/stream", "there is no ***@cam/stream"),
        ("//admin:Swordf1sh@cam", "//***@cam"),
        ("rtsp://cam/user=admin&password=Swordf1sh&channel=1", "rtsp://cam/user=***&password=***&channel=1"),
        ("http://cam/live;user=admin;pwd=Swordf1sh;x=1", "http://cam/live;user=***;pwd=***;x=1"),
        ("http://cam/?loginpass=Swordf1sh&token=Swordf1sh", "http://cam/?loginpass=***&token=***"),
        (r'{"told":"pwd=Swordf1sh\" and more"}', r'{"told":"pwd=***\" and more"}'),
        (r'{"told":"pwd=Swordf1sh\\more"}', '{"told":"pwd=***"}'),
        ('{"source":"http://a:Swordf1sh@cam/"}', '{"source":"http://***@cam/"}'),
        ("('rtsp://a:Swordf1sh@cam', 5)", "('rtsp://***@cam', 5)"),
    ],
)
def test_a_secret_is_masked_by_its_place(text, masked):
    assert redact(text) == masked
    assert redact(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "watching /dev/video0, 15 frames a second",
        "http://cam:8080/video.mjpg gives frames of 640 x 480 pixels",
        "/home/me/films/birthday@home.mp4",
        "affectd/hall/state",
        '{"time":"2026-11-20T15:42:23.123Z","clock":"synced"}',
        "connected to the broker at [::1]:1883",
    ],
)
def test_what_is_no_secret_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("rtsp://admin:Swordf1sh@cam/x", {SECRET}),
        ("rtsp:/admin:Swordf1sh@cam/x", {SECRET}),
        ("admin:Swordf1sh@cam/x", {SECRET}),
        ("http://admin:123#45@cam/x", {"123#45"}),
        ("http://admin:a/b?c@d@cam/x", {"a/b?c@d"}),
        ("http://Swordf1sh@cam", {SECRET}),
        ("rtsp://cam/user=admin&password=Swordf1sh&channel=1", {SECRET}),
        ("rtsp://cam/;pwd=Swordf1sh", {SECRET}),
        ("/dev/video0", set()),
        ("http://cam:80/img.jpg", set()),
        ("", set()),
        ("@", set()),
    ],
)
def test_a_secret_is_found_in_a_url_and_in_its_usual_slips(url, found):
    assert secrets_in(url) == found


@given(st.text(), st.sampled_from(["pw=", "a:b@", "rtsp://", "user=", "@", "token="]), st.text())
def test_json_stays_json_whatever_is_masked_in_it(before, marker, after):
    line = json.dumps({"told": f"{before}{marker}{after}"}, ensure_ascii=False)
    assert isinstance(json.loads(redact(line))["told"], str)


@pytest.mark.parametrize("secret", ["p@ss w#rd", "a%20b%2Fc", "quo\"te's", "ключ-от-дома", "back\\slash"])
def test_a_secret_that_was_learned_is_masked_wherever_and_however_it_is_written(secret):
    learn_secrets_in(f"rtsp://admin:{secret}@cam")
    from urllib.parse import quote, unquote

    for form in (
        secret,
        quote(secret),
        unquote(secret),
        quote(secret, safe=""),
        repr(secret)[1:-1],
        json.dumps(secret),
    ):
        assert redact(f"FFmpeg says {form} is wrong").count("***") == 1, form


def test_a_short_secret_counts_where_it_stands_alone_and_a_shorter_one_or_a_small_number_does_not():
    for secret in ("cat", "ab", "1883"):
        learn_secret(secret)
    assert redact("cat, category, ab, port 1883") == "***, category, ab, port 1883"


def test_one_secret_that_begins_another_does_not_leave_the_rest():
    learn_secret("Swordf1sh")
    learn_secret("Swordf1sh-and-more")
    assert redact("Swordf1sh-and-more") == "***"


def test_what_would_steer_a_terminal_is_escaped_as_json_escapes_it():
    raw = "a\x1b]0;title\x07b\n\x9b\u202e\u2028\udcff\U000e0001é 表😀"
    assert printable(raw) == r"a\u001b]0;title\u0007b\n\u009b\u202e\u2028\udcff\udb40\udc01é 表😀"
    assert json.loads(f'"{printable("x" + chr(0x9B))}"') == "x\x9b"


@pytest.mark.parametrize("filler", ["a.", "a:", "a:/", "key=", "pass", "a@", "user:", ":/@", "x=y&", " "])
def test_a_long_text_from_a_stranger_costs_no_more_than_its_length(filler):
    """Half a megabyte; were a pattern to start over at every character, this would take an hour."""
    learn_secret(SECRET)
    redact(filler * (500_000 // len(filler)))
    secrets_in(filler * (500_000 // len(filler)))


def test_the_form_of_an_option_is_no_secret():
    assert redact("--set KEY=VALUE changes one key") == "--set KEY=VALUE changes one key"
    assert redact("http://hub/x?key=VALUES") == "http://hub/x?key=***"
