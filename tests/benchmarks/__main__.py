"""``make bench``: tables, one for each detector, and the same figures in ``bench.json``."""

import json
import platform
from collections.abc import Callable
from pathlib import Path

import cv2

from tests.benchmarks.clips import BUNDLED, VIDEOS, all_clips
from tests.benchmarks.contenders import Ours, OursWithNetwork, network
from tests.benchmarks.daemon import import_seconds, measure_daemon
from tests.benchmarks.quiet import quiet_ratio
from tests.benchmarks.race import Result, race


def main() -> None:
    """Measure, print, write."""
    cv2.setNumThreads(1)
    makes: dict[str, Callable[[], Ours]] = {"haar": Ours}
    if network().is_file():
        makes["yunet"] = OursWithNetwork
    else:
        print(f"{network()} is not there: the network is left out (AFFECTD_NETWORK names another)")
    if not VIDEOS.exists():
        print(f"{VIDEOS} is not there: the bundled clip alone is measured")
    results: dict[str, list[Result]] = {kind: [] for kind in makes}
    print(
        f"{'':<34}{'':<7}{'naive ms':>9}{'ours ms':>9}{'ratio':>8}{'naive held':>12}{'held':>8}{'iou':>6}"
        f"{'switches':>9}{'false':>6}"
    )
    for clip in all_clips():
        for kind, result in zip(makes, race(clip, tuple(makes.values())), strict=True):
            results[kind].append(result)
            _print(kind, result)
    figures: dict[str, object] = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, OpenCV {cv2.__version__}",
        "daemon_import_s": import_seconds(),
    }
    for kind, make in makes.items():
        detector = {"kind": kind} | ({"network": str(network())} if kind == "yunet" else {})
        figures[kind] = _figures(results[kind], make, detector)
    for name, value in figures.items():
        print(f"{name:<34} {value if not isinstance(value, dict) else ''}")
        for part, figure in value.items() if isinstance(value, dict) else ():
            print(f"  {part:<34} {figure}")
    Path("bench.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _print(kind: str, result: Result) -> None:
    count = len(result.clip.frames)
    naive_ms, ours_ms = (1000 * seconds / count for seconds in (result.naive_s, result.ours_s))
    print(
        f"{result.clip.name:<34}{kind:<7}{naive_ms:>9.2f}{ours_ms:>9.2f}{ours_ms / naive_ms:>8.4f}"
        f"{result.naive_held:>12.3f}{result.held:>8.3f}{result.mean_iou:>6.2f}{result.switches:>9}"
        f"{result.false_tracks:>6}",
        flush=True,
    )


def _figures(results: list[Result], make: Callable[[], Ours], detector: dict[str, str]) -> dict[str, object]:
    frames = sum(len(result.clip.frames) for result in results)
    naive_s, ours_s = sum(result.naive_s for result in results), sum(result.ours_s for result in results)
    single = [result for result in results if result.clip.has_one_person]
    by_name = {result.clip.name: result for result in results}
    daemon = measure_daemon(detector=detector)
    figures: dict[str, object] = {
        "clips": len(results),
        "frames": frames,
        "naive_cpu_per_frame_ms": round(1000 * naive_s / frames, 2),
        "cpu_per_frame_ms": round(1000 * ours_s / frames, 2),
        "cpu_per_frame_ratio_to_naive": round(ours_s / naive_s, 4),
        "bundled_clip_frames_held": round(by_name[BUNDLED].held, 4),
        "bundled_clip_id_switches": by_name[BUNDLED].switches,
        "false_tracks": sum(result.false_tracks for result in results),
        "cpu_with_nobody_ratio_to_one_face": round(quiet_ratio(make), 4),
        "daemon_peak_mb": round(daemon.peak_mb, 1),
        "daemon_start_to_first_frame_s": round(daemon.ready_s, 2),
        "daemon_cpu_s": round(daemon.cpu_s, 2),
    }
    if single:
        return figures | {
            "naive_frames_held": _mean_held(single, naive=True),
            "frames_held": _mean_held(single),
            "one_person_id_switches": sum(result.switches for result in single),
        }
    return figures | {
        "naive_frames_held": round(by_name[BUNDLED].naive_held, 4),
        "frames_held": round(by_name[BUNDLED].held, 4),
    }


def _mean_held(results: list[Result], *, naive: bool = False) -> float:
    """Over all frames of all clips, not a mean of means."""
    counts = [len(result.clip.frames) - round(result.clip.fps) for result in results]
    shares = [result.naive_held if naive else result.held for result in results]
    return round(sum(c * share for c, share in zip(counts, shares, strict=True)) / sum(counts), 4)


if __name__ == "__main__":
    main()
