"""What the page's process knows of the device, and who waits for news of it."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from device.page.channel import PageEnd, Report

MOST_EVENTS = 200
_ASK_EVERY_S = 0.15
_OLD_S = 2.0
_ALIVE_EVERY_S = 3.0
_DAY_TIMEOUT_S, _CHANGE_TIMEOUT_S, _PAUSE_TIMEOUT_S, _MOMENT_TIMEOUT_S = 10.0, 70.0, 5.0, 1.0


class Board:
    """The newest of everything that the daemon has told.

    Args:
        channel: to the daemon.
        hello: what was told first.
    """

    def __init__(self, channel: PageEnd, hello: dict[str, Any]) -> None:
        self._channel = channel
        self.hello = hello
        self.state: dict[str, Any] = {"source": "lost"}
        self.moment: dict[str, Any] | None = None
        self.moment_at_s = 0.0
        self.events: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)
        self.version = 0
        """Grows with all that the live page shows."""
        self.doctor: dict[str, Any] | None = None
        self.doctor_runs = False
        self.viewers = 0
        self.ended = asyncio.Event()
        self._news = asyncio.Event()
        self._asked_at_s: float | None = None
        self._change: asyncio.Future[tuple[bool, str]] | None = None
        self._days: dict[str, asyncio.Future[dict[str, Any] | None]] = {}

    def send(self, kind: Any, text: str = "", **data: Any) -> bool:
        """Tell the daemon, or ask it."""
        return self._channel.send(Report(kind, text, data))

    def receive(self) -> None:
        """Take in what the daemon has said."""
        for message in self._channel.receive():
            self._take(message)
        if self._channel.gone:
            self.ended.set()

    async def stay_alive(self) -> None:
        """Tell the daemon again and again that this process is not hung, until it has ended."""
        while not self.ended.is_set():
            self.send("alive")
            with suppress(TimeoutError):
                async with asyncio.timeout(_ALIVE_EVERY_S):
                    await self.ended.wait()

    @property
    def source(self) -> str:
        """What the camera does."""
        return str(self.state.get("source", "lost"))

    def fresh_moment(self) -> dict[str, Any] | None:
        """What is to be seen now; None while nothing is."""
        is_fresh = self.moment is not None and time.monotonic() - self.moment_at_s < _OLD_S
        return self.moment if is_fresh and self.source == "ok" else None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While somebody is in here, the daemon is asked for moments."""
        self.viewers += 1
        self._ask()
        try:
            yield
        finally:
            self.viewers -= 1

    async def look(self) -> None:
        """Wait a moment for a fresh one."""
        if self.fresh_moment() is None and self.source == "ok":
            with self.watched(), suppress(TimeoutError):
                async with asyncio.timeout(_MOMENT_TIMEOUT_S):
                    while self.fresh_moment() is None:
                        await self.news(_MOMENT_TIMEOUT_S)

    async def news(self, timeout_s: float) -> None:
        """Wait for something new, ``timeout_s`` at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._news.wait()

    async def pause(self, *, paused: bool) -> None:
        """Turn the privacy switch, and wait until the camera has followed, for a while."""
        self.send("pause" if paused else "resume")
        with suppress(TimeoutError):
            async with asyncio.timeout(_PAUSE_TIMEOUT_S):
                while (self.source in {"paused", "pausing"}) != paused or self.source == "pausing":
                    await self.news(_PAUSE_TIMEOUT_S)

    def examine(self) -> None:
        """Have the device examined; ``doctor`` has the findings in the end."""
        if not self.doctor_runs and self.send("doctor"):
            self.doctor_runs = True

    async def change(self, values: dict[str, str]) -> tuple[bool, str]:
        """Have keys of the configuration changed; returns whether they were, and in what words."""
        if self._change is not None:
            return False, "another change is under way; try again in a moment"
        self._change = asyncio.get_running_loop().create_future()
        try:
            self.send("change", values=values)
            async with asyncio.timeout(_CHANGE_TIMEOUT_S):
                return await self._change
        except TimeoutError:
            return False, "the sensor has not answered"
        finally:
            self._change = None

    async def day(self, day: str) -> dict[str, Any] | None:
        """What the day was like, YYYY-MM-DD; None where that is not known."""
        waiting = self._days.get(day)
        if waiting is None:
            waiting = self._days[day] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_DAY_TIMEOUT_S):
                while not waiting.done():
                    self.send("day", day)  # one at a time is looked up, and another may be under way
                    await asyncio.wait({waiting}, timeout=1.0)
                return waiting.result()
        except TimeoutError:
            return None
        finally:
            self._days.pop(day, None)

    def _take(self, message: dict[str, Any]) -> None:
        kind = message.get("kind")
        if kind == "moment":
            self.moment, self.moment_at_s = message["moment"], time.monotonic()
            self._asked_at_s = None
            asyncio.get_running_loop().call_later(_ASK_EVERY_S, self._ask)
        elif kind == "state":
            self.state = message["state"]
            if self.source != "ok":
                self.moment = None
            self._ask()
        elif kind == "event":
            self.events.append(message["event"])
        elif kind == "doctor":
            self.doctor, self.doctor_runs = {**message, "at": time.time()}, False
        elif kind == "changed" and self._change is not None and not self._change.done():
            self._change.set_result((bool(message["done"]), str(message["text"])))
        elif kind == "day":
            waiting = self._days.get(str(message.get("day")))
            if waiting is not None and not waiting.done():
                waiting.set_result(message.get("summary"))
        self.version += 1
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _ask(self) -> None:
        """Ask for a moment, if somebody looks; again where the last question may be lost."""
        now_s = time.monotonic()
        if self.viewers and self.source == "ok" and (self._asked_at_s is None or now_s - self._asked_at_s > _OLD_S):
            self._asked_at_s = now_s
            self.send("ready")
