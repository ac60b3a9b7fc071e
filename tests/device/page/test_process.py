"""The page's process, started for real."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from device.page.password import Verifier
from device.page.process import PageProcess
from device.page.settings import PageSettings
from tests.brokers import LOOPBACK, free_port, wait_until
from tests.device.page.served import HELLO, STATE, cheap_verifier

ROOT = Path(__file__).parents[3]


class Page:
    """A process, and what it has said so far."""

    def __init__(self, hello, **settings):
        self.port = settings.setdefault("port", free_port())
        plain = {key: value for key, value in HELLO.items() if key != "settings"}
        self.process = PageProcess(PageSettings(enabled=True, **settings), plain | hello)
        self.said = []

    def hear(self):
        self.said += self.process.receive()
        return [report.kind for report in self.said]

    def told(self, kind):
        wait_until(lambda: kind in self.hear() or self.process.ended, f"the page to say {kind!r}")
        return next((report.text for report in self.said if report.kind == kind), None)

    def ask(self, method, path, **headers):
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=30)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def wait_for_end(self):
        wait_until(lambda: self.hear() is not None and self.process.ended, "the page's process to end")
        return self.process.ended


@pytest.fixture
def start(request):
    def make(hello=None, **settings):
        page = Page(hello or {}, **settings)
        request.addfinalizer(lambda: page.process.end(0.0))
        return page

    return make


def test_without_a_password_it_listens_to_this_device_alone(start):
    page = start()
    assert page.told("shown").startswith(f"http://127.0.0.1:{page.port}, from this device alone")
    assert page.ask("GET", "/")[0] == 200
    assert _listening(page.process.pid) == {f"127.0.0.1:{page.port}"}


@pytest.mark.attack
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.2"])  # noqa: S104 what must not come true
def test_without_a_password_no_address_makes_it_listen_to_others(start, host):
    page = start(host=host)
    page.told("shown")
    assert all(one.startswith("127.0.0.") for one in _listening(page.process.pid))


def test_with_a_password_it_listens_to_the_network_and_asks_for_it(start):
    page = start({"verifier": str(cheap_verifier())})
    assert page.told("shown") == f"http://{socket.gethostname()}:{page.port}"
    assert f"0.0.0.0:{page.port}" in _listening(page.process.pid)
    assert page.ask("GET", "/")[0] == 303


def test_it_ends_when_it_is_let_go(start):
    page = start()
    page.told("shown")
    page.process.end(30.0)
    assert page.process.ended == "exit code 0"


def test_signals_that_reach_all_of_a_service_are_left_to_the_daemon(start):
    page = start()
    page.told("shown")
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(page.process.pid, number)
    wait_until(lambda: page.hear().count("alive") >= 2, "further signs of life")
    page.process.end(30.0)
    assert page.process.ended == "exit code 0"


def test_a_port_that_is_taken_is_told(start):
    with socket.create_server((LOOPBACK, 0)) as taken:
        page = start(port=taken.getsockname()[1])
        assert page.wait_for_end().startswith("exit code 69")
    assert "cannot be listened at" in page.told("failed")
    assert "page.port" in page.told("failed")


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_used_is_told_and_nothing_is_served_without(start, tmp_path, content):
    certificate = tmp_path / "cert.pem"
    if content:
        certificate.write_text(content)
    page = start(cert_file=certificate, key_file=certificate)
    assert page.wait_for_end().startswith("exit code 69")
    assert "cannot be used" in page.told("failed")


def test_a_password_that_is_damaged_is_told_and_lets_nobody_in(start):
    page = start({"fault": "the page's password is damaged"})
    page.wait_for_end()
    assert page.told("failed") == "the page's password is damaged"


def test_without_microdot_it_says_what_to_install(start, monkeypatch, tmp_path):
    (tmp_path / "microdot").mkdir()
    (tmp_path / "microdot" / "__init__.py").write_text("raise ImportError('no such package')\n")
    monkeypatch.syspath_prepend(tmp_path)
    page = start()
    page.wait_for_end()
    assert "pip install 'affectd[page]'" in page.told("failed")


def test_nothing_of_the_sensor_is_in_it(start):
    page = start()
    page.told("shown")
    mapped = Path(f"/proc/{page.process.pid}/maps").read_text(encoding="utf-8")
    assert not [name for name in ("numpy", "cv2", "litert", "pydantic", "paho") if name in mapped]
    assert os.getpriority(os.PRIO_PROCESS, page.process.pid) > os.getpriority(os.PRIO_PROCESS, 0)


@pytest.mark.attack
def test_it_has_no_secret_of_the_daemon_s_and_no_memory_with_it(start, monkeypatch):
    monkeypatch.setenv("AFFECTD_MQTT_PASSWORD", "hunter2")
    page = start({"verifier": str(cheap_verifier())})
    page.told("shown")
    proc = Path(f"/proc/{page.process.pid}")
    assert b"hunter2" not in (proc / "environ").read_bytes()
    assert b"scrypt" not in (proc / "cmdline").read_bytes(), "everybody may read that"
    opened = [str(link.readlink()) for link in (proc / "fd").iterdir()]
    assert not [name for name in opened if "memfd" in name or "/dev/video" in name or "clip.mkv" in name]
    assert not [line for line in (proc / "maps").read_text().splitlines() if " rw-s " in line]


@pytest.mark.attack
def test_it_can_write_no_file_and_is_not_root(start):
    page = start()
    page.told("shown")
    page.ask("GET", "/")
    limits = Path(f"/proc/{page.process.pid}/limits").read_text()
    assert [line.split()[3:5] for line in limits.splitlines() if line.startswith("Max file size")] == [["0", "0"]]
    status = Path(f"/proc/{page.process.pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert not [line for line in status.splitlines() if line.startswith("Uid:") and " 0" in line.replace("\t", " ")]


def test_it_takes_little_memory(start):
    page = start({"verifier": str(Verifier.of("correct horse battery"))})
    page.told("shown")
    page.process.send({"kind": "state", "state": STATE})
    for _ in range(20):
        page.ask("GET", "/login")
    rollup = Path(f"/proc/{page.process.pid}/smaps_rollup").read_text()
    pss_kb = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    assert pss_kb < 25 * 1024


def test_it_ends_with_a_daemon_that_is_killed_even_when_it_is_hung():
    program = (
        "import time\n"
        "from device.page.process import PageProcess\n"
        "from device.page.settings import PageSettings\n"
        f"page = PageProcess(PageSettings(port={free_port()}), {{'id': 'hall', 'keys': []}})\n"
        "while not page.receive(): time.sleep(0.05)\n"
        "print(page.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    daemon = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    page = int(daemon.stdout.readline())
    os.kill(page, signal.SIGSTOP)
    daemon.kill()
    daemon.wait(30)
    daemon.stdout.close()
    wait_until(lambda: not _is_running(page), "the page to end with the daemon")


def _is_running(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False


def _listening(pid):
    """Address and port of each socket that process ``pid`` listens at."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = str(link.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[9] in inodes:
            address, port = fields[1].split(":")
            packed = bytes.fromhex(address)[::-1]
            found.add(f"{socket.inet_ntoa(packed)}:{int(port, 16)}")
    return found
