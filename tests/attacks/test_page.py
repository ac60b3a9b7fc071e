"""A hostile network before the page: floods, slow and endless talkers, strangers' pages, forged cookies, guessing."""

import os
import re
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("microdot", reason="needs microdot: pip install 'affectd[page]'")

from device.page import server
from device.page.routes import COOKIE
from tests.brokers import LOOPBACK, wait_until
from tests.device.page.served import PASSWORD, Served, cheap_verifier, read_all


@pytest.fixture
def page():
    served = Served(verifier=cheap_verifier())
    yield served
    served.close()


def request(*headers, method="GET", path="/login", host="localhost", body=b""):
    lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host else []), *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer else None


def still_serves(page):
    return page.ask("GET", "/login")[0] == 200


def test_two_hundred_connections_that_say_nothing_are_held_to_a_few(page, monkeypatch):
    monkeypatch.setattr(server, "HEAD_TIMEOUT_S", 3.0)
    flood = []
    for _ in range(200):
        with suppress(OSError):
            flood.append(socket.create_connection((LOOPBACK, page.port), timeout=10))
    wait_until(lambda: page.server._open.total() <= server.MOST_OF_ONE_ADDRESS, "the rest to be closed")
    for connection in flood:  # those, too, that had waited to be accepted
        assert b" 200 " not in read_all(connection)
    wait_until(lambda: not page.server._open.total(), "the silent ones to be closed, too")
    assert still_serves(page)


def test_one_address_leaves_room_for_others(page):
    held = [page.raw(b"GET / HTTP/1.1\r\n") for _ in range(server.MOST_OF_ONE_ADDRESS + 4)]
    wait_until(lambda: page.server._open.total() == server.MOST_OF_ONE_ADDRESS, "the flood to be held")
    other = socket.socket()
    other.bind(("127.0.0.2", 0))
    other.settimeout(30)
    other.connect((LOOPBACK, page.port))
    other.sendall(request())
    assert status_of(read_all(other)) == 200
    for connection in held:
        connection.close()


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"G"])
def test_one_that_dawdles_over_its_request_is_let_go(page, monkeypatch, beginning):
    monkeypatch.setattr(server, "HEAD_TIMEOUT_S", 0.5)
    connection = page.raw(beginning)
    with suppress(OSError):
        for _ in range(1000):
            connection.sendall(b"x")
            time.sleep(0.005)
            if not page.server._open.total():
                break
    answer = read_all(connection)
    assert status_of(answer) in {408, None}
    assert still_serves(page)


def test_one_that_dawdles_over_its_form_is_let_go(page, monkeypatch):
    monkeypatch.setattr(server, "BODY_TIMEOUT_S", 0.5)
    connection = page.raw(request("Content-Length: 100", "Origin: http://localhost", method="POST") + b"password=")
    assert status_of(read_all(connection)) == 408


def test_one_that_never_reads_is_not_waited_for(page, monkeypatch):
    monkeypatch.setattr(server, "SEND_TIMEOUT_S", 0.5)
    cookie = page.log_in()
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((LOOPBACK, page.port))
    connection.sendall(request(f"Cookie: {cookie}", path="/stream"))
    wait_until(lambda: page.board.viewers == 1, "it to look")
    long_word = "x" * 20_000

    def goes_on():
        page.tell(kind="state", state={"source": "ok", "source_name": long_word, "fps": time.monotonic()})
        return not page.board.viewers

    wait_until(goes_on, "it to be let go")
    connection.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n", {431, None}),
        (b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\n\r\n", {431, None}),
        (b"x" * 1_000_000, {431, None}),
        (request(path="/" + "x" * 1100), {414}),
        (request(*(f"X-{number}: 1" for number in range(100))), {431}),
        (request(method="BREW"), {405}),
        (request(method="OPTIONS"), {405}),
        (request("Content-Length: 99999999", method="POST"), {413}),
        (request("Content-Length: -1", method="POST"), {400}),
        (request("Content-Length: 1_0", method="POST"), {400}),
        (request(method="POST"), {411}),
        (request("Transfer-Encoding: chunked", method="POST"), {411}),
        (request("Host: evil.example"), {400}),
        (request(" folded"), {400}),
        (request("Na me: x"), {400}),
        (request("X: \x01"), {400}),
        (request(path="http://evil.example/"), {400}),
        (b"GET / HTTP/9.9\r\n\r\n", {400}),
        (b"\r\n\r\n", {400}),
        (b"\xff\xfe / HTTP/1.1\r\n\r\n", {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    ],
)
def test_what_is_no_sound_request_is_refused(page, sent, status):
    assert status_of(read_all(page.raw(sent))) in status
    assert still_serves(page)


@pytest.mark.parametrize("host", [None, "evil.example", "hall.local.evil.example", "localhost.evil.example:8471"])
def test_a_name_that_is_not_this_device_s_gets_nothing(page, host):
    cookie = page.log_in()
    answer = read_all(page.raw(request(f"Cookie: {cookie}", path="/", host=host)))
    assert status_of(answer) == 421
    assert b"Hall" not in answer


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://localhost:1", "https://localhost.evil.example"]
)
@pytest.mark.parametrize("path", ["/pause", "/configuration", "/doctor", "/login", "/logout"])
def test_a_form_of_a_stranger_s_page_does_nothing(page, origin, path):
    cookie = page.log_in()
    page.said("alive")
    page.reports.clear()
    headers = [f"Cookie: {cookie}", "Content-Length: 10", *([f"Origin: {origin}"] if origin else [])]
    answer = read_all(page.raw(request(*headers, method="POST", path=path, body=b"paused=yes")))
    assert status_of(answer) == 403
    assert {report.kind for report in page.daemon.receive()} <= {"alive"}
    assert page.ask("GET", "/events", cookie=cookie)[0] == 200, "still logged in"


