"""Whatever stands in the place of the network: a line says what is wrong with it, and the cascades go on."""

import time

import cv2
import numpy as np
import pytest

from device.detect.build import open_detector
from device.detect.drawnface import draw_face
from device.detect.networkfile import open_network
from device.detect.settings import DetectorSettings
from device.detect.yunet import YuNet
from device.errors import UnavailableError
from device.records import Expected, Frame
from tests.device.detect.network import NETWORK, needs_cascades, needs_network
from tests.fakes import START

onnx = pytest.importorskip("onnx", reason="onnx makes the networks of these tests; it comes with affectd[onnx]")

YUNET_OUTPUTS = [f"{what}_{step}" for what in ("cls", "obj", "bbox", "kps") for step in (8, 16, 32)]


def relu(outputs: list[str], sides: tuple[object, object] = ("height", "width")) -> bytes:
    """A network that answers with its own input."""
    helper = onnx.helper
    shape = [1, 3, *sides]

    def value(name):
        return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

    nodes = [helper.make_node("Relu", ["input"], [name]) for name in outputs]
    graph = helper.make_graph(nodes, "other", [value("input")], [value(name) for name in outputs])
    model: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)]).SerializeToString()
    return model


def yunet(change) -> bytes:
    """The real network after ``change`` was made to it."""
    model = onnx.load(str(NETWORK))
    change(model)
    content: bytes = model.SerializeToString()
    return content


def input_sides(model):
    return model.graph.input[0].type.tensor_type.shape.dim


def make_grey(model):
    input_sides(model)[1].dim_value = 1


def fix_sides(model):
    for side in input_sides(model)[2:]:
        side.ClearField("dim_param")
        side.dim_value = 640


def forget_weights(model):
    for weights in model.graph.initializer:
        if len(weights.dims) == 4:
            faint = 0.1 * np.frombuffer(weights.raw_data, np.float32)
            weights.raw_data = faint.astype(np.float32).tobytes()


def set_opset(version):
    def change(model):
        model.opset_import[0].version = version

    return change


def finds(path):
    """The boxes that a network sees in a picture; where it is refused, the line that says so."""
    try:
        return [one.box for one in open_network(path)[0].look(draw_face(320)[0])]
    except UnavailableError as error:
        return str(error)


def refused(tmp_path, content: bytes) -> str:
    """The one line that refuses it."""
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    with pytest.raises(UnavailableError) as error:
        open_network(path)
    line = str(error.value)
    assert line.startswith(f"{path} is no network that finds faces here: ")
    assert "\n" not in line
    assert ": >" not in line
    assert len(line) < 500
    return line


@pytest.mark.parametrize("outputs", [["out"], ["cls_8", "obj_8"], YUNET_OUTPUTS])
def test_another_network_is_refused(tmp_path, outputs):
    refused(tmp_path, relu(outputs))


def test_one_that_is_for_pictures_of_a_single_size_is_refused(tmp_path):
    refused(tmp_path, relu(YUNET_OUTPUTS, (64, 64)))


@needs_network
@pytest.mark.skipif(not cv2.__version__.startswith("4."), reason="OpenCV 5 does not mind what an input is declared for")
def test_one_for_grey_pictures_is_refused_and_opencv_s_own_reason_is_told(tmp_path):
    line = refused(tmp_path, yunet(make_grey))
    assert "Number of input channels should be multiple of 3 but got 1;" in line


@needs_network
def test_one_that_runs_and_has_forgotten_what_a_face_is_is_refused(tmp_path):
    assert "in a drawn picture of one" in refused(tmp_path, yunet(forget_weights))


@needs_network
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_one_that_was_cut_off_is_refused(tmp_path, share):
    content = NETWORK.read_bytes()
    refused(tmp_path, content[: int(share * len(content))])


@needs_network
@pytest.mark.parametrize("change", [set_opset(9), set_opset(11), set_opset(99), fix_sides, make_grey])
def test_one_of_another_opset_or_declared_for_another_input_finds_what_it_found_or_is_refused(tmp_path, change):
    path = tmp_path / "other.onnx"
    path.write_bytes(yunet(change))
    outcome = finds(path)
    assert outcome == finds(NETWORK) or " is no network that finds faces here: " in str(outcome)


@needs_network
@pytest.mark.parametrize("side", [64, 96, 320])
def test_the_network_finds_the_drawn_face(side):
    picture, box = draw_face(side)
    (seen,) = YuNet(NETWORK.read_bytes(), "yunet.onnx").look(picture)
    assert seen.box.iou(box) > 0.6
    assert seen.score > 0.8


@needs_cascades
@pytest.mark.parametrize("content", [b"", b"not a network", relu(["out"]), relu(YUNET_OUTPUTS)])
def test_with_any_of_them_auto_goes_on_with_cascades_and_says_so_in_one_line(tmp_path, caplog, content):
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    assert open_detector(DetectorSettings(network=path), None).kind == "haar"
    (line,) = caplog.messages
    assert line.endswith("; faces are found by Haar cascades")
    with pytest.raises(UnavailableError):
        open_detector(DetectorSettings(kind="yunet", network=path), None)


@needs_cascades
@needs_network
def test_with_one_that_takes_two_seconds_a_look_auto_goes_on_with_cascades(monkeypatch, caplog):
    now_s = [0.0]
    look = YuNet.look

    def slow(self, bgr):
        now_s[0] += 2.0
        return look(self, bgr)

    monkeypatch.setattr(YuNet, "look", slow)
    monkeypatch.setattr(time, "thread_time", lambda: now_s[0])
    assert open_detector(DetectorSettings(network=NETWORK), None).kind == "haar"
    assert "YuNet 2026may takes 2.0 s of CPU for a look, expected below 1 s" in caplog.text
    with pytest.raises(UnavailableError, match=r"lower detector\.look_px"):
        open_detector(DetectorSettings(kind="yunet", network=NETWORK), None)


@needs_network
@pytest.mark.parametrize("colours", [None, (500, 375), (16, 16), (1, 1)])
def test_a_picture_of_48_megapixels_is_searched_like_any_other(colours):
    face, box = draw_face(4000)
    grey = np.full((6000, 8000), 150, np.uint8)
    grey[1000:5000, 2000:6000] = cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)
    bgr = None if colours is None else np.full((*colours[::-1], 3), 128, np.uint8)
    finder = open_detector(DetectorSettings(kind="yunet", network=NETWORK), None).finder()
    (found,) = finder.find(Frame(grey, 1.0, START, 0, small_bgr=lambda: bgr), ())
    assert found.box.centre == pytest.approx((2000 + box.centre[0], 1000 + box.centre[1]), abs=400)
    (again,) = finder.find(Frame(grey, 1.1, START, 1), (Expected(found.box, unseen_s=0.1, verify=True),))
    assert again.verified


@needs_network
@pytest.mark.parametrize("colours", [None, (1, 1), (640, 1), (16, 16)])
@pytest.mark.parametrize("size", [(16, 16), (640, 1), (1, 480), (8000, 1)])
def test_a_picture_of_a_row_a_column_or_a_few_pixels_holds_nobody_and_does_no_harm(size, colours):
    grey = np.full(size[::-1], 127, np.uint8)
    bgr = None if colours is None else np.full((*colours[::-1], 3), 128, np.uint8)
    finder = open_detector(DetectorSettings(kind="yunet", network=NETWORK), None).finder()
    for number in range(3):
        assert finder.find(Frame(grey, 1.0 + number, START, number, small_bgr=lambda: bgr), ()) == []
