"""The overlay's own loop: hears what the daemon tells, draws it, shows it, and tells the daemon of keys."""

import select
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from device.overlay.channel import OverlayEnd, Report, ReportKind, Update
from device.overlay.display_options import DisplayOptions
from device.overlay.keys import Press
from device.overlay.scene import Scene
from device.overlay.settings import OverlaySettings
from device.overlay.slot import PictureSlot

_REFRESH_EVERY_S = 1.0
_IDLE_FRAME_S = 0.25
_SLOWEST_TURN_S = 0.1
_ALIVE_EVERY_S = 1.0


class Display(Protocol):
    """What the loop asks of `screen.Screen`; each may raise DisplayError."""

    @property
    def canvas_size(self) -> tuple[int, int]:
        """(width, height) of the pictures to show, pixels."""
        ...

    def show(self, canvas: NDArray[np.uint8]) -> None:
        """Show ``canvas``, uint8 (height, width, 3) BGR."""
        ...

    def presses(self) -> list[Press]:
        """What was pressed since the last call."""
        ...

    def check(self) -> None:
        """Make sure that the display is still there."""
        ...

    def toggle_fullscreen(self) -> None:
        """From window to full screen and back."""
        ...


class Artist(Protocol):
    """What the loop asks of `draw.Drawer`."""

    @property
    def idle(self) -> bool:
        """Whether nothing moves in what it draws."""
        ...

    def draw(self, scene: Scene, size: tuple[int, int], view: DisplayOptions, now_s: float) -> NDArray[np.uint8]:
        """``scene`` as uint8 (height, width, 3) BGR."""
        ...


class Viewer:
    """Shows the newest that the daemon told, at the configured rate at most.

    Args:
        display: where to show it.
        artist: draws it.
        channel: the daemon.
        slot: where the daemon lays pictures.
        settings: the configuration's section ``overlay``.
        now: monotonic seconds.
    """

    def __init__(
        self,
        display: Display,
        artist: Artist,
        channel: OverlayEnd,
        slot: PictureSlot,
        *,
        settings: OverlaySettings,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._display = display
        self._artist = artist
        self._channel = channel
        self._slot = slot
        self._now = now
        self._frame_s = 1.0 / settings.fps
        self._view = DisplayOptions.of(settings)
        self._scene: Scene | None = None
        self._owes_ready = True
        self._changed = False
        self._size = (0, 0)
        self._left = False
        self._alive_at_s = self._frame_at_s = self._refresh_at_s = now()

    def run(self) -> None:
        """Show until a person leaves or the daemon ends. Raises DisplayError when the display is lost."""
        while self.turn():
            self._wait_until(min(self._frame_at_s, self._now() + _SLOWEST_TURN_S))

    def turn(self) -> bool:
        """One round, without waiting; False once it is over. Raises DisplayError when the display is lost."""
        self._take(self._channel.receive())
        for press in self._display.presses():
            self._obey(press)
        if self._left or self._channel.gone:
            return False
        now_s = self._now()
        if now_s >= self._alive_at_s:
            self._alive_at_s = now_s + _ALIVE_EVERY_S
            self._tell("alive")
            self._display.check()
        if now_s >= self._frame_at_s:
            self._draw(now_s)
            period_s = max(self._frame_s, _IDLE_FRAME_S if self._artist.idle else 0.0)
            self._frame_at_s = max(self._frame_at_s, now_s - period_s) + period_s
            if self._owes_ready:
                self._owes_ready = not self._tell("ready")
        return True

    def _wait_until(self, due_s: float) -> None:
        """Sleep until something is to be done: at the latest at ``due_s``, at once when the daemon ends or pauses."""
        while (left_s := due_s - self._now()) > 0:
            select.select([self._channel], [], [], left_s)
            was_watching = self._watching
            self._take(self._channel.receive())
            if was_watching and not self._watching:
                self._frame_at_s = self._now()
            if self._channel.gone or self._frame_at_s <= self._now():
                return

    @property
    def _watching(self) -> bool:
        return self._scene is not None and self._scene.source == "ok"

    def _take(self, updates: list[Update]) -> None:
        for update in updates:
            before, self._scene = self._scene, self._scene_of(update)
            self._owes_ready |= update.moment is not None
            self._changed |= (
                before is None
                or update.moment is not None
                or (before.source, before.broker) != (update.source, update.broker)
            )

    def _scene_of(self, update: Update) -> Scene:
        moment, state = update.moment, (update.fps, update.source, update.broker)
        if update.source != "ok" or self._scene is None:
            return Scene(None, (), self._now(), *state)
        if moment is None:
            return replace(self._scene, fps=update.fps, source=update.source, broker=update.broker)
        picture = None if moment.shape is None else self._slot.read(moment.shape)
        return Scene(picture, moment.faces, moment.time_s, *state, moment.aspect, moment.unconfirmed)

    def _obey(self, press: Press) -> None:
        self._changed, self._frame_at_s = True, self._now()
        match press:
            case "leave":
                self._left = True
                self._tell("closed")
            case "pause":
                self._tell(
                    "resume" if self._scene is not None and self._scene.source in {"paused", "pausing"} else "pause"
                )
            case "mirror":
                self._view = replace(self._view, mirrored=not self._view.mirrored)
            case "help":
                self._view = replace(self._view, help_shown=not self._view.help_shown)
            case "fullscreen":
                self._display.toggle_fullscreen()

    def _draw(self, now_s: float) -> None:
        if self._scene is None:
            return
        size = self._display.canvas_size
        moving = self._watching and not self._artist.idle
        if self._changed or moving or size != self._size or now_s >= self._refresh_at_s:
            self._changed, self._size = False, size
            self._refresh_at_s = now_s + _REFRESH_EVERY_S
            self._display.show(self._artist.draw(self._scene, size, self._view, now_s))

    def _tell(self, kind: ReportKind) -> bool:
        return self._channel.send(Report(kind))
