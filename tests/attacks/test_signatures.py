"""Where keys are trusted, a model of nobody's is not installed, however whole it is."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys

import pytest

from converters.commands import main as convert
from converters.signing import SecretKey
from device.classify.classifier import BUNDLED_MODEL
from device.classify.modelstore import INSTALLED_NAME, install_model, open_model, remove_model, signature_of
from device.commands import main
from device.config import load_config
from device.contract import container
from device.contract.minisign import PublicKey, verify_signature
from device.errors import AcceleratorError, DataError, ModelError

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519", reason="needs affectd[sign]")
OTHER_MODEL = BUNDLED_MODEL.with_name("emotion-fer2013.tflite")
DATA = b"a model file's bytes"


def make_key(number=1):
    """A secret key as `minisign -G -W` writes it, and its public line."""
    key_id, seed = bytes([number] * 8), bytes([number] * 32)
    public = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    pair = seed + public
    checksum = hashlib.blake2b(b"Ed" + key_id + pair, digest_size=32).digest()
    raw = b"Ed" + b"\0\0" + b"B2" + bytes(48) + key_id + pair + checksum
    text = f"untrusted comment: a key\n{base64.b64encode(raw).decode()}\n"
    return text, base64.b64encode(b"Ed" + key_id + public).decode()


SECRET, PUBLIC = make_key(1)
OTHER_SECRET, OTHER_PUBLIC = make_key(2)
TRUSTED = (PublicKey.parse(PUBLIC),)


def signature(secret=SECRET, data=DATA, comment="made for the hall"):
    return SecretKey.parse(secret, lambda: "").sign(data, comment).encode()


def test_a_signature_by_a_trusted_key_is_taken():
    assert verify_signature(DATA, signature(), TRUSTED, "it") == "made for the hall"


def _with_line(number, text):
    lines = signature().decode().splitlines()
    lines[number] = text
    return "\n".join(lines).encode()


def _with_claimed_key():
    """The other key's signature under the trusted key's name."""
    raw = bytearray(base64.b64decode(signature(OTHER_SECRET).splitlines()[1]))
    raw[2:10] = TRUSTED[0].id
    lines = signature(OTHER_SECRET).decode().splitlines()
    lines[1] = base64.b64encode(raw).decode()
    return "\n".join(lines).encode()


FORGERIES = {
    "of another key": lambda: signature(OTHER_SECRET),
    "of another key under the trusted one's name": _with_claimed_key,
    "of another file": lambda: signature(data=b"another file"),
    "another comment": lambda: _with_line(2, "trusted comment: made for the porch"),
    "the comment's signature of another": lambda: _with_line(3, signature(comment="x").decode().splitlines()[3]),
    "nothing": lambda: b"",
    "no base64": lambda: _with_line(1, "ü"),
    "cut short": lambda: _with_line(1, "RWQ="),
    "not text": lambda: b"\xff" * 300,
    "a line more": lambda: signature() + b"x\n",
    "zeroes": lambda: _with_line(1, base64.b64encode(b"ED" + TRUSTED[0].id + bytes(64)).decode()),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forged_signature_is_refused(kind):
    with pytest.raises(ModelError):
        verify_signature(DATA, FORGERIES[kind](), TRUSTED, "it")


@pytest.fixture
def device(tmp_path):
    """A configuration that trusts one key, a model, and what installing it says."""
    (tmp_path / "state").mkdir()
    (tmp_path / "config.yaml").write_text(
        f"device: {{state_dir: {tmp_path}/state}}\nmodels: {{trusted_keys: ['{PUBLIC}']}}\n"
    )
    (tmp_path / "hall.tflite").write_bytes(BUNDLED_MODEL.read_bytes())
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "other").write_text(OTHER_SECRET)
    return tmp_path


def _install(device):
    return main(["model", "install", str(device / "hall.tflite"), "--config", str(device / "config.yaml")])


def test_a_device_takes_the_model_that_its_maker_has_signed_and_no_other(device, capsys):
    installed = device / "state" / INSTALLED_NAME
    assert _install(device) == 69
    assert "models.trusted_keys wants a signature" in capsys.readouterr().err
    assert convert(["sign", str(device / "hall.tflite"), "--key", str(device / "other")]) == 0
    assert _install(device) == 69
    assert "is signed by the key 0202020202020202" in capsys.readouterr().err
    assert not installed.exists()
    assert convert(["sign", str(device / "hall.tflite"), "--key", str(device / "key")]) == 0
    assert _install(device) == 0
    assert "signed" in capsys.readouterr().out
    assert installed.exists()


@pytest.fixture
def installed(device):
    """The signed model as it lies on the device."""
    convert(["sign", str(device / "hall.tflite"), "--key", str(device / "key")])
    assert _install(device) == 0
    return device / "state" / INSTALLED_NAME


def opened(device):
    """What a start of the daemon opens."""
    config = load_config(device / "config.yaml")
    return open_model(config.classifier, config.models, config.device.resolved_state_dir)


def test_the_model_that_was_signed_is_used_and_goes_with_its_signature(device, installed):
    classifier = opened(device)
    assert (classifier.instead_of, classifier.digest) == (None, container.read(installed).digest)
    assert remove_model(installed.parent)
    assert list(installed.parent.iterdir()) == []


def _folder_as_signature(path):
    signature_of(path).unlink()
    signature_of(path).mkdir()


REPLACED = {
    "another model": lambda path: path.write_bytes(OTHER_MODEL.read_bytes()),
    "another model with its own signature": lambda path: (
        path.write_bytes(OTHER_MODEL.read_bytes()),
        signature_of(path).write_bytes(signature(OTHER_SECRET, OTHER_MODEL.read_bytes())),
    ),
    "no signature": lambda path: signature_of(path).unlink(),
    "a signature without end": lambda path: os.truncate(signature_of(path), 10**9),
    "a folder as signature": _folder_as_signature,
}


@pytest.mark.parametrize("kind", REPLACED)
def test_what_the_service_s_user_put_in_the_installed_model_s_place_is_not_used(device, installed, caplog, kind):
    REPLACED[kind](installed)
    classifier = opened(device)
    assert classifier.ships
    assert str(classifier.instead_of) in caplog.text
    assert main(["model", "list", "--config", str(device / "config.yaml")]) == 0


def test_a_model_that_was_installed_before_there_were_keys_is_not_used(device, capsys):
    install_model(device / "hall.tflite", device / "state")
    assert "models.trusted_keys wants a signature" in str(opened(device).instead_of)
    assert main(["model", "list", "--config", str(device / "config.yaml")]) == 0
    assert f"* {device}/state/{INSTALLED_NAME}: cannot be used: models.trusted_keys" in capsys.readouterr().out


def test_installed_without_keys_it_leaves_no_signature_of_the_one_before(device, installed):
    install_model(device / "hall.tflite", device / "state")
    assert [path.name for path in installed.parent.iterdir()] == [INSTALLED_NAME]


@pytest.mark.parametrize("key", ["model", "fallback_model"])
def test_a_model_that_the_configuration_names_needs_a_signature_too(device, monkeypatch, key):
    if key == "fallback_model":
        absent = AcceleratorError("there is no Edge TPU", "plug one in")
        monkeypatch.setattr("device.classify.classifier.open_interpreter", _failing_once(absent))
        convert(["sign", str(device / "hall.tflite"), "--key", str(device / "key")])
        (device / "named.tflite").write_bytes(OTHER_MODEL.read_bytes())
        section = f"classifier: {{model: {device}/hall.tflite, fallback_model: {device}/named.tflite}}\n"
    else:
        (device / "named.tflite").write_bytes(OTHER_MODEL.read_bytes())
        section = f"classifier: {{model: {device}/named.tflite}}\n"
    with (device / "config.yaml").open("a") as file:
        file.write(section)
    with pytest.raises(ModelError, match=r"named\.tflite\.minisig cannot be read"):
        opened(device)
    convert(["sign", str(device / "named.tflite"), "--key", str(device / "key")])
    assert opened(device).instead_of is None


def _failing_once(error):
    """As `open_interpreter` where the first model wants an accelerator that is not there."""
    from device.classify.interpreter import open_interpreter

    def fail_for_the_first(flatbuffer, *arguments, **options):
        if flatbuffer == container.read(BUNDLED_MODEL).flatbuffer:
            raise error
        return open_interpreter(flatbuffer, *arguments, **options)

    return fail_for_the_first


def test_where_signatures_cannot_be_checked_the_model_that_ships_is_used(device, installed, monkeypatch):  # noqa: ARG001
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    assert "signatures need the package cryptography" in str(opened(device).instead_of)


def test_without_trusted_keys_no_signature_is_looked_for(device):
    install_model(device / "hall.tflite", device / "state")


def test_a_key_that_is_none_is_refused_by_the_configuration(device, capsys):
    (device / "config.yaml").write_text("models: {trusted_keys: [RWabc]}\n")
    assert main(["check", "--config", str(device / "config.yaml")]) == 78
    assert "models.trusted_keys" in capsys.readouterr().err


def test_a_damaged_secret_key_says_so():
    raw = bytearray(base64.b64decode(SECRET.splitlines()[1]))
    raw[70] ^= 1
    with pytest.raises(DataError, match="or the key is damaged"):
        SecretKey.parse(f"untrusted comment: a key\n{base64.b64encode(raw).decode()}\n", lambda: "")


@pytest.fixture
def minisign(tmp_path):
    program = shutil.which("minisign")
    if program is None:
        pytest.skip("needs minisign: sudo apt-get install minisign")

    def run(*arguments, password=""):
        subprocess.run([program, *arguments], cwd=tmp_path, input=password, text=True, check=True, capture_output=True)

    return run


@pytest.mark.parametrize("version", [(), ("-l",)], ids=["prehashed", "legacy"])
def test_what_minisign_signs_is_taken(tmp_path, minisign, version):
    (tmp_path / "file").write_bytes(DATA)
    minisign("-G", "-W", "-p", "pub", "-s", "sec")
    minisign("-S", *version, "-s", "sec", "-m", "file", "-t", "by minisign")
    key = PublicKey.parse((tmp_path / "pub").read_text().splitlines()[1])
    assert verify_signature(DATA, (tmp_path / "file.minisig").read_bytes(), (key,), "it") == "by minisign"


def test_minisign_takes_what_is_signed_here(tmp_path, minisign):
    (tmp_path / "file").write_bytes(DATA)
    minisign("-G", "-W", "-p", "pub", "-s", "sec")
    assert convert(["sign", str(tmp_path / "file"), "--key", str(tmp_path / "sec")]) == 0
    minisign("-V", "-p", "pub", "-m", "file")


@pytest.mark.slow
def test_a_key_with_a_password_is_opened(tmp_path, minisign):
    minisign("-G", "-p", "pub", "-s", "sec", password="let me in\nlet me in\n")  # noqa: S106
    text = (tmp_path / "sec").read_text()
    public = PublicKey.parse((tmp_path / "pub").read_text().splitlines()[1])
    secret = SecretKey.parse(text, lambda: "let me in")
    assert verify_signature(DATA, secret.sign(DATA, "x").encode(), (public,), "it") == "x"
    with pytest.raises(DataError, match="the password does not open the key"):
        SecretKey.parse(text, lambda: "let me out")
