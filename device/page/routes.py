"""Which request gets which answer, and who gets none."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

from microdot.microdot import Microdot, Request, Response

from device.page.answers import cookies, day_of, form_of, html, redirect, typed
from device.page.board import Board
from device.page.guard import HEADERS, host_is_ours, known_names, origin_is_ours
from device.page.h import h
from device.page.password import Verifier
from device.page.sessions import LASTS_S, Sessions
from device.page.texts import LANGUAGES, Texts, choose_language, texts_in
from device.page.throttle import Throttle
from device.page.views.configuration import configuration_page, saved_page, written
from device.page.views.doctor import doctor_page
from device.page.views.events import events_page
from device.page.views.layout import PAGES, Visit, document, notice
from device.page.views.live import fragments, live_page
from device.page.views.login import login_page
from device.page.views.today import today_page

STATIC = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
"""All files there are; no folder is looked into."""
COOKIE, LANGUAGE_COOKIE = "affectd_session", "affectd_language"
MOST_VIEWERS = 12
"""Live pages that are kept up to date at a time; each takes some memory and a little of the processor."""
_OPEN_PATHS = {"/login", "/alive", *(f"/static/{name}" for name in STATIC)}
_HEARTBEAT_S = 10.0
_MOST_WAITING = 3
_LANGUAGE_LASTS_S = 365 * 86400

_log = logging.getLogger(__name__)


class Routes:
    """The page's answers.

    Args:
        board: what is known of the device.
        verifier: checks the password; None where there is none, and everybody at this device is let in.
        sessions: who is logged in.
        throttle: how often a password may be tried.
        encrypted: whether connections are.
    """

    def __init__(
        self, board: Board, verifier: Verifier | None, sessions: Sessions, throttle: Throttle, *, encrypted: bool
    ) -> None:
        self._board = board
        self._verifier = verifier
        self._sessions = sessions
        self._throttle = throttle
        self._encrypted = encrypted
        hello = board.hello
        self._names = known_names(str(hello.get("id", "")), hello.get("settings", {}).get("names", ()))
        self._static = {name: (Path(__file__).parent / "static" / name).read_bytes() for name in STATIC}
        self._checking = asyncio.Lock()
        self._waiting = 0
        self._rendered: dict[str, tuple[int, dict[str, str]]] = {}
        for language in LANGUAGES:
            texts_in(language)  # now: later this process may read no file
        self.app = Microdot()
        self.app.errorhandler(Exception)(self._fault)
        self._add_routes()

    async def answer(self, request: Request) -> Response:
        """The answer to ``request``, whatever it is."""
        try:
            response = self._refusal(request) or await self._dispatch(request)
        except Exception as fault:  # noqa: BLE001 whatever it is, the next request is answered
            _log.error("%s %s came to no answer", request.method, request.path, exc_info=fault)
            response = self._error(request, 500)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def _add_routes(self) -> None:
        app = self.app
        app.get("/")(self._live)
        app.get("/stream")(self._stream)
        app.get("/today")(self._today)
        app.get("/events")(self._events)
        app.get("/configuration")(self._configuration)
        app.post("/configuration")(self._change)
        app.get("/doctor")(self._doctor)
        app.post("/doctor")(self._examine)
        app.post("/pause")(self._pause)
        app.get("/login")(self._door)
        app.post("/login")(self._log_in)
        app.post("/logout")(self._log_out)
        app.get("/alive")(self._alive)
        app.get("/static/<name>")(self._file)

    async def _dispatch(self, request: Request) -> Response:
        language = request.args.get("language")
        if request.method == "GET" and language is not None:
            chosen = redirect(request.path if request.path in (*PAGES.values(), "/login") else "/")
            self._set_cookie(chosen, LANGUAGE_COOKIE, choose_language(language, None), _LANGUAGE_LASTS_S)
            return chosen
        response: Response = await self.app.dispatch_request(request)
        if response.status_code in {404, 405} and not response.headers.get("Content-Type", "").startswith("text/html"):
            return self._error(request, 404)
        return response

    async def _fault(self, request: Request, fault: Exception) -> Response:
        _log.error("%s %s came to no answer", request.method, request.path, exc_info=fault)
        return self._error(request, 500)

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that gets no other; None for all others."""
        host = request.headers.get("Host")
        if not host_is_ours(host, self._names):
            text = "This device is not called that. Open it by its own name or address; see page.names.\n"
            return Response(text, 421, {"Content-Type": "text/plain; charset=UTF-8"})
        if request.method == "POST" and not origin_is_ours(request.headers.get("Origin"), str(host)):
            return self._error(request, 403)
        if request.path in _OPEN_PATHS or self._is_let_in(request):
            return None
        if request.path == "/stream":
            return Response("", 403, {"Content-Type": "text/plain"})
        return redirect("/login")

    def _is_let_in(self, request: Request) -> bool:
        return self._verifier is None or self._sessions.is_open(cookies(request).get(COOKIE, ""))

    def _texts(self, request: Request) -> Texts:
        wanted = cookies(request).get(LANGUAGE_COOKIE)
        return texts_in(choose_language(wanted, request.headers.get("Accept-Language")))

    def _visit(self, request: Request) -> Visit:
        return Visit(self._texts(request), self._board.hello, self._board.state, self._verifier is not None)

    async def _live(self, request: Request) -> Response:
        await self._board.look()
        return html(live_page(self._visit(request), self._board.fresh_moment()))

    async def _stream(self, request: Request) -> Response:
        if self._board.viewers >= MOST_VIEWERS:
            return Response("", 503, {"Content-Type": "text/plain"})
        token = cookies(request).get(COOKIE, "")
        news = self._news(self._visit(request), lambda: self._verifier is None or self._sessions.is_open(token))
        return Response(cast("Any", news), 200, {"Content-Type": "text/event-stream"})

    async def _news(self, visit: Visit, is_let_in: Callable[[], bool]) -> AsyncIterator[str]:
        """What has changed on the live page, as events (HTML, section 9.2), until somebody leaves or is logged out."""
        shown: dict[str, str] = {}
        yield "retry: 2000\n\n"
        with self._board.watched():
            while is_let_in() and not self._board.ended.is_set():
                parts = self._parts(visit)
                changed = {name: part for name, part in parts.items() if shown.get(name) != part}
                shown = parts
                # What was sent is drained first: a slow browser is text the newest, and less often.
                yield f"data: {json.dumps(changed)}\n\n" if changed else ": \n\n"
                await self._board.news(_HEARTBEAT_S)

    def _parts(self, visit: Visit) -> dict[str, str]:
        """The parts of the live page as they are now, made once for all who look in the same language."""
        made_at, parts = self._rendered.get(visit.texts.language, (-1, {}))
        if made_at != self._board.version:
            now = Visit(visit.texts, self._board.hello, self._board.state, visit.may_leave)
            parts = {name: str(part) for name, part in fragments(now, self._board.fresh_moment()).items()}
            self._rendered[visit.texts.language] = (self._board.version, parts)
        return parts

    async def _today(self, request: Request) -> Response:
        day = day_of(request.args.get("day", ""))
        return html(today_page(self._visit(request), day, await self._board.day(day.isoformat())))

    async def _events(self, request: Request) -> Response:
        return html(events_page(self._visit(request), self._board.events))

    async def _configuration(self, request: Request) -> Response:
        return html(configuration_page(self._visit(request)))

    async def _change(self, request: Request) -> Response:
        visit, form = self._visit(request), form_of(request)
        keys = {key["key"]: key for key in self._board.hello.get("keys", [])}
        given = {name: str(form.get(name, "")).strip() for name in keys if name in form}
        wanted = {name: typed(keys[name], text) for name, text in given.items() if text != written(keys[name]["value"])}
        if not wanted:
            return html(configuration_page(visit, outcome=notice("ok", visit.texts("configuration.same"))))
        is_done, text = await self._board.change(wanted)
        if is_done:
            return html(saved_page(visit))
        refused = notice("wrong", visit.texts("configuration.refused", message=text))
        return html(configuration_page(visit, given, refused), 400)

    async def _doctor(self, request: Request) -> Response:
        return html(doctor_page(self._visit(request), self._board.doctor, runs=self._board.doctor_runs))

    async def _examine(self, _: Request) -> Response:
        if self._board.hello.get("can_examine"):
            self._board.examine()
        return redirect("/doctor")

    async def _pause(self, request: Request) -> Response:
        paused = form_of(request).get("paused")
        if paused in {"yes", "no"}:
            await self._board.pause(paused=paused == "yes")
        return redirect("/")

    async def _door(self, request: Request) -> Response:
        if self._is_let_in(request):
            return redirect("/")
        return html(login_page(self._texts(request), self._visit(request).device))

    async def _log_in(self, request: Request) -> Response:
        texts, device, address = self._texts(request), self._visit(request).device, str(request.client_addr[0])
        if self._verifier is None:
            return redirect("/")
        wait_s = self._throttle.wait_s(address)
        if wait_s > 0 or self._waiting >= _MOST_WAITING:
            seconds = max(1, round(wait_s))
            response = html(login_page(texts, device, texts("login.wait", seconds=seconds)), 429)
            response.headers["Retry-After"] = str(seconds)
            return response
        if not await self._is_right(form_of(request).get("password", ""), self._verifier, address):
            return html(login_page(texts, device, texts("login.wrong")), 403)
        response = redirect("/")
        self._set_cookie(response, COOKIE, self._sessions.open(), int(LASTS_S))
        return response

    async def _is_right(self, password: str, verifier: Verifier, address: str) -> bool:
        """Whether it is the password; one at a time, for each takes 16 MiB and a core."""
        self._waiting += 1
        try:
            async with self._checking:
                if self._throttle.wait_s(address) > 0:
                    return False  # others from there were wrong meanwhile
                is_right = await asyncio.to_thread(verifier.accepts, password)
        finally:
            self._waiting -= 1
        if is_right:
            self._throttle.note_right(address)
        else:
            self._throttle.note_wrong(address)
            _log.warning("a wrong password came from %s", address)
        return is_right

    async def _log_out(self, request: Request) -> Response:
        self._sessions.close(cookies(request).get(COOKIE, ""))
        response = redirect("/login")
        self._set_cookie(response, COOKIE, "", 0)
        return response

    async def _alive(self, _: Request) -> Response:
        return Response("", 204, {"Content-Type": "text/plain"})

    async def _file(self, _: Request, name: str) -> Response:
        if name not in self._static:
            return Response("", 404, {"Content-Type": "text/plain"})
        return Response(self._static[name], 200, {"Content-Type": STATIC[name], "Cache-Control": "max-age=300"})

    def _error(self, request: Request, status: int) -> Response:
        texts = self._texts(request)
        title, back = texts("error.title"), h("p", h("a", texts("error.back"), href="/"))
        body = h("main", h("h1", title), h("p", texts(f"error.{status}")), back, id="content", class_="door card")
        return html(document(texts, title, body), status)

    def _set_cookie(self, response: Response, name: str, value: str, lasts_s: int) -> None:
        secure = "; Secure" if self._encrypted else ""
        cookie = f"{name}={value}; Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Strict{secure}"
        response.headers["Set-Cookie"] = [cookie]  # microdot knows no SameSite
