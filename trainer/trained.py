"""Networks of earlier trainings that another training builds on."""

from dataclasses import dataclass
from pathlib import Path

from device.contract.preprocess import InputSpec
from device.contract.training_record import FILE as RECORD_FILE
from device.contract.training_record import read_record
from device.errors import DataError
from trainer.predictor import file_sha256, model_file


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """A trained model, not opened yet.

    Attributes:
        path: its ``.keras`` file.
        name: its own.
        labels: in the order of its answers.
        spec: the input that it was trained for.
        sha256: of the file, hexadecimal.
    """

    path: Path
    name: str
    labels: tuple[str, ...]
    spec: InputSpec
    sha256: str

    def as_dict(self) -> dict[str, str]:
        """For a training's record."""
        return {"name": self.name, "sha256": self.sha256}


def find_trained(path: Path) -> TrainedNetwork:
    """The model at ``path``, a ``.keras`` file or a training's folder.

    Raises:
        ModelError: there is none.
        DataError: it is of another kind, or lacks its ``training.json``.
    """
    file = model_file(path)
    if file.suffix == ".tflite":
        raise DataError(
            f"{file} has weights rounded for the device",
            f"name the .keras file of its training, or make one: affectd-convert keras {file} --out DIR",
        )
    if file.suffix != ".keras":
        raise DataError(f"{file} is no model of affectd-train", "name the .keras file or the folder of a training")
    record = read_record(file.with_name(RECORD_FILE))
    return TrainedNetwork(file, record.name, record.labels, record.input.spec(), file_sha256(file))
