import numpy as np

from converters.golden import draw, golden_set
from device.classify.interpreter import open_interpreter
from device.contract import container
from device.contract.preprocess import InputSpec

SPEC = InputSpec()


def test_inputs_come_from_the_seed_alone():
    assert np.array_equal(draw(SPEC, 1, 6), draw(SPEC, 1, 6))
    assert not np.array_equal(draw(SPEC, 1, 6), draw(SPEC, 2, 6))


def test_inputs_use_the_whole_range_and_differ_from_each_other():
    pictures = draw(SPEC, 1, 16)
    assert pictures.shape == (16, 48, 48, 1)
    assert pictures.dtype == np.uint8
    assert np.all(pictures.min(axis=(1, 2, 3)) == 0)
    assert np.all(pictures.max(axis=(1, 2, 3)) == 255)
    assert len({picture.tobytes() for picture in pictures}) == 16


def test_fields_range_from_fine_to_coarse():
    fields = draw(SPEC, 1, 8)[::2, ..., 0].astype(float)
    steps = [np.abs(np.diff(field, axis=1)).mean() for field in fields]
    assert steps == sorted(steps, reverse=True)


def test_the_scores_are_those_of_the_network_itself(model_file):
    model = container.read(model_file)
    spec = model.model_card.input.spec()
    interpreter = open_interpreter(model.flatbuffer, spec)
    golden = golden_set(interpreter, spec, seed=0, count=5)
    assert len(golden.examples) == 5
    for example in golden.examples:
        scores = interpreter.run(example.array(spec)[np.newaxis])[0]
        assert np.allclose(scores, example.scores, atol=1e-6)


def test_the_kept_inputs_have_scores_further_apart_than_the_tolerance(model_file):
    golden = container.read(model_file).model_card.golden
    scores = np.array([example.scores for example in golden.examples])
    assert len(scores) == 8
    assert np.abs(scores - scores[0]).max() > 5 * golden.tolerance
    assert len(set(scores.argmax(axis=1))) > 1
