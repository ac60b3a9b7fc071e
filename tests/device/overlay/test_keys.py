from device.overlay.display_options import KEYS
from device.overlay.keys import press_of


def test_every_key_on_the_help_card_does_something():
    names = {"Esc": "escape"}
    told = {names.get(key, key) for keys, _ in KEYS for key in keys.split()}
    assert {press_of(name, 0) for name in told} == {"leave", "pause", "mirror", "fullscreen", "help"}


def test_other_keys_do_nothing():
    assert press_of("a", 0x14) is None
    assert press_of("", 0) is None


def test_a_keyboard_of_another_script_has_the_keys_in_the_same_places():
    assert press_of("й", 0x14) == "leave"
    assert press_of("з", 0x13) == "pause"
    assert press_of("ы", 0x16) is None