@pytest.mark.parametrize(
    "cookie",
    [
        f"{COOKIE}=",
        f"{COOKIE}={'0' * 43}",
        f"{COOKIE}={'A' * 4000}",
        f'{COOKIE}="\\000\\377"',
        f"{COOKIE}=x; {COOKIE}=y",
        "=;=;=",
        COOKIE,
        f"{COOKIE}=../../etc/passwd",
    ],
)
def test_a_forged_cookie_opens_nothing(page, cookie):
    page.log_in()
    assert status_of(read_all(page.raw(request(f"Cookie: {cookie}", path="/events")))) == 303


def test_a_password_is_not_guessed_in_a_hurry(page):
    tried = 0
    begun = time.monotonic()
    while time.monotonic() - begun < 2.0:
        status, _, _ = page.ask("POST", "/login", form={"password": f"guess number {tried}"})
        if status == 429:
            break
        tried += 1
    assert tried <= 6
    assert page.ask("POST", "/login", form={"password": PASSWORD})[0] == 429, "nor told by another answer"


def test_many_logins_at_once_take_the_memory_of_one(page, monkeypatch):
    running, most = [], []
    accepts = type(page._verifier).accepts

    def slowly(verifier, password):
        running.append(1)
        most.append(len(running))
        time.sleep(0.05)
        running.pop()
        return accepts(verifier, password)

    monkeypatch.setattr(type(page._verifier), "accepts", slowly)
    body = b"password=wrong+horse"
    head = request("Origin: http://localhost", f"Content-Length: {len(body)}", method="POST", body=body)
    attempts = [page.raw(head) for _ in range(12)]
    statuses = [status_of(read_all(connection)) for connection in attempts]
    assert max(most) == 1
    assert set(statuses) <= {403, 429}


@pytest.mark.parametrize(
    "path",
    [
        "/static/../__main__.py",
        "/static/..%2f__main__.py",
        "/static/%2e%2e/__main__.py",
        "//etc/passwd",
        "/static//etc/passwd",
        "/static/page.css%00.py",
        "/..",
        "/static/",
        "/snapshot.jpg",
        "/picture",
        "/stream.mjpg",
    ],
)
def test_no_file_and_no_picture_is_served(page, path):
    cookie = page.log_in()
    answer = read_all(page.raw(request(f"Cookie: {cookie}", path=path)))
    assert status_of(answer) == 404
    assert b"Content-Type: text/html" in answer
    assert b"import" not in answer


def test_no_route_gives_anything_but_text_and_the_icon(page):
    kinds = {kind for kind in page.routes._static if not kind.endswith((".css", ".js"))}
    assert kinds == {"icon.svg"}
    cookie = page.log_in()
    for path in ("/", "/events", "/configuration", "/doctor", "/login", "/alive"):
        _, headers, _ = page.ask("GET", path, cookie=cookie)
        assert headers["content-type"].startswith("text/")


def test_a_language_leads_nowhere_else(page):
    _, headers, _ = page.ask("GET", "//evil.example/?language=de")
    assert headers["location"] in {"/", "/login"}
    _, headers, _ = page.ask("GET", "/login?language=%0d%0aSet-Cookie:%20x=y")
    assert headers["location"] == "/login"
    assert re.fullmatch(r"affectd_language=en; .*SameSite=Strict", headers["set-cookie"])


def test_a_flood_of_requests_leaves_memory_as_it_was(page, record_property):
    def resident_mb():
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    for _ in range(50):
        read_all(page.raw(request(path="/nothing")))
    before = resident_mb()
    for number in range(1500):
        read_all(page.raw(request(f"Cookie: {COOKIE}={number}", f"X-Forwarded-For: 10.0.0.{number % 250}")))
    grown = resident_mb() - before
    record_property("peak_mb", grown)
    assert grown < 10.0


@pytest.mark.parametrize(
    "form", [b"password=%zz", b"%", b"password=%e4&=&&a", b"\xff\xfe=%00", b"a=b&" * 200, b"%u1234=1"]
)
def test_a_form_that_is_encoded_wrongly_is_a_wrong_password_and_no_fault(page, form, caplog):
    head = (
        "Origin: http://localhost",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(form)}",
    )
    answer = read_all(page.raw(request(*head, method="POST", body=form)))
    assert status_of(answer) == 403
    assert "came to no answer" not in caplog.text
