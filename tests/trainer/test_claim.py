import functools
import json
import os

import pytest

from device.errors import DataError, StorageError, UsageError
from trainer.claim import CLAIM_FILE, Claim, begun_precision, begun_threads, claimed, lay_claim
from trainer.recipe import load_recipe

FILES = {"fer2013.csv": "ab12"}


def _claim(folder, *changes, seed=1, files=FILES):
    lay_claim(folder, Claim(load_recipe("edge", changes), seed, "float32", files))


def test_what_is_done_in_the_end_may_be_chosen_anew(tmp_path):
    _claim(tmp_path)
    _claim(tmp_path, "logit_adjustment=0.3", "temperature_scaling=false", "input.crop_margin=0.2")
    with pytest.raises(DataError, match=r"recipe\.input\.height is 48 there, and 64 now"):
        _claim(tmp_path, "input.height=64")


def test_the_same_training_goes_on_and_may_be_longer(tmp_path):
    _claim(tmp_path / "new")
    before = (tmp_path / "new" / CLAIM_FILE).read_bytes()
    _claim(tmp_path / "new", "epochs=99")
    assert (tmp_path / "new" / CLAIM_FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "others", "message"),
    [
        (["network.stem_filters=32"], {}, r"recipe\.network\.stem_filters is 16 there, and 32 now"),
        ([], {"seed": 2}, "seed is 1 there, and 2 now"),
        ([], {"files": {"fer2013.csv": "cd34"}}, 'files.fer2013.csv is "ab12" there'),
    ],
)
def test_another_training_is_refused_with_what_differs(tmp_path, changes, others, message):
    _claim(tmp_path)
    before = (tmp_path / CLAIM_FILE).read_bytes()
    with pytest.raises(DataError, match=message):
        _claim(tmp_path, *changes, **others)
    assert (tmp_path / CLAIM_FILE).read_bytes() == before


def test_a_training_that_starts_from_another_model_is_another(tmp_path):
    lay_claim(tmp_path, Claim(load_recipe("edge"), 1, "float32", FILES, origins={"start": "ab12"}))
    lay_claim(tmp_path, Claim(load_recipe("edge"), 1, "float32", FILES, origins={"start": "ab12"}))
    with pytest.raises(DataError, match='start is "ab12" there, and null now'):
        _claim(tmp_path)


def test_a_training_begun_before_recipes_could_say_more_goes_on(tmp_path):
    _claim(tmp_path)
    path = tmp_path / CLAIM_FILE
    begun = json.loads(path.read_text(encoding="utf-8"))
    del begun["recipe"]["augmentation"]["noise"], begun["recipe"]["targets"]["teachers_mirrored"]
    path.write_text(json.dumps(begun), encoding="utf-8")
    _claim(tmp_path, "augmentation.noise=0", "temperature_scaling=false")
    with pytest.raises(DataError, match=r"recipe\.augmentation\.noise is 0.0 there, and 0.2 now"):
        _claim(tmp_path, "augmentation.noise=0.2", "temperature_scaling=false")


def test_a_training_begun_under_a_key_s_earlier_name_goes_on(tmp_path):
    _claim(tmp_path)
    path = tmp_path / CLAIM_FILE
    path.write_text(path.read_text(encoding="utf-8").replace("corrupt_probability", "spoil_probability"), "utf-8")
    _claim(tmp_path)


def test_a_training_that_another_process_is_at_is_left_to_it_by_its_number(tmp_path):
    begin = functools.partial(claimed, tmp_path, Claim(load_recipe("edge"), 1, "float32", FILES))
    with begin():
        again = begin()
        with pytest.raises(UsageError, match=rf"process {os.getpid()} trains in .* already"):
            again.__enter__()
    with begin():
        pass  # and free again


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match=r"nothing can be written in .*file/run: Not a directory; make room"),
        claimed(tmp_path / "file" / "run", Claim(load_recipe("edge"), 1, "float32", FILES)),
    ):
        pass


def test_a_claim_that_cannot_be_read_is_no_claim_to_overwrite(tmp_path):
    (tmp_path / CLAIM_FILE).write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="is not JSON"):
        _claim(tmp_path)


def test_a_training_goes_on_with_the_threads_that_it_began_with(tmp_path):
    assert begun_threads(tmp_path) is None
    recipe = load_recipe("edge")
    lay_claim(tmp_path, Claim(recipe, 1, "float32", FILES, threads=1))
    lay_claim(tmp_path, Claim(recipe, 1, "float32", FILES, threads=2))
    assert begun_threads(tmp_path) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"threads": "two"}', '{"threads": 0}'])
def test_threads_that_are_not_recorded_are_nobody_s(tmp_path, text):
    (tmp_path / CLAIM_FILE).write_text(text, encoding="utf-8")
    assert begun_threads(tmp_path) is None


def test_a_training_goes_on_in_the_precision_that_it_began_with(tmp_path):
    assert begun_precision(tmp_path) is None
    lay_claim(tmp_path, Claim(load_recipe("edge"), 1, "bfloat16", FILES))
    assert begun_precision(tmp_path) == "bfloat16"
    (tmp_path / CLAIM_FILE).write_text('{"precision": "float8"}', encoding="utf-8")
    assert begun_precision(tmp_path) is None


def test_a_training_without_a_fold_is_not_one_with_it(tmp_path):
    lay_claim(tmp_path, Claim(load_recipe("edge"), 1, "float32", FILES, origins={"fold": "1/5"}))
    with pytest.raises(DataError, match='fold is "1/5" there, and null now'):
        _claim(tmp_path)
