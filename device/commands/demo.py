"""``affectd demo``: the whole way from faces to events at a subscriber, without a camera or a broker of one's own."""

import argparse
import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from device.commands.options import parse_broker
from device.demo.broker import HOST, embedded_broker
from device.demo.viewer import EventViewer
from device.errors import EXIT_OK
from device.system.child import python_command

_DEVICE_ID = "demo"
_LAST_MESSAGES_S = 5.0


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("demo", help="run the daemon on a clip and show its events as a subscriber gets them")
    parser.add_argument(
        "--source", default="demo", metavar="URI", help="a camera (0), stream, file or folder instead of the clip"
    )
    parser.add_argument("--broker", metavar="HOST[:PORT]", help="a broker to use instead of the demo's own")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    with contextlib.ExitStack() as stack:
        if options.broker:
            host, port = parse_broker(options.broker)
            print(f"broker: {host}:{port}")
        else:
            host, port = HOST, stack.enter_context(embedded_broker())
            print(f"broker: one of its own, at {host}:{port} (amqtt)")
        viewer = EventViewer(f"affectd/{_DEVICE_ID}")
        viewer.start(host, port)
        stack.callback(viewer.stop)
        what = "the bundled clip, 24 s" if options.source == "demo" else options.source
        print(f"source: {what}; Ctrl-C ends it\n", flush=True)
        code = _watch_daemon(stack, {"host": host, "port": port, "stats_interval_s": 2.0}, options.source)
        if code == EXIT_OK:
            viewer.offline.wait(_LAST_MESSAGES_S)
            _summarise(viewer)
        return code


def _watch_daemon(stack: contextlib.ExitStack, mqtt: dict[str, Any], source: str) -> int:
    """Run the daemon as a process of its own until it ends; Ctrl-C, which the daemon gets as well, ends it cleanly."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="affectd-demo-")))
    config = {
        "device": {"id": _DEVICE_ID, "state_dir": str(folder), "runtime_dir": str(folder / "run")},
        "source": {"uri": source},
        "mqtt": mqtt,
        "log": {"level": "warning"},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    with _ignoring_interrupts():
        daemon = subprocess.Popen(python_command("device", "run", "--config", str(path), prefer_oom_kill=False))
        return daemon.wait()


@contextlib.contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    # A handler, not SIG_IGN, which the daemon would inherit.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _summarise(viewer: EventViewer) -> None:
    import resource  # not on Windows, where `affectd flash` runs

    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    told = ", ".join(f"{count} {name}" for name, count in viewer.types.items()) or "none"
    print(f"\nevents: {told}")
    if viewer.emotions:
        print("emotions: " + ", ".join(f"{name} {count}x" for name, count in viewer.emotions.most_common()))
    if viewer.first_event_s is not None:
        print(f"first event: {viewer.first_event_s:.1f} s after the start")
    if viewer.stats:
        print(f"daemon: {viewer.stats['fps']:.0f} frames a second, peak memory {peak_mb:.0f} MB")
    from device.config import sample_config

    affectd = _program()
    begin = "edit config.yaml" if Path("config.yaml").exists() else f"cp {sample_config()} . and edit it"
    print(
        "\nnext:\n"
        f"  your webcam        {affectd} demo --source 0\n"
        f"  your own broker    {affectd} demo --broker HOST\n"
        f"  for good           {begin}, then: {affectd} check --config config.yaml"
        f" && {affectd} run --config config.yaml\n"
        "  on a Raspberry Pi  see docs/start-pi.md"
    )


def _program() -> str:
    """How this program was called, so that its advice can be copied."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m device"
    return called.name if shutil.which(called.name) == str(called) else str(called)
