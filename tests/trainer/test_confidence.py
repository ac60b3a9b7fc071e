import numpy as np
import pytest

from device.errors import DataError
from trainer.confidence import LIMITS, best_temperature, fold, rare_offsets, shift
from trainer.judging.calibration import bin_of, expected_calibration_error


def _softmax(logits):
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.fixture
def world():
    """Logits, and truths drawn by the probabilities that these stand for."""
    random = np.random.default_rng(2)
    logits = random.normal(0, 2, (20_000, 7))
    truth = (_softmax(logits).cumsum(axis=1) > random.random((20_000, 1))).argmax(axis=1)
    return logits, truth


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_by_which_confidence_is_wrong_is_found(world, temperature):
    logits, truth = world
    assert best_temperature(_softmax(logits * temperature), truth) == pytest.approx(temperature, rel=0.03)


def test_after_it_confidence_is_the_share_of_right_answers(world):
    logits, truth = world
    unsure = _softmax(logits / 2)

    def error(probabilities):
        confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
        return expected_calibration_error(bin_of(confidence), confidence, right)

    assert error(unsure) > 0.15
    assert error(_softmax(np.log(unsure) / best_temperature(unsure, truth))) < 0.02


def test_who_is_never_wrong_is_made_no_surer_than_the_limit():
    sure = np.eye(7)[np.arange(70) % 7] * 0.8 + 0.2 / 7
    assert best_temperature(sure, np.arange(70) % 7) == pytest.approx(LIMITS[0])


@pytest.fixture
def network():
    keras = pytest.importorskip("keras", reason="networks need Keras: pip install 'affectd[train]'")
    inputs = keras.Input((7,))
    logits = keras.layers.Dense(7, name="logits", bias_initializer="random_normal")(inputs)
    return keras.Model(inputs, keras.layers.Softmax()(logits))


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_labels_that_were_answered_too_rarely_are_answered_as_often_as_they_are(world, temperature):
    logits, truth = world
    missing = np.array([0.0, 0.0, 1.5, 0.0, 0.0, -0.5, -1.0])
    offsets = rare_offsets(_softmax((logits - missing) * temperature), truth, 0)
    np.testing.assert_allclose(offsets, missing * temperature, atol=0.1 * temperature)


def test_the_rarer_a_label_and_the_more_is_asked_for_the_more_it_is_helped(world):
    logits, truth = world
    kept = (truth != 4) | (np.arange(len(truth)) % 20 == 0)
    probabilities, truth = _softmax(logits[kept]), truth[kept]
    fair, more, most = (rare_offsets(probabilities, truth, strength) for strength in (0.0, 0.5, 1.0))
    assert fair[4] < more[4] < most[4]
    found = [
        (np.log(probabilities) + offsets).argmax(axis=1)[truth == 4].tolist().count(4) for offsets in (fair, more, most)
    ]
    assert found[0] < found[1] < found[2]


def test_a_label_without_a_face_cannot_be_helped(world):
    logits, truth = world
    with pytest.raises(DataError, match="needs validation faces of every label"):
        rare_offsets(_softmax(logits)[truth != 4], truth[truth != 4], 0.5)


def test_a_shift_adds_to_the_logits_for_good(world, network):
    faces = world[0][:100].astype(np.float32)
    before = np.asarray(network(faces))
    offsets = np.array([0.3, 0.2, -0.2, 0.1, 0.1, -0.5, 0.0])
    shift(network, offsets)
    after = np.asarray(network(faces))
    np.testing.assert_allclose(after, _softmax(np.log(before) + offsets), atol=1e-5)


def test_a_folded_temperature_divides_the_logits_and_changes_no_decision(world, network):
    faces = world[0][:100].astype(np.float32)
    before = np.asarray(network(faces))
    fold(network, 2.5)
    after = np.asarray(network(faces))
    np.testing.assert_allclose(after, _softmax(np.log(before) / 2.5), atol=1e-5)
    assert (after.argmax(axis=1) == before.argmax(axis=1)).all()


def test_a_network_without_such_a_layer_is_refused():
    keras = pytest.importorskip("keras", reason="folding needs Keras: pip install 'affectd[train]'")
    network = keras.Sequential([keras.Input((7,)), keras.layers.Softmax()], name="bare")
    with pytest.raises(DataError, match="the network bare has no layer `logits`"):
        fold(network, 2.0)
    with pytest.raises(DataError, match="the network bare has no layer `logits`"):
        shift(network, np.zeros(7))
