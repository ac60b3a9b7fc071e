"""The playbook that we give brings three sensors to a state, one first, and goes back where that does not go well."""

import re
import shutil

import pytest

from converters.commands import main as convert
from device.classify.classifier import BUNDLED_MODEL
from device.contract import container
from tests.attacks.test_signatures import OTHER_MODEL, PUBLIC, make_key
from tests.package.network import ADDRESS

pytestmark = pytest.mark.slow

_OTHERS_SECRET, _ = make_key(2)
_SECRET, _ = make_key(1)


def signed(folder, secret, source=OTHER_MODEL):
    """A copy of a model, and its signature."""
    folder.mkdir()
    model = folder / "museum.tflite"
    shutil.copy(source, model)
    (folder / "key").write_text(secret)
    assert convert(["sign", str(model), "--key", str(folder / "key")]) == 0
    return model


@pytest.fixture(scope="module")
def wanted(repository):
    """The state of all, but for a model."""
    return {
        "affectd_repository": f"http://{ADDRESS}",
        "affectd_keyring": str(repository),
        "affectd_settings": {
            "device.id": "{{ inventory_hostname }}",
            "source.uri": "demo",
            "source.loop": True,
            "mqtt.host": ADDRESS,
            "mqtt.username": "{{ inventory_hostname }}",
            "models.trusted_keys": [PUBLIC],
        },
    }


def recap(told):
    """Host to its counts, as Ansible's last lines say."""
    lines = told.stdout.partition("PLAY RECAP")[2].splitlines()
    return {line.split()[0]: dict(re.findall(r"(\w+)=(\d+)", line)) for line in lines if "ok=" in line}


def test_a_model_reaches_one_sensor_first_and_then_the_others(sensors, wanted, tmp_path):
    told = sensors.play(**wanted)
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr
    first, rest = (part.splitlines()[0] for part in told.stdout.split("TASK [Gathering Facts]")[1:])
    assert first
    assert rest
    assert "ok: [hall]" in told.stdout.split("TASK [Gathering Facts]")[1]
    assert "[shop]" not in told.stdout.split("TASK [Gathering Facts]")[1]

    model = signed(tmp_path / "model", _SECRET)
    told = sensors.play(**wanted, affectd_model=str(model))
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr
    digest = container.read(model).digest
    assert {sensors.info(name)["model"]["sha256"] for name in ("hall", "shop", "tower")} == {digest}

    told = sensors.play(**wanted, affectd_model=str(model))
    assert {counts["changed"] for counts in recap(told).values()} == {"0"}, told.stdout[-6000:]


def test_a_model_that_somebody_else_has_signed_ends_at_the_first_sensor_which_is_as_before(sensors, wanted, tmp_path):
    before = {name: sensors.info(name) for name in ("hall", "shop", "tower")}
    configuration = sensors.configuration("hall")
    model = signed(tmp_path / "model", _OTHERS_SECRET, BUNDLED_MODEL)
    settings = wanted["affectd_settings"] | {"mqtt.stats_interval_s": 17.0}
    told = sensors.play(**wanted | {"affectd_settings": settings}, affectd_model=str(model))
    assert told.returncode != 0
    assert "hall is as before" in told.stdout
    assert "[shop]" not in told.stdout.partition("PLAY RECAP")[0]
    assert sensors.configuration("hall") == configuration
    after = {name: sensors.info(name) for name in ("hall", "shop", "tower")}
    for name, was in before.items():
        assert (after[name]["model"], after[name]["config_sha256"]) == (was["model"], was["config_sha256"]), name
