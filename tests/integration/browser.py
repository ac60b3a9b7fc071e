"""As much of a browser as tests of the page need."""

import http.client
import re
from urllib.parse import urlencode

from tests.brokers import LOOPBACK


class Browser:
    """It asks one page, and keeps its cookie.

    Args:
        port: of the page.
        address: of the page.
        name: what it calls the device; left out, by its address.
    """

    def __init__(self, port: int, address: str = LOOPBACK, name: str = "") -> None:
        self.port = port
        self.cookie = ""
        self._address = address
        self._name = f"{name or address}:{port}"

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """The status and the text of an answer."""
        connection = http.client.HTTPConnection(self._address, self.port, timeout=90)
        headers = {"Host": self._name, "Origin": f"http://{self._name}", "Cookie": self.cookie}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, urlencode(form or {}) if method == "POST" else None, headers)
            response = connection.getresponse()
            if cookie := response.getheader("Set-Cookie"):
                self.cookie = cookie.partition(";")[0]
            return response.status, response.read().decode()
        finally:
            connection.close()

    def hear(self, part: str) -> str:
        """What the stream of the live page says, up to a line with ``part`` in it."""
        connection = http.client.HTTPConnection(self._address, self.port, timeout=90)
        try:
            connection.request("GET", "/stream", headers={"Host": self._name, "Cookie": self.cookie})
            response, heard = connection.getresponse(), ""
            while part not in heard and (line := response.readline()):
                heard += line.decode()
            return heard
        finally:
            connection.close()

    def answers(self, path: str = "/alive") -> bool:
        """Whether there is an answer that is no refusal."""
        try:
            return self.ask("GET", path)[0] < 400
        except OSError:
            return False

    def shows(self, path: str, pattern: str) -> re.Match[str] | None:
        """Whether a regular expression is found in a page."""
        try:
            return re.search(pattern, self.ask("GET", path)[1])
        except OSError:
            return None
