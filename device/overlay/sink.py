"""The overlay as a sink of the pipeline: it costs the sensor a copied picture now and then, and never makes it wait."""

import logging
from collections import deque
from collections.abc import Callable, Sequence

from device.interfaces import Clock
from device.overlay.channel import Moment, Report, Update
from device.overlay.privacy import Veil, conceal
from device.overlay.process import OverlayProcess
from device.overlay.scene import FaceMark, Scene
from device.overlay.settings import OverlaySettings
from device.overlay.slot import PictureSlot, thinned
from device.records import BrokerState, Event, Frame, Observation, RelativeBox, SourceState
from device.system.supervisor import Process, Supervisor

_RATE_FRAMES = 30
_MOST_FACES = 32

_log = logging.getLogger(__name__)


class OverlaySink:
    """Shows what the pipeline sees in a process of its own; everything is called from the pipeline's own thread.

    The overlay asks for a frame when it has taken the last one, so there is never more than one on its way, and one
    that has stopped asks for nothing. While the camera is not ``ok`` no picture lies in the shared memory.

    Args:
        settings: the section ``overlay``.
        clock: the monotonic time.
        broker: whether events reach the broker now.
        on_pause: called with the wanted position when somebody at the display turns the privacy switch.
        launch: starts the process.
    """

    def __init__(
        self,
        settings: OverlaySettings,
        clock: Clock,
        *,
        broker: Callable[[], BrokerState] = lambda: "off",
        on_pause: Callable[[bool], None] = lambda _: None,
        launch: Callable[[OverlaySettings, PictureSlot], Process[Update, Report]] = OverlayProcess,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._broker = broker
        self._on_pause = on_pause
        self._slot = PictureSlot.create()
        self._supervisor: Supervisor[Update, Report] = Supervisor(
            lambda: launch(settings, self._slot), clock, name="overlay", logger=_log
        )
        self._source: SourceState = "ok"
        self._is_asked = False
        self._sent_state: tuple[SourceState, BrokerState] | None = None
        self._veil = Veil()
        self._frames_s: deque[float] = deque(maxlen=_RATE_FRAMES)

    @property
    def is_shown(self) -> bool:
        """Whether a display is open."""
        return self._supervisor.shown

    def check(self) -> None:
        """Start the overlay, hear it, and tell it how things are; to be called on every turn of the loop."""
        was_shown = self._supervisor.shown
        for report in self._supervisor.turn():
            self._obey(report)
        if not self._supervisor.shown:
            if was_shown:
                self._slot.wipe()
            self._is_asked, self._sent_state = False, None
            return
        state = (self._source, self._broker())
        if state != self._sent_state and self._supervisor.send(Update(*state, self._fps())):
            self._sent_state = state

    def observe(self, observation: Observation) -> None:
        """Show this frame, if the overlay has asked for one."""
        self._frames_s.append(self._clock.monotonic_s())
        if not self.is_shown or self._source != "ok":
            return
        scene = self._scene_of(observation)
        # Also of frames that are not shown: what is found in one of them is there in the next as well.
        hidden = self._veil.boxes(scene, scene.time_s) if self._settings.privacy == "blur" else ()
        if self._is_asked:
            moment = self._lay_down(observation.frame, scene, hidden)
            self._is_asked = not self._supervisor.send(Update("ok", scene.broker, scene.fps, moment))

    def emit(self, event: Event) -> None:
        """Nothing: what is shown comes from the observations."""

    def set_source_state(self, state: SourceState) -> None:
        """Say that the camera is ok, paused or lost; unless it is ok, the last picture is wiped."""
        self._source = state
        if state != "ok":
            self._slot.wipe()
            self._frames_s.clear()
        self.check()

    def close(self) -> None:
        """End the overlay."""
        self._supervisor.close()
        self._slot.wipe()
        self._slot.close()

    def _obey(self, report: Report) -> None:
        if report.kind == "ready":
            self._is_asked = True
        elif report.kind in {"pause", "resume"}:
            self._on_pause(report.kind == "pause")

    def _scene_of(self, observation: Observation) -> Scene:
        """What is to be shown of it, but for the picture."""
        size = (observation.frame.width, observation.frame.height)
        now_s = observation.frame.time_s
        return Scene(
            None,
            tuple(FaceMark.of(face, *size, now_s) for face in observation.faces),
            now_s,
            self._fps(),
            "ok",
            self._broker(),
            aspect=size[0] / size[1],
            unconfirmed=tuple(RelativeBox.of(box, *size) for box in observation.found),
        )

    def _lay_down(self, frame: Frame, scene: Scene, hidden: Sequence[RelativeBox]) -> Moment:
        faces = scene.faces[:_MOST_FACES]
        if self._settings.privacy == "boxes":
            return Moment(faces, scene.time_s, None, scene.aspect)
        picture = frame.grey if frame.bgr is None else frame.bgr
        if self._settings.privacy == "blur":
            picture = thinned(picture).copy()
            conceal(picture, hidden)
        shape = self._slot.write(picture)
        return Moment(faces, scene.time_s, shape, unconfirmed=scene.unconfirmed[:_MOST_FACES])

    def _fps(self) -> float | None:
        if len(self._frames_s) < 2:
            return None
        lasted_s = self._clock.monotonic_s() - self._frames_s[0]
        return (len(self._frames_s) - 1) / lasted_s if lasted_s > 0 else None
