"""One camera's web server: asked as the camera's own page would ask it, and never followed to another host."""

import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from device.capture.sources.http_auth import Login
from device.capture.sources.settings import display_name
from device.errors import SourceError

_MOST_REDIRECTS = 3
_UNAUTHORISED = 401
_REDIRECTS = {301, 302, 303, 307, 308}
_OK = 200


class Body:
    """An answer's body, whose every fault is an OSError: chunks without a length break it off as a cut cable does."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self._answer = answer

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes, fewer at the end alone. Raises OSError."""
        try:
            return self._answer.read(count)
        except (http.client.HTTPException, ValueError) as error:
            raise ConnectionError("the answer breaks off") from error

    def read1(self, count: int = -1, /) -> bytes:
        """What there is, up to ``count`` bytes; nothing at the end. Raises OSError."""
        try:
            return self._answer.read1(count)
        except (http.client.HTTPException, ValueError) as error:
            raise ConnectionError("the answer breaks off") from error


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server gives: a body that is read as it comes.

    Attributes:
        body: to be read in pieces; its end is the connection's or the answer's.
        content_type: without its parameters, in small letters.
        boundary: of a body in several parts; None where none is told.
        length: bytes of the body; None for one that goes on.
    """

    body: Body
    content_type: str
    boundary: str | None
    length: int | None


class WebServer:
    """A connection to one server, kept for further requests where it allows that.

    Args:
        url: http or https, with user and password where they are needed.
        open_timeout_s: how long it may take to answer.
        read_timeout_s: how long it may be silent once it has answered.
    """

    def __init__(self, url: str, open_timeout_s: float, read_timeout_s: float) -> None:
        self.name = display_name(url)
        self._url = urlsplit(url)
        self._open_timeout_s = open_timeout_s
        self._read_timeout_s = read_timeout_s
        self._login = Login(unquote(self._url.username or ""), unquote(self._url.password or ""))
        self._connection: http.client.HTTPConnection | None = None

    def get(self) -> Answer:
        """Ask for the URL. Raises SourceError where there is no answer that has a body."""
        for _ in range(2 * _MOST_REDIRECTS):
            answer = self._request()
            if answer.status == _OK:
                return _described(answer)
            if answer.status in _REDIRECTS:
                self.close()
                self._url = self._resolved(answer.getheader("Location", ""))
            elif answer.status == _UNAUTHORISED and self._login.learn(answer.headers.get_all("WWW-Authenticate", [])):
                if answer.getheader("Connection", "").lower() == "close" or not _drained(answer):
                    self.close()
                answer = self._request()
                if answer.status == _OK:
                    return _described(answer)
                raise self._refused(answer.status)
            else:
                raise self._refused(answer.status)
        raise SourceError(f"{self.name} redirects again and again", "correct source.uri")

    def beside(self, reference: str) -> "WebServer":
        """The same host at what ``reference`` means here. Raises SourceError where it means another host."""
        other = WebServer(self._resolved(reference).geturl(), self._open_timeout_s, self._read_timeout_s)
        other._login = self._login
        other.name = self.name
        return other

    def close(self) -> None:
        """Hang up; harmless when it was done."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _request(self) -> http.client.HTTPResponse:
        attempts = 1 if self._connection is None else 2  # a server may end a connection that was kept at any time
        for attempt in range(1, attempts + 1):
            try:
                return self._send()
            except (http.client.HTTPException, OSError) as error:
                self.close()
                if attempt == attempts:
                    raise self._silent(_told(error)) from None
        raise AssertionError("unreachable")

    def _send(self) -> http.client.HTTPResponse:
        target = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        if self._connection is None:
            self._connection = self._connect()
        headers = {"User-Agent": "affectd", "Accept": "*/*"}
        login = self._login.header("GET", target)
        if login is not None:
            headers["Authorization"] = login
        self._connection.request("GET", target, headers=headers)
        connected = self._connection.sock  # which the answer may take over
        answer = self._connection.getresponse()
        connected.settimeout(self._read_timeout_s)
        return answer

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme.lower() != "https":
            return http.client.HTTPConnection(host, port, timeout=self._open_timeout_s)
        # A camera's certificate is its own making: nobody has signed it, and no name fits.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(host, port, timeout=self._open_timeout_s, context=context)

    def _resolved(self, reference: str) -> SplitResult:
        """Where a redirection or a playlist of this host leads. Raises SourceError for another host."""
        here = self._url._replace(netloc=self._url.netloc.rpartition("@")[2]).geturl()
        try:
            to = urlsplit(urljoin(here, reference))
            is_here = to.scheme.lower() in {"http", "https"} and to.hostname == self._url.hostname
            told = to.hostname or reference[:100]
        except ValueError:
            is_here, told = False, reference[:100]
        if not is_here:
            raise SourceError(
                f"{self.name} leads to another host, {told}", "name that one in source.uri if it is the camera"
            )
        return to

    def _refused(self, status: int) -> SourceError:
        reason = http.client.responses.get(status, "an unknown answer")
        remedy = "correct the user and password" if status == _UNAUTHORISED else "check the path"
        return SourceError(f"{self.name} answers {status} ({reason})", f"{remedy} in source.uri")

    def _silent(self, why: str) -> SourceError:
        return SourceError(
            f"nothing answers at {self.name}: {why}", "check the host and port in source.uri, and that the camera is on"
        )


def _told(error: Exception) -> str:
    if isinstance(error, http.client.HTTPException):  # one of them is a ConnectionError as well
        return "it hangs up, or does not speak HTTP"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _described(answer: http.client.HTTPResponse) -> Answer:
    told = answer.headers
    # Not get_param: many cameras write a boundary that is no token, or quote it wrongly.
    parameters = told.get("Content-Type", "").split(";")[1:]
    named = (part.strip().partition("=") for part in parameters)
    boundary = next((value.strip().strip('"') for name, _, value in named if name.lower() == "boundary"), None)
    return Answer(
        Body(answer), told.get_content_type() if "Content-Type" in told else "", boundary or None, answer.length
    )


def _drained(answer: http.client.HTTPResponse) -> bool:
    """Whether the rest of an answer is out of the way, so that the connection can be kept."""
    try:
        return len(Body(answer).read(10_000)) < 10_000 and answer.isclosed()
    except OSError:
        return False
