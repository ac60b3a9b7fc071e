"""With a certificate the page is encrypted, and a flood of handshakes is held like any other."""

import http.client
import socket
import ssl
from contextlib import suppress
from urllib.parse import urlencode

import pytest

from device.page import server
from tests.brokers import LOOPBACK, wait_until
from tests.certificates import Authority
from tests.device.page.served import MOMENT, PASSWORD, cheap_verifier, read_all


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def page(serve, authority):
    signed = authority.sign("page")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.certificate, signed.key)
    return serve(verifier=cheap_verifier(), tls=context)


@pytest.fixture
def ask(page, authority):
    trusting = ssl.create_default_context(cafile=str(authority.certificate))

    def ask(method, path, form=None, cookie=""):
        connection = http.client.HTTPSConnection(LOOPBACK, page.port, timeout=30, context=trusting)
        headers = {
            "Origin": f"https://{LOOPBACK}:{page.port}",
            "Cookie": cookie,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            connection.request(method, path, urlencode(form or {}) if method == "POST" else None, headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            connection.close()

    return ask


def test_a_person_logs_in_over_tls_and_the_cookie_stays_there(page, ask):
    status, headers, _ = ask("POST", "/login", {"password": PASSWORD})
    assert status == 303
    assert "Secure" in headers["Set-Cookie"].split("; ")
    page.tell(kind="moment", moment=MOMENT)
    status, _, text = ask("GET", "/", cookie=headers["Set-Cookie"].partition(";")[0])
    assert (status, "happy 87%" in text) == (200, True)


def test_the_live_stream_runs_over_tls(page, ask, authority):
    cookie = ask("POST", "/login", {"password": PASSWORD})[1]["Set-Cookie"].partition(";")[0]
    trusting = ssl.create_default_context(cafile=str(authority.certificate))
    with trusting.wrap_socket(page.raw(), server_hostname=LOOPBACK) as connection:
        connection.sendall(f"GET /stream HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
        wait_until(lambda: page.board.viewers == 1, "it to look")
        told = b""
        while b"data: " not in told:
            told += connection.recv(65536)
    wait_until(lambda: not page.board.viewers, "it to have left")


@pytest.mark.attack
@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 500, b"x"]
)
def test_what_is_no_tls_gets_no_answer(page, ask, data):
    connection = page.raw(data)
    connection.shutdown(socket.SHUT_WR)
    assert b"HTTP" not in read_all(connection)
    assert ask("GET", "/login")[0] == 200


@pytest.mark.attack
def test_a_flood_of_handshakes_that_never_end_is_held_and_let_go(page, ask, monkeypatch):
    monkeypatch.setattr(server, "TLS_TIMEOUT_S", 1.0)
    flood = []
    for _ in range(200):
        with suppress(OSError):
            flood.append(page.raw())
    wait_until(lambda: page.server._open.total() <= server.MOST_OF_ONE_ADDRESS, "the rest to be closed")
    for connection in flood:  # those, too, that had waited to be accepted
        assert read_all(connection) == b""
    wait_until(lambda: not page.server._open.total(), "the others to be let go")
    assert ask("GET", "/login")[0] == 200


@pytest.mark.attack
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_an_old_tls_is_refused(version, authority):
    from device.page.__main__ import _tls_of

    signed = authority.sign("page")
    context = _tls_of({"cert_file": str(signed.certificate), "key_file": str(signed.key)})
    assert context.minimum_version > version
