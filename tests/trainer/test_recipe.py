import pytest
import yaml

from device.errors import DataError, UsageError
from trainer.recipe import bundled_recipes, load_recipe


def test_every_bundled_recipe_loads_and_carries_its_file_s_name():
    names = bundled_recipes()
    assert {"edge", "edge-again", "edge-deeper", "edge-fer2013"} <= set(names)
    for name in names:
        assert load_recipe(name).name == name


def test_a_recipe_may_be_a_file_of_ones_own(tmp_path):
    values = yaml.safe_load(bundled_recipes()["edge"].read_text(encoding="utf-8")) | {"name": "mine", "epochs": 3}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    assert load_recipe(str(path)).epochs == 3


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(UsageError, match=r"edge, edge-again, edge-deeper, edge-fer2013.*did you mean edge\?"):
        load_recipe("egde")


@pytest.mark.parametrize(
    ("change", "message"),
    [({"epochs": 0}, "epochs"), ({"colour": "grey"}, "colour"), ({"network": {"name": "huge"}}, "network")],
)
def test_a_recipe_that_makes_no_sense_is_named_with_its_key(tmp_path, change, message):
    values = yaml.safe_load(bundled_recipes()["edge"].read_text(encoding="utf-8")) | change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("help_rare", "it is called `logit_adjustment` now"),
        ("augmentation.spoil_probability", "it is called `corrupt_probability` now"),
        ("augmentation.rotaton_deg", "did you mean `rotation_deg`"),
    ],
)
def test_an_unknown_key_is_refused_with_its_new_or_its_nearest_name(key, message):
    with pytest.raises(DataError, match=message):
        load_recipe("edge", [f"{key}=0.1"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("optimizer.name=adm", "optimizer: expected sgd, adam, nadam for `name`, found adm"),
        ("optimiser.learning_rate=0.1", "optimiser is no key of this recipe; did you mean `optimizer`"),
        ("schedule.name=constant", "schedule.warmup_epochs is no key of schedule constant; known there are name"),
        ("data.labels=happy", r"expected a list, as in \[happy, sad\], found happy"),
        ("data.labels=[happy, happiness]", "the labels 'happy' and 'happiness' mean one class"),
        ("data.labels=[happy, uncertain]", "'uncertain' is a word of the device itself"),
        ("data.drop=[happy]", r"name the other labels: labels=\[angry, disgust, fear, sad, surprise, neutral\]"),
        ("data.test_share=0.95", "leave nothing to train on"),
        ("epochs=", "expected a whole number, found nothing"),
        ("targets={}", "targets.learn: expected a value, found nothing"),
    ],
)
def test_a_change_that_breaks_a_sound_recipe_is_to_blame_and_not_the_file(change, message):
    with pytest.raises(DataError, match=f"^on the command line, .*{message}"):
        load_recipe("edge", ["batch_size=8", change, "loss.label_smoothing=0.1"])


def test_a_file_that_is_wrong_by_itself_is_to_blame_whatever_the_command_line_says(tmp_path):
    values = yaml.safe_load(bundled_recipes()["edge"].read_text(encoding="utf-8")) | {"epochs": "many"}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    with pytest.raises(DataError, match=r"^\S*mine.yaml: epochs: expected a whole number, found many"):
        load_recipe(str(path), ["batch_size=8"])
    assert load_recipe(str(path), ["epochs=3"]).epochs == 3


def test_a_change_that_is_no_yaml_is_reported_as_one():
    with pytest.raises(UsageError, match=r"on the command line, data.labels=\[happy: this is not YAML"):
        load_recipe("edge", ["data.labels=[happy"])


def test_a_recipe_that_is_no_yaml_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(DataError, match="not YAML"):
        load_recipe(str(path))


def test_a_change_goes_over_what_the_file_says():
    recipe = load_recipe("edge", ["epochs=3", "optimizer.learning_rate=0.05", "loss.balance=oversample"])
    assert (recipe.epochs, recipe.optimizer.learning_rate, recipe.loss.balance) == (3, 0.05, "oversample")
    assert recipe.optimizer.momentum == load_recipe("edge").optimizer.momentum


@pytest.mark.parametrize("change", ["epochs", "=3", "epochs.more=3"])
def test_a_change_that_changes_nothing_is_refused(change):
    with pytest.raises(UsageError):
        load_recipe("edge", [change])


def test_a_change_of_a_key_that_no_recipe_has_is_refused():
    with pytest.raises(DataError, match="colour"):
        load_recipe("edge", ["colour=grey"])


def test_every_published_recipe_says_what_was_published_and_on_what():
    for name in bundled_recipes():
        published = load_recipe(name).published
        assert name.startswith(("edge", "dlib", "mobilenet")) == (published is None)


def test_a_stem_whose_training_would_end_the_process_is_refused():
    with pytest.raises(DataError, match="with a stem_stride of 1, stem_filters is at least 16"):
        load_recipe("edge", ["network.stem_stride=1", "network.stem_filters=12"])
    assert load_recipe("edge", ["network.stem_stride=2", "network.stem_filters=12"]).network.stem_filters == 12
