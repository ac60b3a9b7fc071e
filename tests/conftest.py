"""The suite's parts, what each costs, and what was left out."""

import gc
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Generator
from pathlib import Path

import pytest

from trainer.framework import use_quick_kernels

_ROOT = Path(__file__).parents[1]
_PARTS = {
    "trainer": ("tests/trainer", "tests/integration/test_recipes.py"),
    "converters": ("tests/converters", "tests/integration/test_no_skew.py"),
}
"""What needs Keras, half of the suite's time. All else is the device's part, and needs none."""

_LONGEST = (
    "tests/integration/test_recipes.py",
    "tests/trainer/test_fit.py",
    "tests/converters",
    "tests/benchmarks",
    "tests/device/track",
    "tests/integration",
)
"""They go first: begun last, a long file keeps one process at work while the other has nothing left."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
"""One each: the suite's processes share the cores, and what is computed is too small for threads to gain by."""

_INSTALLABLE = "apt-get install "
"""Every skip that ``make deps`` ends says so in its reason, with the packages behind it."""


def part_of(path: Path) -> str:
    """The part that a file of tests belongs to: device, trainer or converters."""
    name = path.relative_to(_ROOT).as_posix()
    for part, places in _PARTS.items():
        if any(name == place or name.startswith(f"{place}/") for place in places):
            return part
    return "device"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", choices=["device", *_PARTS], help="the tests of one part only")
    parser.addoption("--no-skip", action="store_true", help="a test that cannot be set up here is an error")


def pytest_configure() -> None:
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    # A test that loads TensorFlow itself goes on with a training that a process of its own began, to the same digits.
    use_quick_kernels()
    # A job in a shell's background ignores it, and so would every process that a test stops by it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    wanted = config.getoption("--part")
    is_other = wanted and collection_path.suffix == ".py" and part_of(collection_path) != wanted
    return True if is_other else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(item.path))  # keeps the order within a file


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    gc.disable()  # what is imported is here to stay, and would be looked through in vain again and again
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _rank(path: Path) -> int:
    name = path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else ""
    return next((rank for rank, place in enumerate(_LONGEST) if name.startswith(place)), len(_LONGEST))


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skip") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    yield  # last of all, where it is read
    skipped = terminalreporter.stats.get("skipped", [])
    if config.getoption("--no-skip"):
        reasons = sorted({_reason(report) for report in skipped})
        if reasons:
            told = f"ERROR: {len(skipped)} tests that were asked for could not run: {'; '.join(reasons)}"
            terminalreporter.write_line(told, red=True)
        return
    for line in (_cost(terminalreporter), _left_out(terminalreporter, skipped)):
        if line:
            terminalreporter.write_line(line)


def _cost(terminalreporter: pytest.TerminalReporter) -> str:
    """What each part took, its processes' seconds added up; nothing where one part alone has run."""
    seconds: defaultdict[str, float] = defaultdict(float)
    tests: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                part = part_of(_ROOT / report.nodeid.partition("::")[0])
                seconds[part] += report.duration
                tests[part] += report.when == "call"
    told = (f"{part} {seconds[part]:.0f} s for {tests[part]} tests" for part in ("device", *_PARTS) if tests[part])
    return "cost of each part: " + ", ".join(told) if len(tests) > 1 else ""


def _left_out(terminalreporter: pytest.TerminalReporter, skipped: list[pytest.TestReport]) -> str:
    """One line: how many tests did not run, and what to do about it."""
    reasons = [_reason(report) for report in skipped]
    wanting = [reason.partition(_INSTALLABLE)[2] for reason in reasons if _INSTALLABLE in reason]
    told = []
    if wanting:
        packages = " ".join(sorted({package for text in wanting for package in text.split()}))
        told.append(f"{len(wanting)} tests for want of {packages}: `make deps` installs them")
    if len(reasons) > len(wanting):
        told.append(f"{len(reasons) - len(wanting)} tests for the reasons above")
    slow = len(terminalreporter.stats.get("deselected", []))
    if slow:
        told.append(f"{slow} slow ones: `make help` lists their targets, `make deps SLOW=1` installs what they need")
    return "left out: " + "; ".join(told) if told else ""


def _reason(report: pytest.TestReport) -> str:
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return " ".join(told.removeprefix("Skipped: ").split())
