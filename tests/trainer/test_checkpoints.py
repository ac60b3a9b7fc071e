import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="training needs Keras: pip install 'affectd[train]'")

from keras.callbacks import Callback  # noqa: E402

from device.errors import DataError, StorageError  # noqa: E402
from tests.trainer.quick import in_few_steps  # noqa: E402
from trainer.checkpoints import LogEpoch, SaveBest, SaveState, TrainingFolder, load_last, resume  # noqa: E402

FACES = np.random.default_rng(1).random((24, 4)).astype(np.float32)
TARGETS = np.eye(2, dtype=np.float32)[(FACES[:, 0] > 0.5).astype(int)]

__all__ = ["in_few_steps"]
pytestmark = pytest.mark.usefixtures("in_few_steps")


class _Snapshot(Callback):
    def __init__(self):
        super().__init__()
        self.kept = []

    def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
        self.kept.append([weights.copy() for weights in self.model.get_weights()])


def _learner(**optimizer):
    keras.utils.set_random_seed(1)
    learner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
    learner.compile(keras.optimizers.Adam(0.1, **optimizer), "categorical_crossentropy", metrics=["accuracy"])
    return learner


def _train(files, epochs, *, also=()):
    learner = _learner()
    done = resume(learner, files)
    learner.fit(
        FACES,
        TARGETS,
        validation_data=(FACES, TARGETS),
        initial_epoch=done,
        epochs=epochs,
        shuffle=False,
        callbacks=[LogEpoch(files), SaveState(files), SaveBest(files), *also],
        verbose=0,
    )
    return learner, done


def test_a_training_that_goes_on_ends_where_one_in_one_go_ends(tmp_path):
    whole, _ = _train(TrainingFolder(tmp_path / "whole"), 6)
    files = TrainingFolder(tmp_path / "parts")
    _train(files, 2)
    parts, done = _train(files, 6)
    assert done == 2
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [row["epoch"] for row in files.rows()] == list(range(6))


@pytest.mark.parametrize("more", [0, 2])
def test_best_weights_that_are_damaged_are_reported_before_a_training_goes_on(tmp_path, more):
    files = TrainingFolder(tmp_path)
    _train(files, 2)
    files.best.write_bytes(files.best.read_bytes()[:1000])
    before = files.log.read_bytes()
    with pytest.raises(DataError, match=r"the weights of the best epoch are damaged: .*nothing was changed"):
        _train(files, 2 + more)
    assert files.log.read_bytes() == before


def test_going_on_takes_the_last_weights_and_not_the_best(tmp_path):
    files = TrainingFolder(tmp_path)
    learner, _ = _train(files, 2)
    last = [weights.copy() for weights in learner.get_weights()]
    learner.set_weights([weights * 0 for weights in last])
    learner.save_weights(files.best)
    found = _learner()
    resume(found, files)
    for one, other in zip(found.get_weights(), last, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_state_of_which_only_a_part_is_there_is_passed_over(tmp_path):
    files = TrainingFolder(tmp_path)
    _train(files, 3)
    newest = files.state(3)
    newest.write_bytes(newest.read_bytes()[:1000])
    assert resume(_learner(), files) == 2
    assert len(files.rows()) == 2


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("checkpoints/*", "no state of it is there"),
        ("checkpoints/epoch-*", "no state of it is there"),
        ("log.csv", "has 0 epochs, and .* was saved after 3"),
        ("checkpoints/best.weights.h5", "the weights of the best epoch are gone"),
    ],
)
def test_a_training_of_which_too_little_is_left_does_not_begin_anew(tmp_path, lost, message):
    files = TrainingFolder(tmp_path)
    _train(files, 3)
    (tmp_path / "model.keras").write_bytes(b"what it came to")
    for path in tmp_path.glob(lost):
        path.unlink()
    with pytest.raises(DataError, match=message):
        resume(_learner(), files)
    assert (tmp_path / "model.keras").read_bytes() == b"what it came to"


