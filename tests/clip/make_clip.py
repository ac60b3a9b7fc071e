"""Make the demo clip and its true boxes: `python -m tests.clip.make_clip [OUT_DIR]`.

Needs the development extras.
"""

import argparse
import json
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

from device.demo import CLIP_PATH, TRUE_BOXES_PATH
from tests.clip.choreography import FPS, FRAME_COUNT, HEIGHT_PX, WIDTH_PX, true_faces
from tests.clip.portraits import PORTRAITS, load_cutouts
from tests.clip.render import FrameRenderer

# Constant quality 24 keeps the faces crisp at about half a megabyte; a key frame every 3 s lets players seek.
# One thread and no unique ids: the same versions of the encoder give the same bytes again.
_X264_OPTIONS = {"crf": "24", "preset": "slow", "g": str(3 * FPS), "threads": "1"}


def boxes_document() -> str:
    """The true boxes of the whole clip as JSON text, one frame a line."""
    lines = []
    for index in range(FRAME_COUNT):
        faces = [
            {"id": face.id, "box": dict(zip("xywh", face.box_xywh, strict=True)), "visible": face.visible}
            for face in true_faces(index)
        ]
        lines.append(json.dumps({"index": index, "faces": faces}))
    head = json.dumps({"width": WIDTH_PX, "height": HEIGHT_PX, "fps": FPS})
    return f'{head[:-1]}, "frames": [\n' + ",\n".join(lines) + "\n]}\n"


def encode_clip(path: Path) -> None:
    """Draw every frame and write them to `path` as H.264 in Matroska, telling the progress on standard error."""
    import av  # a development extra

    renderer = FrameRenderer({portrait.id: load_cutouts(portrait) for portrait in PORTRAITS})
    with av.open(str(path), "w", format="matroska", container_options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options=_X264_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        for index in range(FRAME_COUNT):
            frame = av.VideoFrame.from_ndarray(renderer.draw(index / FPS), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
            if (index + 1) % FPS == 0:
                print(f"\rframe {index + 1} of {FRAME_COUNT}", end="", file=sys.stderr, flush=True)
        container.mux(stream.encode())
    print(file=sys.stderr)


def make_clip(out_dir: Path) -> tuple[Path, Path]:
    """Write the clip and its true boxes into `out_dir` and return both paths.

    Both are made in a temporary folder first and moved when complete, so an interrupted run leaves the old ones.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    clip_path, boxes_path = out_dir / CLIP_PATH.name, out_dir / TRUE_BOXES_PATH.name
    with tempfile.TemporaryDirectory(dir=out_dir, prefix=".clip-") as folder:
        new_clip, new_boxes = Path(folder) / clip_path.name, Path(folder) / boxes_path.name
        encode_clip(new_clip)
        new_boxes.write_text(boxes_document(), encoding="utf-8")
        new_clip.replace(clip_path)
        new_boxes.replace(boxes_path)
    return clip_path, boxes_path


def main() -> None:
    """Read the command line, make the clip, and say what was written."""
    parser = argparse.ArgumentParser(prog="python -m tests.clip.make_clip", description="Make the demo clip afresh.")
    parser.add_argument(
        "out_dir",
        type=Path,
        nargs="?",
        default=CLIP_PATH.parent,
        help="folder to write to (default: where the shipped clip lies)",
    )
    out_dir: Path = parser.parse_args().out_dir
    try:
        clip_path, boxes_path = make_clip(out_dir)
    except ModuleNotFoundError as error:
        sys.exit(f"making the clip needs {error.name!r}, which is not installed; run: pip install 'affectd[dev]'")
    except (OSError, ValueError) as error:
        sys.exit(f"the clip could not be made in {out_dir}: {error}")
    except KeyboardInterrupt:
        sys.exit("\ninterrupted: nothing was changed")
    print(f"{clip_path}: {clip_path.stat().st_size / 1000:.0f} kB, {FRAME_COUNT / FPS:.0f} s")
    print(f"{boxes_path}: {FRAME_COUNT} frames")


if __name__ == "__main__":
    main()
