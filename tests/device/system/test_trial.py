"""What a stranger made is tried by a process that knows little, may little, and goes first where memory runs out."""

import os

import pytest

from device.detect.networkprobe import try_network
from device.errors import UnavailableError
from device.system.trial import MAX_OUTPUT_BYTES, run_trial

CHILD = f"""
import os, sys
from device.system.confinement import confine
adjusted = open('/proc/self/oom_score_adj')
confine(memory_mb=64, cpu_s=5, written_bytes={MAX_OUTPUT_BYTES})
print(os.geteuid(), adjusted.read().strip(), *sorted(os.environ))
sys.stdout.flush()
"""
NOBODY = "65534" if os.geteuid() == 0 else str(os.geteuid())


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Makes a module of the given text that a trial finds."""

    def make(text, name="stranger"):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("A_SECRET", "hunter2")

    return make


def test_it_has_neither_root_nor_the_environment_and_is_the_first_to_go(child):
    child(CHILD)
    outcome = run_trial("stranger", [], b"", 60.0)
    uid, adjustment, *names = outcome.last_line.split()
    assert (uid, adjustment) == (NOBODY, "1000"), outcome.stderr
    assert set(names) <= {"LD_LIBRARY_PATH", "LC_CTYPE"}  # which Python sets by itself


def test_it_cannot_fill_the_memory_with_what_it_says(child):
    child(CHILD + "print('x' * 10**7)")
    outcome = run_trial("stranger", [], b"", 60.0)
    assert outcome.returncode != 0
    assert len(outcome.stdout) <= MAX_OUTPUT_BYTES


def test_it_cannot_take_more_memory_than_is_allowed(child):
    child(CHILD + "bytearray(10**9)")
    assert run_trial("stranger", [], b"", 60.0).last_words == "MemoryError"


def test_one_that_does_not_end_is_ended(child):
    child("import time\ntime.sleep(1e6)")
    assert run_trial("stranger", [], b"", 0.5) is None


def test_a_network_that_finds_faces_is_tried_in_such_a_process(child):
    fake = """
import os
__version__ = "4"
class error(Exception): pass
def ellipse(*_, **__):  # whatever is asked for first once the network is read
    print(f"user {os.geteuid()} who knows {'A_SECRET' in os.environ}", flush=True)
    os._exit(1)
class FaceDetectorYN:
    create = ellipse
def setNumThreads(_): pass
def __getattr__(_): return object  # of which annotations are made
"""
    child(fake, "cv2")
    with pytest.raises(UnavailableError, match=f"user {NOBODY} who knows False"):
        try_network(b"network", "x.onnx")
