"""What the daemon tells somebody who started it on a terminal."""

import sys
from dataclasses import asdict

from device.mqtt.words import describe
from device.records import Event, Observation


class ConsoleSink:
    """``interfaces.Sink`` that writes a line when a face comes, changes or goes."""

    def observe(self, observation: Observation) -> None:
        """Frames alone are no news here."""

    def emit(self, event: Event) -> None:
        """Write one line."""
        clock = event.time.astimezone().strftime("%H:%M:%S")
        print(f"{clock}  face {event.track}  {describe(asdict(event))}", flush=True)


def console_sinks(*, quiet: bool) -> list[ConsoleSink]:
    """None where nobody looks: under systemd the journal has what matters already."""
    return [] if quiet or not sys.stdout.isatty() else [ConsoleSink()]
