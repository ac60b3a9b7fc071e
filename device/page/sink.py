"""The page as a sink of the pipeline: it costs the sensor a few words now and then, and never makes it wait."""

import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from device.interfaces import Clock
from device.page.channel import Report
from device.page.jobs import CommandJob, Job, ReadingJob
from device.page.process import PageProcess
from device.page.settings import PageSettings
from device.page.state_file import StateFile
from device.records import Event, Observation, RelativeBox, SourceState
from device.redact import redact
from device.system.supervisor import Process, Supervisor

MOST_EVENTS = 200
_RATE_FRAMES = 30
_MOST_FACES = 32
_STATE_EVERY_S = 2.0
_MOST_CHANGES = 32
_MOST_VALUE = 200
_DOCTOR_TIMEOUT_S, _CHANGE_TIMEOUT_S = 120.0, 60.0
_RELOAD_AFTER_S = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the page is told, and by whom; everything is called from the pipeline's own thread, ``day`` aside.

    Attributes:
        hello: what a new process of the page is told first, and does not change while that runs.
        state: how camera, broker, disk and processor are now.
        look: what is to be seen of a frame that somebody looks at, without the picture: (observation, frames a second).
        day: what a day was like, by its date as YYYY-MM-DD; called in a thread of its own. None where nothing is kept.
    """

    hello: Callable[[], Mapping[str, Any]]
    state: Callable[[], Mapping[str, Any]]
    look: Callable[[Observation, float | None], dict[str, Any]]
    day: Callable[[str], Mapping[str, Any] | None] | None = None


@dataclass(frozen=True, slots=True)
class PageActions:
    """What people at browsers may have done.

    Attributes:
        pause: turns the privacy switch.
        reload: has the daemon take its changed configuration.
        commands: the arguments of ``affectd`` that examine the device, and that change the configuration by JSON on
            stdin; None where the daemon has no file of its own.
    """

    pause: Callable[[bool], None]
    reload: Callable[[], None]
    doctor: tuple[str, ...] | None = None
    change: tuple[str, ...] | None = None


class PageSink:
    """Tells a process of its own what is to be seen, while somebody looks; called from the pipeline's own thread.

    Args:
        settings: the section ``page``.
        clock: the monotonic time.
        sources: what it tells.
        actions: what it may be asked for.
        state_file: outlives both processes.
        launch: starts the process.
        start_job: starts a command.
    """

    def __init__(
        self,
        settings: PageSettings,
        clock: Clock,
        *,
        sources: Sources,
        actions: PageActions,
        state_file: StateFile,
        launch: Callable[[PageSettings, Mapping[str, Any]], Process[dict[str, Any], Report]] = PageProcess,
        start_job: Callable[..., Job] = CommandJob,
    ) -> None:
        self._clock = clock
        self._sources = sources
        self._actions = actions
        self._state_file = state_file
        self._start_job = start_job
        self._supervisor: Supervisor[dict[str, Any], Report] = Supervisor(
            lambda: launch(settings, {**sources.hello(), "sessions": state_file.sessions}),
            clock,
            name="page",
            logger=_log,
        )
        self._source: SourceState = "ok"
        self._is_asked = False
        self._unsent: deque[dict[str, Any]] = deque(maxlen=2 * MOST_EVENTS)
        self._state_due_s = 0.0
        self._events: deque[dict[str, Any]] = deque(state_file.events, maxlen=MOST_EVENTS)
        self._frames_s: deque[float] = deque(maxlen=_RATE_FRAMES)
        self._jobs: dict[str, Job] = {}
        self._day = ""
        self._reload_at_s: float | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the page can be opened."""
        return self._supervisor.shown

    def check(self) -> None:
        """Start the page, hear it, and tell it how things are; to be called on every turn of the loop."""
        for report in self._supervisor.turn():
            if report.kind == "shown":
                self._replay()
            self._handle(report)
        if not self._supervisor.shown:
            self._is_asked = False
            self._unsent.clear()
        self._collect_results()
        now_s = self._clock.monotonic_s()
        if now_s >= self._state_due_s:
            self._queue_state()
        self._flush()
        if self._reload_at_s is not None and now_s >= self._reload_at_s:
            self._reload_at_s = None
            self._actions.reload()

    def observe(self, observation: Observation) -> None:
        """Tell of this frame, if somebody looks."""
        self._frames_s.append(self._clock.monotonic_s())
        if not (self._is_asked and self._source == "ok"):
            return
        self._is_asked = False
        self._unsent.append({"kind": "moment", "moment": self._moment(observation)})
        self._flush()

    def emit(self, event: Event) -> None:
        """Tell of an event."""
        content = json.loads(event.to_json())
        self._events.append(content)
        self._unsent.append({"kind": "event", "event": content})

    def set_source_state(self, state: SourceState) -> None:
        """Say that the camera is ok, paused or lost."""
        self._source = state
        if state != "ok":
            self._frames_s.clear()
        self._state_due_s = 0.0
        self.check()

    def close(self) -> None:
        """End the page."""
        self._supervisor.close()
        for job in self._jobs.values():
            job.cancel()
        self._jobs.clear()
        self._state_file.keep_events(self._events)

    def _replay(self) -> None:
        """A new process is told what came before it."""
        self._unsent.clear()
        self._unsent.extend({"kind": "event", "event": event} for event in self._events)
        self._queue_state()

    def _handle(self, report: Report) -> None:
        if report.kind == "ready":
            self._is_asked = True
        elif report.kind in {"pause", "resume"}:
            self._actions.pause(report.kind == "pause")
        elif report.kind == "sessions":
            self._state_file.keep_sessions(report.data.get("sessions"))
        elif report.kind == "doctor" and "doctor" not in self._jobs and self._actions.doctor:
            self._jobs["doctor"] = self._start_job(self._actions.doctor, b"", self._clock, _DOCTOR_TIMEOUT_S)
        elif report.kind == "change" and "change" not in self._jobs and self._actions.change:
            values = _wanted_values(report.data.get("values"))
            given = json.dumps(values).encode()
            self._jobs["change"] = self._start_job(self._actions.change, given, self._clock, _CHANGE_TIMEOUT_S)
        elif report.kind == "day" and "day" not in self._jobs:
            self._start_reading_day(report.text)

    def _start_reading_day(self, day: str) -> None:
        read = self._sources.day
        if read is None:
            self._unsent.append({"kind": "day", "day": day, "summary": None})
        else:
            self._jobs["day"] = ReadingJob(lambda: read(day))
            self._day = day

    def _collect_results(self) -> None:
        for kind, job in list(self._jobs.items()):
            result = job.result()
            if result is None:
                continue
            del self._jobs[kind]
            if kind == "day":
                self._unsent.append({"kind": "day", "day": self._day, "summary": result[0]})
            elif kind == "doctor":
                self._unsent.append({"kind": "doctor", **_findings(result)})
            else:
                is_done, text = _outcome(result)
                self._unsent.append({"kind": "changed", "done": is_done, "text": redact(text)})
                if is_done:  # the page says so first
                    self._reload_at_s = self._clock.monotonic_s() + _RELOAD_AFTER_S

    def _queue_state(self) -> None:
        self._state_due_s = self._clock.monotonic_s() + _STATE_EVERY_S
        state = dict(self._sources.state()) | {"source": self._source, "fps": _rounded(self._fps())}
        self._unsent.append({"kind": "state", "state": state})

    def _flush(self) -> None:
        while self._unsent and self._supervisor.send(self._unsent[0]):
            self._unsent.popleft()

    def _moment(self, observation: Observation) -> dict[str, Any]:
        frame = observation.frame
        look = self._sources.look(observation, self._fps())
        measured = {face["face"]: face for face in look["faces"]}
        faces = []
        for seen in observation.faces[:_MOST_FACES]:
            box = RelativeBox.of(seen.track.box, frame.width, frame.height)
            reading = seen.reading
            faces.append(
                measured.get(seen.track.id, {})
                | {
                    "face": seen.track.id,
                    "box": [box.x, box.y, box.w, box.h],
                    "visible": seen.track.visible,
                    "emotion": None if reading is None else reading.emotion,
                    "confidence": None if reading is None else round(reading.confidence, 3),
                }
            )
        return {"picture": look["picture"], "faces": faces}

    def _fps(self) -> float | None:
        if len(self._frames_s) < 2:
            return None
        lasted_s = self._clock.monotonic_s() - self._frames_s[0]
        return (len(self._frames_s) - 1) / lasted_s if lasted_s > 0 else None


def _wanted_values(values: Any) -> dict[str, str]:
    """What may be a change of the configuration; whether it is one the command says."""
    if not isinstance(values, dict):
        return {}
    pairs = list(values.items())[:_MOST_CHANGES]
    return {key: value for key, value in pairs if isinstance(value, str) and len(key) + len(value) <= _MOST_VALUE}


def _findings(result: tuple[int, str, str] | str) -> dict[str, Any]:
    """What the doctor has said, one JSON object a line."""
    if isinstance(result, str):
        return {"findings": [], "fault": result}
    _, out, err = result
    findings = []
    for line in out.splitlines():
        try:
            found = json.loads(line)
            findings.append({key: str(found[key]) for key in ("grade", "subject", "message", "command")})
        except (ValueError, KeyError, TypeError):
            continue
    return {"findings": findings, "fault": "" if findings else redact(err.strip()[-500:])}


def _outcome(result: tuple[int, str, str] | str) -> tuple[bool, str]:
    """Whether the configuration was changed, and in what words."""
    if isinstance(result, str):
        return False, result
    code, out, err = result
    lines = (out if code == 0 else err).strip().splitlines()
    return code == 0, lines[-1].removeprefix("affectd: ") if lines else f"exit code {code}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
