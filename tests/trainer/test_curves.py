import numpy as np
import pytest

from device.errors import DataError
from trainer.curves import Epoch, read_log, say_when_curves_part

# Validation loss of a real training that went well, epoch by epoch (edge on FER+'s votes), and its training loss.
HEALTHY_VALIDATION = """
1.584 1.579 1.411 1.135 0.946 0.745 0.647 0.631 0.602 0.525 0.511 0.481 0.481 0.483 0.489 0.473 0.492 0.468
0.463 0.457 0.455 0.444 0.443 0.445 0.445 0.438 0.439 0.441 0.443 0.442 0.440 0.440"""
HEALTHY_TRAINING = """
1.628 1.294 1.164 1.091 1.047 1.014 0.987 0.967 0.947 0.929 0.917 0.905 0.901 0.890 0.879 0.871 0.863 0.857
0.851 0.845 0.839 0.835 0.827 0.824 0.821 0.817 0.814 0.813 0.810 0.807 0.808 0.808"""


def _rows(training, validation):
    return [
        Epoch(number, float(loss), 0.5, float(val_loss), 0.5)
        for number, (loss, val_loss) in enumerate(zip(training, validation, strict=True), start=1)
    ]


def _overfitted(epochs=40, turn=12, noise=0.02, seed=4):
    number = np.arange(1, epochs + 1)
    training = 1.8 * np.exp(-number / 12)
    validation = 1.0 + 0.8 * np.exp(-number / 4) + np.clip(number - turn, 0, None) * 0.03
    return _rows(training, validation + np.random.default_rng(seed).normal(0, noise, epochs))


def test_a_real_training_that_went_well_has_curves_that_do_not_part():
    assert say_when_curves_part(_rows(HEALTHY_TRAINING.split(), HEALTHY_VALIDATION.split())) is None


@pytest.mark.parametrize("seed", range(8))
def test_an_overfitted_training_is_reported_with_the_epoch_where_it_turned(seed):
    said = say_when_curves_part(_overfitted(seed=seed))
    assert said
    epoch = int(said.split("after epoch ")[1].split(":")[0])
    assert 9 <= epoch <= 15
    assert "validation loss rises" in said


@pytest.mark.parametrize("seed", range(8))
def test_validation_that_only_jitters_does_not_part(seed):
    random = np.random.default_rng(seed)
    training = np.linspace(1.5, 0.8, 30)
    assert say_when_curves_part(_rows(training, 0.9 + random.normal(0, 0.05, 30))) is None


def test_validation_that_rises_with_training_is_no_overfitting():
    number = np.arange(20)
    both = np.where(number < 8, 1.5 - number * 0.1, 0.7 + (number - 8) * 0.1)
    assert say_when_curves_part(_rows(both, both)) is None


def test_a_rise_in_the_last_two_epochs_is_too_early_to_tell():
    training = np.linspace(1.5, 0.8, 12)
    validation = np.concatenate([np.linspace(1.5, 0.9, 10), [1.1, 1.3]])
    assert say_when_curves_part(_rows(training, validation)) is None


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_few_epochs_say_nothing(count):
    assert say_when_curves_part(_overfitted()[:count]) is None


def test_an_epoch_whose_loss_is_no_number_is_passed_over():
    rows = _overfitted(noise=0.0)
    rows[20] = Epoch(21, float("nan"), 0.5, float("nan"), 0.5)
    assert say_when_curves_part(rows) == say_when_curves_part([row for row in rows if row.number != 21])


def test_the_log_s_epochs_count_from_1(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("epoch,accuracy,loss,val_accuracy,val_loss\n0,0.4,1.6,0.3,1.7\n1,0.5,1.2,0.4,1.5\n")
    assert read_log(log) == (Epoch(1, 1.6, 0.4, 1.7, 0.3), Epoch(2, 1.2, 0.5, 1.5, 0.4))


def test_a_training_without_a_log_has_no_epochs(tmp_path):
    assert read_log(tmp_path / "log.csv") == ()


def test_a_log_of_arbitrary_bytes_is_refused_in_our_own_words(tmp_path):
    (tmp_path / "log.csv").write_bytes(b"\xfe\xff\0epoch\n1\n")
    with pytest.raises(DataError, match="an epoch's loss and accuracy are expected, and something else is there"):
        read_log(tmp_path / "log.csv")


@pytest.mark.parametrize("text", ["epoch,loss\n0,1.0\n", "epoch,accuracy,loss,val_accuracy,val_loss\n0,a,1,1,1\n"])
def test_a_log_that_is_none_is_refused_with_its_line(tmp_path, text):
    log = tmp_path / "log.csv"
    log.write_text(text)
    with pytest.raises(DataError, match=r"log\.csv:2"):
        read_log(log)
