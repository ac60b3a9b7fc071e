"""Coral's Edge TPU: its library as an interpreter's delegate, and what is wrong where it does not load."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.errors import AcceleratorError
from device.system.user import user_name

LIBRARY = "libedgetpu.so.1"

_USB_IDS = frozenset({("1a6e", "089a"), ("18d1", "9302")})
"""Vendor and product before and after the accelerator has its firmware."""

_PCI_ID = ("0x1ac1", "0x089a")
_INSTALL = "install it (Coral's package is libedgetpu1-std), or name its file in classifier.edgetpu_library"


@dataclass(frozen=True, slots=True)
class EdgeTpu:
    """Which accelerator to use.

    Attributes:
        library: the delegate's shared library, a name for the dynamic loader or a path.
        device: as ``libedgetpu`` names them: ``usb``, ``pci``, ``usb:0``; empty for the first there is.
    """

    library: str = LIBRARY
    device: str = ""

    def load(self, load_delegate: Callable[..., Any]) -> Any:
        """The delegate, made by the runtime's own ``load_delegate``.

        Raises:
            AcceleratorError: the library, the accelerator or the permission to use it is missing.
        """
        try:
            return load_delegate(self.library, {"device": self.device} if self.device else {})
        except OSError as error:
            raise AcceleratorError(
                f"the Edge TPU's library {self.library} cannot be loaded ({error})", _INSTALL
            ) from error
        except ValueError as error:
            raise _explain(" ".join(str(error).split())) from error


@dataclass(frozen=True, slots=True)
class Attached:
    """An accelerator that the kernel sees; ``node`` is None where no driver has taken it."""

    bus: str
    node: Path | None


def find_attached(sys: Path = Path("/sys"), dev: Path = Path("/dev")) -> list[Attached]:
    """All accelerators that are attached, whether they may be used or not."""
    found = []
    for device in sorted((sys / "bus/usb/devices").glob("*")):
        if (_read(device / "idVendor"), _read(device / "idProduct")) in _USB_IDS:
            bus, number = _read(device / "busnum"), _read(device / "devnum")
            found.append(Attached("USB", dev / "bus/usb" / bus.zfill(3) / number.zfill(3)))
    nodes = sorted(dev.glob("apex_*"))
    cards = [
        card
        for card in (sys / "bus/pci/devices").glob("*")
        if (_read(card / "vendor"), _read(card / "device")) == _PCI_ID
    ]
    found += [Attached("PCIe", node) for node in nodes]
    found += [Attached("PCIe", None) for _ in cards[len(nodes) :]]
    return found


def _explain(answer: str, attached: list[Attached] | None = None) -> AcceleratorError:
    """Why the library gives no delegate, from what is attached."""
    attached = find_attached() if attached is None else attached
    if not attached:
        return AcceleratorError(f"no Edge TPU is attached ({answer})", "plug it in; lsusb or lspci shows it")
    one = attached[0]
    if one.node is None:
        return AcceleratorError(
            "an Edge TPU is on the PCIe bus, and no driver has taken it", "install gasket-dkms and start again"
        )
    if not os.access(one.node, os.R_OK | os.W_OK):
        return AcceleratorError(
            f"an Edge TPU is attached, and {user_name()} may not use it: {one.node} cannot be opened",
            "install the udev rule of libedgetpu1-std and add the user to the group plugdev (USB) or apex (PCIe)",
        )
    return AcceleratorError(
        f"an Edge TPU is attached by {one.bus}, and does not start ({answer})",
        "end the process that uses it, or unplug it and plug it in again",
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
