"""An archive of arrays from anywhere is read whole, or is an error that names what is wrong."""

import io
import zipfile

import numpy as np
import pytest

from device.contract.arrays import read_arrays

FACES = np.random.default_rng(1).integers(0, 256, (20, 8, 8, 1)).astype(np.uint8)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "faces.npz"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_array_comes_back_by_its_name(path, save):
    save(path, faces=FACES, labels=np.arange(20))
    found = read_arrays(path)
    assert set(found) == {"faces", "labels"}
    assert np.array_equal(found["faces"], FACES)


def test_what_unpacks_to_more_than_may_be_is_not_unpacked(path):
    np.savez_compressed(path, faces=np.zeros((40_000, 8, 8, 1), np.uint8))
    assert path.stat().st_size < 10_000
    with pytest.raises(ValueError, match=r"unpacks to 2,560,128 bytes, and at most 2,000,000 are read"):
        read_arrays(path, most_bytes=2_000_000)
    assert read_arrays(path, most_bytes=3_000_000)["faces"].shape == (40_000, 8, 8, 1)


def test_a_shape_of_which_the_archive_holds_nothing_takes_no_memory(path):
    file = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (1 << 60,)}
    np.lib.format.write_array_header_1_0(file, header)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("faces.npy", file.getvalue())
    with pytest.raises(ValueError, match=r"(?i)allocate|memory|array"):
        read_arrays(path)


@pytest.mark.parametrize("position", range(60, 1200, 97))
def test_a_damaged_byte_is_a_value_error(path, position):
    np.savez_compressed(path, faces=FACES)
    content = bytearray(path.read_bytes())
    content[position] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        read_arrays(path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(17)])
def test_what_is_no_archive_says_so(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a zip file"):
        read_arrays(path)


def test_objects_are_not_unpickled(path):
    np.savez(path, faces=np.array([print]))
    with pytest.raises(ValueError, match="pickle"):
        read_arrays(path)


def test_a_file_that_is_missing_is_an_error_of_the_system(path):
    with pytest.raises(FileNotFoundError):
        read_arrays(path)
