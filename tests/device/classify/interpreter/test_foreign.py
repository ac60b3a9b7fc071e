"""Networks as other people export them: channels first, in colour, without a softmax."""

import numpy as np
import pytest

from device.classify.interpreter.foreign import ForeignNetwork, answers_of, open_foreign
from device.contract.described import ModelDescription
from device.errors import DataError

onnx = pytest.importorskip("onnx", reason="onnx makes the networks of these tests; it comes with affectd[onnx]")
pytest.importorskip("onnxruntime", reason="needs ONNX: pip install 'affectd[onnx]'")

HEIGHT, WIDTH = 8, 12
NHWC_GREY, NHWC, NCHW = (HEIGHT, WIDTH, 1), (HEIGHT, WIDTH, 3), (3, HEIGHT, WIDTH)


def weigh(path, weights, batch="n", extra=(), kind=onnx.TensorProto.FLOAT):
    """Save a network that multiplies each picture with ``weights`` (*shape, labels) and adds up."""
    helper = onnx.helper
    *shape, labels = weights.shape
    flat = weights.reshape(-1, labels).astype(np.float32)
    nodes = [helper.make_node("Flatten", ["real"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["scores"])]
    if kind != onnx.TensorProto.FLOAT:
        nodes.insert(0, helper.make_node("Cast", ["face"], ["real"], to=onnx.TensorProto.FLOAT))
    taken = "face" if kind != onnx.TensorProto.FLOAT else "real"
    graph = helper.make_graph(
        nodes,
        "theirs",
        [helper.make_tensor_value_info(taken, kind, [batch, *shape])]
        + [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in extra],
        [helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, [batch, labels])],
        [helper.make_tensor("w", onnx.TensorProto.FLOAT, flat.shape, flat.ravel())],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def described(labels=2, output="probabilities", **given):
    return ModelDescription.model_validate(
        {
            "labels": [f"label{number}" for number in range(labels)],
            "input": {"height": HEIGHT, "width": WIDTH, "range": [0, 1], **given},
            "output": output,
        }
    )


def answers(path, faces, **given):
    return answers_of(open_foreign(path, lambda: None), described(**given), path)(faces)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "theirs.onnx"


@pytest.fixture
def faces():
    return np.random.default_rng(1).integers(0, 256, (5, HEIGHT, WIDTH, 1)).astype(np.uint8)


@pytest.mark.parametrize(
    ("shape", "colour", "layout", "grey_axes"),
    [
        (NHWC_GREY, "grey", "nhwc", np.s_[:, :, 0]),
        (NHWC, "rgb", "nhwc", np.s_[:, :, 2]),
        (NCHW, "bgr", "nchw", np.s_[2]),
    ],
)
def test_each_pixel_comes_where_the_network_expects_it(path, faces, shape, colour, layout, grey_axes):
    corner = np.zeros((*shape, 2))
    corner[..., 0][grey_axes][1, 10] = 1.0
    corner[..., 1][grey_axes][7, 0] = 1.0
    weigh(path, corner)
    found = answers(path, faces, colour=colour, layout=layout)
    assert found == pytest.approx(faces[:, [1, 7], [10, 0], 0] / 255, abs=1e-6)


def test_a_grey_face_is_given_to_all_three_channels(path, faces):
    weigh(path, np.full((*NCHW, 2), 1 / (HEIGHT * WIDTH)))
    found = answers(path, faces, colour="rgb", layout="nchw")
    assert found[:, 0] == pytest.approx(3 * faces.mean(axis=(1, 2, 3)) / 255, abs=1e-5)


def test_black_and_white_are_what_the_description_says(path):
    weigh(path, np.full((*NHWC_GREY, 2), 1 / (HEIGHT * WIDTH)))
    levels = np.stack([np.full((HEIGHT, WIDTH, 1), level, np.uint8) for level in (0, 255)])
    assert answers(path, levels, range=[-1, 3])[:, 0] == pytest.approx([-1, 3], abs=1e-5)


def test_logits_become_probabilities_and_large_ones_do_not_overflow(path):
    weigh(path, np.stack([np.full(NHWC_GREY, share) for share in (0.0, 1 / 96, 1.0)], axis=-1))
    levels = np.stack([np.full((HEIGHT, WIDTH, 1), level, np.uint8) for level in (0, 255)])
    logits = np.array([[0, 0, 0], [0, 1000 / 96, 1000]]) * (HEIGHT * WIDTH) / 96
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    found = answers(path, levels, labels=3, output="logits", range=[0, 1000 / 96])
    assert found == pytest.approx(shares / shares.sum(axis=1, keepdims=True), abs=1e-5)
    assert answers(path, levels, labels=3)[0] == pytest.approx([0, 0, 0])


def test_a_network_for_one_face_at_a_time_answers_all(path, faces):
    weigh(path, np.full((*NHWC_GREY, 2), 0.01), batch=1)
    single = answers(path, faces)
    weigh(path, np.full((*NHWC_GREY, 2), 0.01))
    assert single == pytest.approx(answers(path, faces))
    assert single.shape == (5, 2)


def test_more_faces_than_a_batch_keep_their_order(path):
    weigh(path, np.full((*NHWC_GREY, 2), 1 / (HEIGHT * WIDTH)))
    many = np.repeat(np.arange(256, dtype=np.uint8), HEIGHT * WIDTH).reshape(256, HEIGHT, WIDTH, 1)
    assert answers(path, many)[:, 0] == pytest.approx(np.arange(256) / 255, abs=1e-5)


def test_a_network_that_gives_other_scores_than_it_says_is_refused_when_it_runs(path, faces):
    network = ForeignNetwork(NHWC_GREY, 0, None, None, lambda real: np.ones((len(real), 3), np.float32))
    with pytest.raises(DataError, match=r"gives \(5, 3\) for 5 faces of 2 labels"):
        answers_of(network, described(), path)(faces)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"extra": ("mask",)}, "and 1 more inputs, and one of floats is expected"),
        ({"kind": onnx.TensorProto.UINT8}, r"reads tensor\(uint8\) and 0 more inputs"),
    ],
)
def test_a_network_that_reads_anything_else_is_refused(path, given, message):
    weigh(path, np.ones((*NHWC_GREY, 2)), **given)
    with pytest.raises(DataError, match=message):
        open_foreign(path, lambda: None)


@pytest.mark.parametrize(
    ("name", "message"), [("theirs.onnx", "onnxruntime does not open"), ("theirs.tflite", "no TFLite runtime opens")]
)
def test_a_damaged_file_is_refused_by_who_cannot_open_it(tmp_path, name, message):
    (tmp_path / name).write_bytes(b"no network at all" * 9)
    with pytest.raises(DataError, match=message):
        open_foreign(tmp_path / name, lambda: None)
