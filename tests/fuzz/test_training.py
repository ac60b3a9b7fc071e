"""Whatever stands in a recipe or in a data set's CSV is data or a refusal in one line."""

from pathlib import Path

import pytest
from hypothesis import strategies as st

from device.contract.preprocess import InputSpec
from tests.fuzz.fuzzing import hammer, mutated, outcome_of, seeds
from trainer.datasets.forms import list_faces
from trainer.datasets.settings import DataSettings
from trainer.datasets.stats import measure_data, read_all
from trainer.datasets.tables import stats_lines
from trainer.recipe import load_recipe
from trainer.recipe.files import bundled_recipes

RECIPES = tuple(path.read_bytes() for path in bundled_recipes().values())
PIXELS = " ".join(["7"] * 48 * 48)
ROWS = ("emotion,pixels,Usage", f"0,{PIXELS},Training", f"3,9{PIXELS[1:]},PublicTest", f"6,{PIXELS},PrivateTest", "")
FER = "\n".join(ROWS).encode()
PATHS = b"path,label,split,person\na.png,happy,train,1\nb.png,sad,test,2\n"
PARTS = st.sampled_from(
    [
        *("emotion", "pixels", "Usage", "path", "label", "split", "usage", "Training", "PublicTest", "happy", "a.png"),
        *("0", "7", "-1", "1e9", "nan", "", '"', '""', "\r", "\0", "\ufeff", "\ud800", "../x", "/etc/passwd", "=1+1"),
        *("x" * 200, " ".join(["1"] * 2304)),
    ]
)
TABLES = st.lists(st.lists(PARTS, min_size=1, max_size=5), min_size=1, max_size=5).map(
    lambda rows: "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def check_recipe(data: bytes, folder: Path) -> str:
    path = folder / "recipe.yaml"
    path.write_bytes(data)
    return outcome_of(lambda: load_recipe(str(path)))


def check_table(data: bytes, folder: Path) -> str:
    path = folder / "faces.csv"
    path.write_bytes(data)

    def use() -> None:
        listing, unreadable = list_faces(path), list[str]()
        if listing.pixels is None:
            listing, unreadable = read_all(listing, InputSpec(), DataSettings())
        stats_lines(measure_data(listing, unreadable))

    return outcome_of(use)


@pytest.mark.parametrize("data", seeds("recipes"))
def test_a_recipe_that_once_failed_is_dealt_with(data, folder):
    check_recipe(data, folder)


@pytest.mark.parametrize("data", seeds("tables"))
def test_a_table_that_once_failed_is_dealt_with(data, folder):
    check_table(data, folder)


@pytest.mark.slow
def test_any_recipe_is_taken_or_refused(folder):
    outcomes = hammer(
        "recipes", st.one_of(mutated(*RECIPES), st.binary(max_size=200)), lambda data: check_recipe(data, folder)
    )
    assert set(outcomes) <= {"taken", "refused with 2", "refused with 65"}


@pytest.mark.slow
def test_any_table_is_taken_or_refused(folder):
    outcomes = hammer("tables", st.one_of(mutated(FER, PATHS), TABLES), lambda data: check_table(data, folder))
    assert set(outcomes) <= {"taken", "refused with 2", "refused with 65"}
