import os
import sys

import pytest

from device.classify.interpreter.native_stderr import captured_stderr


def test_what_native_code_prints_is_kept_and_not_shown(capfd):
    with captured_stderr() as captured:
        os.write(2, b"INFO: from native code\n")
        print("from Python", file=sys.stderr, flush=True)
    assert "INFO: from native code" in captured.text
    assert capfd.readouterr().err.replace("from Python\n", "") == ""


def test_stderr_is_back_after_the_block_and_after_a_failure(capfd):
    with pytest.raises(RuntimeError), captured_stderr():
        raise RuntimeError
    os.write(2, b"audible\n")
    assert capfd.readouterr().err == "audible\n"
