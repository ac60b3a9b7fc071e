import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs Keras: pip install 'affectd[train]'")

from keras.callbacks import Callback  # noqa: E402

from device.errors import DataError  # noqa: E402
from tests.trainer.quick import in_few_steps  # noqa: E402
from trainer.callbacks import FollowPlateau, StopEarly, StopOnNaN, TimeEpoch, stands_still, tensorboard  # noqa: E402
from trainer.recipe.learning import EarlyStopping, Plateau  # noqa: E402

__all__ = ["in_few_steps"]
pytestmark = pytest.mark.usefixtures("in_few_steps")


class _Figures(Callback):
    """Gives out val_accuracy as if it had been measured."""

    def __init__(self, figures):
        super().__init__()
        self.figures = figures
        self.rates = []

    def on_epoch_end(self, epoch, logs=None):
        logs["val_accuracy"] = self.figures[epoch]
        self.rates.append(float(self.model.optimizer.learning_rate))


def _fit(figures, *callbacks, first=0, rate=1.0, epochs=None):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(rate), "mse")
    played = _Figures(figures)
    zeros = np.zeros((2, 1), np.float32)
    model.fit(
        zeros, zeros, initial_epoch=first, epochs=epochs or len(figures), callbacks=[played, *callbacks], verbose=0
    )
    return played.rates


def _rows(figures):
    return [{"val_accuracy": figure} for figure in figures]


PLATEAU = Plateau(name="plateau", factor=0.5, patience=2)
FIGURES = [0.1, 0.2, 0.2, 0.2, 0.2, 0.3, 0.2, 0.2, 0.2]


def test_the_rate_is_halved_when_validation_stands_still():
    assert _fit(FIGURES, FollowPlateau(PLATEAU, [])) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_a_training_that_goes_on_lowers_its_rate_when_it_would_have(cut):
    whole = _fit(FIGURES, FollowPlateau(PLATEAU, []))
    # The state of an epoch is written after its callbacks: its rate is that of the epoch that follows.
    went_on = _fit(FIGURES, FollowPlateau(PLATEAU, _rows(FIGURES[:cut])), first=cut, rate=whole[cut])
    assert went_on == whole[cut:]


def test_a_training_ends_when_validation_stands_still():
    settings = EarlyStopping(patience=3)
    assert len(_fit([0.1, 0.2, 0.2, 0.2, 0.2, 0.9], StopEarly(settings, []))) == 5


@pytest.mark.parametrize(
    ("figures", "still"),
    [
        ([], False),
        ([0.5, 0.5], False),
        ([0.5, 0.5, 0.5], True),
        ([0.5, 0.52, 0.54, 0.56], True),
        ([0.5, 0.6, 0.7], False),
    ],
)
def test_a_figure_that_rises_by_less_than_counts_stands_still(figures, still):
    assert stands_still(EarlyStopping(patience=2, min_delta=0.05), figures) is still


def test_a_training_that_goes_on_ends_when_it_would_have():
    figures = [0.1, 0.2, 0.2, 0.2, 0.2, 0.9]
    assert len(_fit(figures, StopEarly(EarlyStopping(patience=3), _rows(figures[:4])), first=4)) == 1


def test_a_loss_that_is_no_number_ends_the_training_with_its_place():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e30), "mse")
    data = np.ones((64, 1), np.float32)
    with pytest.raises(DataError, match=r"no longer a number in epoch \d+, batch \d+; lower .*learning_rate"):
        model.fit(data, data, batch_size=8, epochs=9, callbacks=[StopOnNaN()], verbose=0)


def test_the_log_has_the_speed_of_each_epoch():
    seen = []
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = np.ones((64, 1), np.float32)
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda _, logs: seen.append(dict(logs)))
    model.fit(data, data, validation_data=(data, data), epochs=2, callbacks=[TimeEpoch(64), note], verbose=0)
    assert len(seen) == 2
    assert all(row["seconds"] >= 0 and row["faces_per_s"] > 0 for row in seen)


def test_tensorboard_finds_training_and_validation_apart(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    (callback,) = tensorboard(tmp_path)
    for epoch, loss in enumerate([0.5, 0.25]):
        callback.on_epoch_end(epoch, {"loss": loss, "val_loss": loss * 2})
    callback.on_train_end()
    for split, factor in [("train", 1), ("validation", 2)]:
        events = accumulator.EventAccumulator(str(tmp_path / split))
        events.Reload()
        tensors = events.Tensors("loss")
        assert [event.step for event in tensors] == [1, 2]
        assert [event.tensor_proto.float_val[0] for event in tensors] == [0.5 * factor, 0.25 * factor]
