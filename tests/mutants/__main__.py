"""``python -m tests.mutants [PACKAGE...]``: the mutants that no test notices, and how many of all that is."""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from multiprocessing import Process
from pathlib import Path

from tests.mutants.operators import Mutant, mutants_of
from tests.mutants.selection import module_name, modules_of, tests_of
from tests.mutants.trial import is_noticed, measure, warm_up

PACKAGES = ("capture", "track", "classify", "events", "spool", "mqtt", "system", "contract")
_SLOW_TEST_S = 4.0


def main() -> int:
    """Run the trials that are not done, then print the survivors and a table."""
    options = _options()
    results = Path(options.results)
    results.mkdir(parents=True, exist_ok=True)
    chosen = {path: some for package in options.packages for path, some in _chosen(package, options.sample).items()}
    ends = time.monotonic() + 60 * options.minutes
    if not options.report:
        workers = [Process(target=_work, args=(chosen, number, options, ends)) for number in range(options.workers)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    return _report(chosen, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("packages", nargs="*", default=PACKAGES, help="of device/; a module as track/tracker")
    parser.add_argument("--sample", type=int, default=80, help="mutants of a package, always the same; 0 for all")
    parser.add_argument("--minutes", type=float, default=600, help="what is not done by then is left to the next run")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", default="build/mutants", help="a folder; what is in it is not tried again")
    parser.add_argument("--report", action="store_true", help="of what has been tried so far")
    return parser.parse_args()


def _chosen(package: str, sample: int) -> dict[Path, list[tuple[str, Mutant]]]:
    """The mutants that are tried, each with a name that other edits of the file do not change. Chance is a digest."""
    ranked = []
    for path in modules_of(package):
        seen: Counter[str] = Counter()
        for mutant in mutants_of(path.read_bytes()):
            seen[mutant.name] += 1
            name = f"{mutant.name}  #{seen[mutant.name]}"
            ranked.append((hashlib.sha256(f"{path} {name}".encode()).digest(), path, name, mutant))
    ranked.sort(key=lambda entry: entry[0])
    chosen: dict[Path, list[tuple[str, Mutant]]] = defaultdict(list)
    for _, path, name, mutant in ranked[: sample or None]:
        chosen[path].append((name, mutant))
    return chosen


def _work(chosen: dict[Path, list[tuple[str, Mutant]]], number: int, options: argparse.Namespace, ends: float) -> None:
    """A worker: it takes every so-many-th module that has something to do, mutant after mutant."""
    warm_up()
    folder = Path(tempfile.mkdtemp(prefix=f"mutants{number}-"))
    try:
        for path, some in chosen.items():
            lock = Path(options.results, f"{module_name(path)}.lock")
            waiting = [(name, mutant) for name, mutant in some if name not in _known(path, options)]
            if waiting and time.monotonic() < ends and _claim(lock):
                try:
                    _try_module(path, waiting, folder, options, ends)
                finally:
                    lock.unlink(missing_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _try_module(
    path: Path, waiting: list[tuple[str, Mutant]], folder: Path, options: argparse.Namespace, ends: float
) -> None:
    arguments, seconds = _arguments(tests_of(path), folder, options)
    source = path.read_bytes()
    broken = folder / "broken.py"
    for name, mutant in waiting:
        if time.monotonic() > ends:
            return
        broken.write_bytes(mutant.applied_to(source))
        verdict = "survived"
        if arguments:
            verdict = is_noticed(f"{module_name(path)}={broken}", arguments, folder, seconds)
        _keep(path, name, mutant.line, verdict, options)


def _arguments(tests: list[Path], folder: Path, options: argparse.Namespace) -> tuple[list[str], float]:
    """The tests without those that are slow or fail as it is, and the seconds that they take."""
    left_out, kept_s = [], 0.0
    for test in tests:
        for name, (seconds, failed) in _measured(test, folder, options).items():
            if failed:
                print(f"left out, for it fails on the unbroken code: {name}", file=sys.stderr)
            if failed or seconds > _SLOW_TEST_S:
                left_out.append(name)
            else:
                kept_s += seconds
    files = [str(test) for test in tests]
    return ["-m", "not slow", *(f"--deselect={name}" for name in left_out), *files] if files else [], kept_s


def _measured(test: Path, folder: Path, options: argparse.Namespace) -> dict[str, tuple[float, bool]]:
    """What each test of a file takes, and whether it fails; measured once, and kept."""
    digest = hashlib.sha256(test.read_bytes()).hexdigest()[:12]
    file = Path(options.results, f"{module_name(test)}-{digest}.seconds.json")
    if not file.exists():
        found = {name: (seconds, failed) for name, seconds, failed in measure(["-m", "not slow", str(test)], folder)}
        file.write_text(json.dumps(found))
    return {name: (seconds, failed) for name, (seconds, failed) in json.loads(file.read_text()).items()}


def _claim(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return False
    os.close(descriptor)
    return True


def _file(path: Path, options: argparse.Namespace) -> Path:
    """Where a module's results are kept; they are void once the module or one of its tests has changed."""
    digest = hashlib.sha256(path.read_bytes())
    for test in tests_of(path):
        digest.update(test.read_bytes())
    return Path(options.results, f"{module_name(path)}-{digest.hexdigest()[:12]}.jsonl")


def _known(path: Path, options: argparse.Namespace) -> dict[str, dict[str, object]]:
    file = _file(path, options)
    lines = file.read_text().splitlines() if file.exists() else []
    return {record["name"]: record for record in map(json.loads, lines)}


def _keep(path: Path, name: str, line: int, verdict: str, options: argparse.Namespace) -> None:
    with _file(path, options).open("a") as file:
        print(json.dumps({"name": name, "line": line, "verdict": verdict}), file=file)


def _report(chosen: dict[Path, list[tuple[str, Mutant]]], options: argparse.Namespace) -> int:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for path, record in _records(chosen, options):
        counts[path.parts[1]][str(record["verdict"])] += 1
        if record["verdict"] == "survived":
            print(f"{path}:{record['line']}: {record['name']}")
    print(f"\n{'package':<12}{'tried':>7}{'killed':>8}{'survived':>10}{'killed %':>10}")
    total: Counter[str] = sum(counts.values(), Counter())
    for package, count in [*counts.items(), ("all", total)]:
        tried = count.total()
        killed = tried - count["survived"]
        print(f"{package:<12}{tried:>7}{killed:>8}{count['survived']:>10}{100 * killed / max(1, tried):>10.1f}")
    return 0


def _records(
    chosen: dict[Path, list[tuple[str, Mutant]]], options: argparse.Namespace
) -> Iterator[tuple[Path, dict[str, object]]]:
    for path, some in chosen.items():
        names = {name for name, _ in some}
        yield from ((path, record) for name, record in _known(path, options).items() if name in names)


if __name__ == "__main__":
    sys.exit(main())
