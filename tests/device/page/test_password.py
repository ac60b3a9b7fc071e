"""The password is kept so that who finds the file has to guess, and a damaged file lets nobody in."""

import stat

import pytest

from device.errors import StorageError, UsageError
from device.page.password import PASSWORD_NAME, Verifier, read_verifier, write_verifier

PASSWORD = "correct horse battery"


def test_the_right_password_is_taken_and_no_other():
    verifier = Verifier.of(PASSWORD)
    assert verifier.accepts(PASSWORD)
    assert not verifier.accepts(PASSWORD + "!")
    assert not verifier.accepts("")


def test_it_is_as_hard_to_guess_as_owasp_asks_for():
    verifier = Verifier.of(PASSWORD)
    assert 128 * verifier.block * 2**verifier.log_cost * verifier.passes >= 80 * 2**20


def test_two_devices_with_one_password_keep_different_things():
    assert str(Verifier.of(PASSWORD)) != str(Verifier.of(PASSWORD))


def test_it_is_kept_for_the_daemon_alone_and_without_the_password(tmp_path):
    path = write_verifier(tmp_path, Verifier.of(PASSWORD))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PASSWORD not in path.read_text()
    assert read_verifier(tmp_path).accepts(PASSWORD)


def test_without_a_file_there_is_none(tmp_path):
    assert read_verifier(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "scrypt$14$8$5$c2FsdA==$",
        "scrypt$40$8$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==",
        "scrypt$14$8$99999$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==",
        "scrypt$x$8$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==",
        "\0" * 64,
    ],
)
def test_a_damaged_one_is_told_and_counts_as_one_that_nobody_knows(tmp_path, text):
    (tmp_path / PASSWORD_NAME).write_text(text)
    with pytest.raises(StorageError, match="affectd page password"):
        read_verifier(tmp_path)


def test_one_that_cannot_be_read_is_not_none(tmp_path):
    (tmp_path / PASSWORD_NAME).mkdir()
    with pytest.raises(StorageError):
        read_verifier(tmp_path)


@pytest.mark.parametrize("password", ["short", "x" * 257, "tab\tand more", "new\nline and more"])
def test_a_poor_one_is_refused(password):
    with pytest.raises(UsageError, match="8 to 256"):
        Verifier.of(password)


def test_an_endless_one_costs_nothing():
    assert not Verifier.of(PASSWORD).accepts("x" * 10**6)
