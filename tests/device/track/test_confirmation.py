"""When a face counts: what the looks at it say, and second opinions."""

import pytest

from tests.device.track.scene import Scene, face, ids


def test_a_second_opinion_is_wanted_of_a_face_until_it_counts_and_then_rarely():
    scene = Scene(confirm_hits=3, confirm_s=0.15)
    wanted = []
    for _ in range(91):
        verify = [expected.verify for expected in scene.expect()]
        wanted += verify
        scene.look(face(100, verified=not verify or verify[0]))
    assert 2 <= sum(wanted[:6]) <= 3
    assert 1 <= sum(wanted[6:]) <= 3


def _given(scene: Scene, *surpluses: float):
    """The active tracks after looks that each give so much evidence."""
    active = ()
    for surplus in surpluses:
        active = scene.look(face(100, verified=surplus >= 0.0, surplus=surplus))
    return active


def test_looks_that_give_evidence_for_and_against_a_face_add_up():
    assert len(_given(Scene(confirm_hits=3, confirm_s=0.1), -0.5, 1.5, -0.5, 1.0)) == 1
    assert _given(Scene(confirm_hits=3, confirm_s=0.1), 0.5, -1.5, 0.5, -1.0) == ()


def test_one_look_alone_decides_little():
    assert _given(Scene(confirm_hits=3, confirm_s=0.1), -1.0, -1.0, -1.0, 9.0) == ()


@pytest.mark.parametrize(("surplus", "is_asked_again"), [(4.5, False), (3.0, True)])
def test_a_look_that_says_very_much_for_a_face_needs_no_other_and_the_face_only_to_be_seen_again(
    surplus, is_asked_again
):
    scene = Scene(confirm_hits=3, confirm_s=0.15)
    scene.look(face(100, verified=True, surplus=surplus))
    assert [expected.verify for expected in scene.expect()] == [is_asked_again]
    assert bool(scene.look_for(0.3, face(100, verified=False))) != is_asked_again


def test_who_is_not_confirmed_yet_is_expected_as_new():
    scene = Scene(confirm_hits=2, confirm_s=0.1)
    scene.look(face(100))
    assert [expected.is_new for expected in scene.expect()] == [True]
    scene.look_for(0.3, face(100))
    assert [expected.is_new for expected in scene.expect()] == [False]


def test_what_the_looks_speak_against_is_forgotten_and_so_is_what_they_never_decide():
    scene = Scene(confirm_hits=3, confirm_s=0.1)
    _given(scene, -1.9, -1.9, -1.9)
    assert scene.expect() == ()
    undecided = Scene(confirm_hits=3, confirm_s=0.1)
    for _ in range(30):
        _given(undecided, -0.1)
    assert undecided.expect() != ()  # it begins anew
    assert undecided.tracker._followed[0].hits < 26


def test_a_second_opinion_that_was_refused_is_asked_for_again():
    scene = Scene()
    scene.look_for(1.0, face(100))
    scene.look_for(3.0, face(100, verified=False))
    assert scene.expect()[0].verify


def test_a_detection_that_nobody_verifies_for_starts_no_face():
    scene = Scene()
    assert scene.look_for(2.0, face(100, verified=False)) == ()
    assert scene.expect() == ()


def test_detections_that_nobody_verifies_for_confirm_no_face():
    scene = Scene(confirm_hits=3, confirm_s=0.2)
    scene.look(face(100))
    assert scene.look_for(2.0, face(100, verified=False)) == ()
    assert scene.expect() == ()
    assert not scene.ended


def test_a_face_that_counts_is_followed_without_being_verified_all_the_time():
    scene = Scene()
    scene.look_for(1.0, face(100))
    for number in range(20):
        (track,) = scene.look(face(100 + 5 * number, verified=False))
    assert track.visible
    assert track.box.centre[0] == pytest.approx(195, abs=3)


def test_a_face_that_is_no_longer_verified_ends_though_it_is_detected():
    scene = Scene(doubt_s=3.0)
    scene.look_for(1.0, face(100))
    assert ids(scene.look_for(2.8, face(100, verified=False))) == [1]
    assert scene.look_for(0.4, face(100, verified=False)) == ()
    assert ids(scene.ended) == [1]


def test_one_that_is_verified_now_and_then_stays():
    scene = Scene(doubt_s=3.0)
    scene.look_for(1.0, face(100))
    for _ in range(5):
        scene.look_for(2.0, face(100, verified=False))
        assert ids(scene.look(face(100))) == [1]
