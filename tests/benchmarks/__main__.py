"""``make bench``: a table, and the same figures in ``bench.json``."""

import json
import platform
import time
from pathlib import Path

import cv2

from device.demo import load_true_boxes
from device.records import Box, Frame
from tests.benchmarks.clips import bundled_clip
from tests.benchmarks.contenders import Naive, Ours
from tests.benchmarks.daemon import measure_daemon

ROUNDS = 3
HELD_IOU = 0.4


def main() -> None:
    """Measure, print, write."""
    cv2.setNumThreads(1)
    frames = bundled_clip()
    print(f"{len(frames)} frames of the bundled clip, {ROUNDS} rounds in turn, one thread", flush=True)
    naive_s, ours_s, naive_held, ours_held = [], [], 0.0, 0.0
    for number in range(ROUNDS):
        seconds, naive_held = _run(Naive(), frames)
        naive_s.append(seconds)
        seconds, ours_held = _run(Ours(), frames)
        ours_s.append(seconds)
        print(f"  round {number + 1}: naive {naive_s[-1]:.2f} s of CPU, affectd {ours_s[-1]:.2f} s", flush=True)
    naive_ms, ours_ms = (min(seconds) / len(frames) * 1000 for seconds in (naive_s, ours_s))
    daemon = measure_daemon()
    figures = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, OpenCV {cv2.__version__}",
        "naive_cpu_per_frame_ms": round(naive_ms, 2),
        "cpu_per_frame_ms": round(ours_ms, 2),
        "cpu_per_frame_ratio_to_naive": round(ours_ms / naive_ms, 4),
        "naive_frames_held": round(naive_held, 4),
        "frames_held": round(ours_held, 4),
        "daemon_peak_mb": round(daemon.peak_mb, 1),
        "daemon_start_to_watching_s": round(daemon.ready_s, 2),
        "daemon_cpu_s": round(daemon.cpu_s, 2),
    }
    for name, value in figures.items():
        print(f"{name:<30} {value}")
    Path("bench.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _run(contender: Naive | Ours, frames: list[Frame]) -> tuple[float, float]:
    """CPU seconds for all frames, and the share of whole faces in view that were held."""
    begun_s = time.process_time()
    boxes = [contender.step(frame) for frame in frames]
    return time.process_time() - begun_s, _held(boxes)


def _held(boxes_per_frame: list[list[Box]]) -> float:
    held = [
        any(Box(*face.box_xywh).iou(box) >= HELD_IOU for box in boxes)
        for boxes, faces in zip(boxes_per_frame, load_true_boxes(), strict=True)
        for face in faces
        if face.visible == 1.0
    ]
    return sum(held) / len(held)


if __name__ == "__main__":
    main()