def test_states_that_cannot_be_read_are_no_beginning(tmp_path):
    files = TrainingFolder(tmp_path)
    _train(files, 3)
    for _, path in files.states():
        path.write_bytes(b"damaged")
    log = files.log.read_bytes()
    with pytest.raises(DataError, match="no state of it can be read"):
        resume(_learner(), files)
    assert files.log.read_bytes() == log


@pytest.mark.parametrize("row", ["3,x,y", "4", "\x00\x00\x00"])
def test_a_damaged_log_is_reported_by_its_line(tmp_path, row):
    files = TrainingFolder(tmp_path)
    _train(files, 2)
    with files.log.open("a", encoding="utf-8") as log:
        log.write(row + "\n")
    with pytest.raises(DataError, match=r"log\.csv:4: an epoch's figures are expected"):
        resume(_learner(), files)


def test_a_disk_without_room_is_noticed_before_hdf5_writes(tmp_path, monkeypatch):
    files = TrainingFolder(tmp_path)
    _train(files, 2)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trainer.checkpoints.os.posix_fallocate", full)
    with pytest.raises(StorageError, match=r"epoch 3 could not be saved.*No space left"):
        _train(files, 3)
    assert [epoch for epoch, _ in files.states()] == [2, 1]


def test_an_epoch_that_was_logged_and_not_saved_is_trained_again(tmp_path):
    files = TrainingFolder(tmp_path)
    _train(files, 3)
    files.state(3).unlink()
    _train(files, 3)
    assert [row["epoch"] for row in files.rows()] == [0, 1, 2]


def test_the_best_weights_are_those_of_the_first_of_the_best_epochs(tmp_path):
    files = TrainingFolder(tmp_path)
    snapshot = _Snapshot()
    _train(files, 6, also=[snapshot])
    best = files.best_epoch()
    figures = [row["val_accuracy"] for row in files.rows()]
    assert best == figures.index(max(figures)) + 1
    learner = _learner()
    learner.optimizer.build(learner.trainable_variables)
    learner.load_weights(files.best)
    for one, other in zip(learner.get_weights(), snapshot.kept[best - 1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_states_are_kept_and_no_more(tmp_path):
    files = TrainingFolder(tmp_path)
    _train(files, 5)
    assert [epoch for epoch, _ in files.states()] == [5, 4]


def test_a_disk_that_is_full_leaves_what_was_saved_and_says_so(tmp_path, monkeypatch):
    files = TrainingFolder(tmp_path)
    _train(files, 2)
    before = {path: path.read_bytes() for path in files.best.parent.iterdir()}

    def full(_, path, *_args, **_options):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save_weights", full)
    with pytest.raises(StorageError, match=r"epoch 3 could not be saved at .*No space left.*make room"):
        _train(files, 3)
    assert {path: path.read_bytes() for path in files.best.parent.iterdir()} == before


def test_the_last_epochs_weights_are_their_average_as_it_was_judged(tmp_path):
    files, seen = TrainingFolder(tmp_path), _Snapshot()
    learner = _learner(use_ema=True)
    averaged = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    callbacks = [LogEpoch(files), SaveState(files), averaged, seen, SaveBest(files)]
    learner.fit(FACES, TARGETS, validation_data=(FACES, TARGETS), epochs=3, callbacks=callbacks, verbose=0)
    learner.set_weights(seen.kept[0])
    load_last(learner, files)
    for kept, last in zip(learner.get_weights(), seen.kept[-1], strict=True):
        np.testing.assert_array_equal(kept, last)


def test_without_the_last_epochs_state_there_is_one_line(tmp_path):
    files = TrainingFolder(tmp_path)
    learner, _ = _train(files, 2)
    files.state(2).write_bytes(b"no weights")
    with pytest.raises(DataError, match="the state of the last epoch is gone or damaged"):
        load_last(learner, files)
