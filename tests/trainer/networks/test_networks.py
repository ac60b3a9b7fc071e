import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from device.errors import DataError, UnavailableError
from trainer.recipe import bundled_recipes, load_recipe
from trainer.recipe.networks import BackboneNetwork

keras = pytest.importorskip("keras", reason="networks need Keras: pip install 'affectd[train]'")

from device.contract.keras_models import multiply_adds  # noqa: E402
from trainer.networks import build_network  # noqa: E402

SMALL = [name for name in bundled_recipes() if not name.startswith("resnet")]


def _built(name, *changes, classes=7):
    if name in ("dlib-votes", "mobilenet-votes"):
        changes = (*changes, "network.weights=none")
    recipe = load_recipe(name, changes)
    return build_network(recipe.network, recipe.input.spec, classes)


@pytest.mark.parametrize(
    ("name", "parameters", "not_trainable"),
    [("cnn4", 2_345_607, 0), ("vgg-elu", 7_831_815, 4_096), ("mini-xception", 58_423, 1_472)],
)
def test_a_published_network_has_the_published_number_of_parameters(name, parameters, not_trainable):
    network = _built(name)
    assert network.count_params() == parameters
    assert sum(weights.size for weights in map(np.asarray, network.non_trainable_weights)) == not_trainable


def test_resnet18_is_the_paper_s_but_for_a_grey_stem_and_its_classes():
    # 11,689,512 parameters as published; less two of three colours of the stem, less 993 of 1,000 classes.
    trainable = sum(weights.size for weights in map(np.asarray, _built("resnet18").trainable_weights))
    assert trainable == 11_689_512 - 2 * 7 * 7 * 64 - 993 * 513


def test_multiply_adds_are_those_of_convolutions_and_dense_layers():
    faces = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(4, 3)(faces)  # 6 x 6 places, 9 x 4 weights
    x = keras.layers.SeparableConv2D(5, 3)(keras.layers.BatchNormalization()(x))  # 4 x 4 places, 4 x 9 + 4 x 5 weights
    answer = keras.layers.Dense(7)(keras.layers.Flatten()(x))
    assert multiply_adds(keras.Model(faces, answer)) == 36 * 36 + 16 * 56 + 80 * 7


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("classes", [5, 7])
def test_a_network_gives_probabilities_of_as_many_labels_as_there_are(name, classes):
    recipe = load_recipe(name)
    faces = np.random.default_rng(1).random((3, recipe.input.height, recipe.input.width, 1)).astype(np.float32)
    answers = np.asarray(_built(name, classes=classes)(faces))
    assert answers.shape == (3, classes)
    np.testing.assert_allclose(answers.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("application", ["MobileNetV2", "MobileNetV3Small", "VGG16"])
def test_a_backbone_reads_one_grey_channel(application):
    network = build_network(BackboneNetwork(name="backbone", application=application), InputSpec(64, 64), 7)
    assert network.input_shape == (None, 64, 64, 1)
    assert network.output_shape == (None, 7)


@pytest.mark.parametrize(
    ("application", "module"), [("ResNet50", "resnet50"), ("DenseNet121", "densenet"), ("MobileNetV2", "mobilenet_v2")]
)
def test_grey_reaches_a_backbone_as_its_own_preprocessing_gives_it(application, module):
    from trainer.networks.backbone import _three_colours

    grey = keras.Input((4, 4, 1))
    prepared = keras.Model(grey, _three_colours(application, grey))
    pixels = np.random.default_rng(1).integers(0, 256, (1, 4, 4, 1)).astype(np.float32)
    colours = getattr(keras.applications, module).preprocess_input(np.repeat(pixels, 3, axis=-1))
    np.testing.assert_allclose(np.asarray(prepared(pixels / 255)), colours, atol=2e-4)


def test_the_first_layers_of_a_backbone_can_be_frozen():
    settings = BackboneNetwork(name="backbone", application="MobileNetV2", frozen_layers=1.0)
    trainable = build_network(settings, InputSpec(64, 64), 7).trainable_weights
    assert len(trainable) == 2  # the last layer's kernel and bias


def test_weights_that_cannot_be_had_are_reported_with_the_way_out(monkeypatch):
    def offline(*_, **__):
        raise Exception("URL fetch failure: no route to host")  # noqa: TRY002 Keras raises this very class

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", offline)
    with pytest.raises(UnavailableError, match=r"weights of ResNet50 could not be had.*network\.weights=none"):
        _built("resnet50-5")


@pytest.mark.parametrize(("name", "side"), [("cnn4", 12), ("mini-xception", 8)])
def test_an_input_too_small_for_a_network_is_reported_with_the_way_out(name, side):
    recipe = load_recipe(name)
    if name == "mini-xception":
        recipe = load_recipe("resnet50-5", ["network.weights=none"])
    with pytest.raises(DataError, match=r"cannot be built for faces of .*input size"):
        build_network(recipe.network, InputSpec(side, side), 7)
