"""The display, by SDL: a window on a desktop or the whole of a bare console's. The only module that loads pygame."""

import math
import os
from collections.abc import MutableMapping

import numpy as np
import pygame
from numpy.typing import NDArray

from device.errors import UnavailableError
from device.overlay.displays import adapter_with_display, connected, drivers_to_try, explain_kmsdrm, explain_no_display
from device.overlay.keys import Press, press_of
from device.overlay.palette import GROUND, VERMILLION
from device.overlay.settings import OverlaySettings

_TITLE = "affectd"
_ICON_PX = 32
_LEAST_SIDE = 64
_LEAST_WINDOW = (160, 120)
_MIDDLE_OF_DISPLAY = 0x2FFF0000
_MOST_PIXELS = 1920 * 1080


class DisplayError(UnavailableError):
    """There is no display to show anything on, or not any more."""


class Screen:
    """An open display.

    Args:
        driver: SDL's name of the driver; ``SDL_VIDEODRIVER`` and what else SDL looks at is set by ``open_screen``.
        settings: the configuration's section ``overlay``.

    Raises:
        DisplayError: the driver has no display for us.
    """

    def __init__(self, driver: str, settings: OverlaySettings) -> None:
        self.driver = driver
        self._settings = settings
        self._console = driver == "kmsdrm"
        self._fullscreen = self._console or bool(settings.fullscreen)
        self._connected = connected() if self._console else ()
        try:
            pygame.display.init()
            self._window = self._open_window()
        except pygame.error as error:
            pygame.display.quit()
            raise DisplayError((explain_kmsdrm() if self._console else None) or str(error)) from None
        pygame.event.set_blocked(pygame.MOUSEMOTION)
        pygame.mouse.set_visible(not self._fullscreen)

    def __str__(self) -> str:
        width, height = self.size
        return f"{self.driver}, {width} x {height} pixels{', full screen' if self._fullscreen else ''}"

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels as it is now."""
        return self._window.size

    @property
    def canvas_size(self) -> tuple[int, int]:
        """(width, height) of the picture to show: the display's, smaller in proportion where that is very large."""
        width, height = self.size
        scale = min(1.0, math.sqrt(_MOST_PIXELS / (width * height)))
        return max(_LEAST_SIDE, round(width * scale)), max(_LEAST_SIDE, round(height * scale))

    def show(self, canvas: NDArray[np.uint8]) -> None:
        """Show ``canvas``, uint8 (height, width, 3) BGR, on all of the display. Raises DisplayError when it is lost."""
        height, width = canvas.shape[:2]
        picture = pygame.image.frombuffer(canvas.data, (width, height), "BGR")
        try:
            surface = self._window.get_surface()
            if (width, height) != surface.get_size():
                picture = pygame.transform.scale(picture, surface.get_size())
            surface.blit(picture, (0, 0))
            self._window.flip()
        except pygame.error as error:
            raise DisplayError(f"the display is lost: {error}") from None

    def presses(self) -> list[Press]:
        """What was pressed since the last call; closing the window is leaving. Raises DisplayError when it is lost."""
        found: list[Press] = []
        for event in pygame.event.get():
            if event.type == pygame.KEYDOWN:
                press = press_of(pygame.key.name(event.key), event.scancode)
                found += [press] if press else []
            elif event.type == pygame.WINDOWCLOSE:
                found.append("leave")
            elif event.type == pygame.QUIT and "leave" not in found:
                # Nobody closed the window: SDL says so when the desktop has gone.
                raise DisplayError("the desktop has gone")
        return found

    def check(self) -> None:
        """Make sure that the display is still there. Raises DisplayError when it was unplugged or exchanged."""
        if self._console and connected() != self._connected:
            raise DisplayError("the display was unplugged or exchanged")

    def toggle_fullscreen(self) -> None:
        """From window to full screen and back; a bare console has no window. Raises DisplayError when it is lost."""
        if self._console:
            return
        self._fullscreen = not self._fullscreen
        try:
            if self._fullscreen:
                self._window.set_fullscreen(desktop=True)
            else:
                self._window.set_windowed()
        except pygame.error as error:
            raise DisplayError(f"the display is lost: {error}") from None
        pygame.mouse.set_visible(not self._fullscreen)

    def close(self) -> None:
        """Give the display back."""
        pygame.display.quit()

    def _open_window(self) -> pygame.Window:
        # SDL takes this for the middle of that display (SDL_WINDOWPOS_CENTERED_DISPLAY of SDL_video.h).
        middle = _MIDDLE_OF_DISPLAY | self._settings.display
        window = pygame.Window(
            _TITLE,
            (self._settings.width, self._settings.height),
            (middle, middle),
            resizable=True,
            fullscreen_desktop=self._fullscreen,
        )
        window.minimum_size = _LEAST_WINDOW
        window.set_icon(_icon())
        window.get_surface()  # some drivers only find out here that they cannot
        return window


def _icon() -> pygame.Surface:
    """The mark that says "camera on", instead of pygame's own picture."""
    icon = pygame.Surface((_ICON_PX, _ICON_PX))
    middle = (_ICON_PX // 2, _ICON_PX // 2)
    for radius, colour in ((15, VERMILLION), (11, GROUND), (7, VERMILLION)):
        pygame.draw.circle(icon, colour[::-1], middle, radius * _ICON_PX // 32)
    return icon


def open_screen(settings: OverlaySettings, environment: MutableMapping[str, str] = os.environ) -> Screen:
    """The first display that opens, of those that may be here.

    Raises:
        DisplayError: with the reason of each that does not.
    """
    drivers = drivers_to_try(settings.driver, environment)
    if not drivers:
        raise DisplayError(explain_no_display())
    before = dict(environment)
    faults = []
    for driver in drivers:
        environment.update(_for_sdl(driver) | before | {"SDL_VIDEODRIVER": driver})
        try:
            return Screen(driver, settings)
        except DisplayError as error:
            faults.append(f"{driver}: {error}")
    raise DisplayError("; ".join(faults))


def _for_sdl(driver: str) -> dict[str, str]:
    """What SDL is told by its own variables, unless the environment has them already."""
    number = adapter_with_display()
    return {
        # The daemon decides when this process ends.
        "SDL_NO_SIGNAL_HANDLERS": "1",
        # Else SDL takes the keyboard from the console: no Ctrl-C, and no keyboard at all after a killed process.
        "SDL_INPUT_LINUX_KEEP_KBD": "1",
        # X takes plain memory, which spares it the detour by a texture; SDL gives nothing else to the others. Left to
        # choose, it takes desktop OpenGL, and where libGL is missing, as on systems without a desktop, a bare console
        # stays black without a word.
        "SDL_FRAMEBUFFER_ACCELERATION": {"x11": "0", "kmsdrm": "opengles2"}.get(driver, "1"),
        **({} if number is None else {"SDL_KMSDRM_DEVICE_INDEX": str(number)}),
    }
