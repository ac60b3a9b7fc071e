"""What whoever mounts a camera wants to know: where the faces are, and how well they can be read.

Nothing in here shows the picture itself: boxes, figures and words alone.
"""

from device.tools.aim.look import FaceLook, Look
from device.tools.aim.observer import AimObserver

__all__ = ["AimObserver", "FaceLook", "Look"]
