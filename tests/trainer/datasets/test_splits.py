import numpy as np

from trainer.datasets.splits import share_out

NAMES = [f"{index}.png" for index in range(200)]
LABELS = np.arange(200) % 4
SHARES = {"validation": 0.1, "test": 0.2}


def _splits(names=NAMES, labels=LABELS, seed=1):
    return dict(zip(names, share_out(list(names), labels, SHARES, "train", seed), strict=True))


def test_every_label_is_shared_out_alike():
    splits = share_out(NAMES, LABELS, SHARES, "train", 1)
    for label in range(4):
        assert (splits[label == LABELS] == "validation").sum() == 5
        assert (splits[label == LABELS] == "test").sum() == 10


def test_the_order_of_a_folder_does_not_matter():
    order = np.random.default_rng(0).permutation(200)
    assert _splits([NAMES[index] for index in order], LABELS[order]) == _splits()


def test_another_seed_gives_another_split():
    assert _splits(seed=2) != _splits()


def test_a_picture_more_moves_hardly_any_other():
    more = _splits([*NAMES, "new.png"], np.append(LABELS, 0))
    assert sum(more[name] != split for name, split in _splits().items()) <= 2


def test_three_faces_of_a_label_are_enough_for_three_sides():
    assert sorted(share_out(["a", "b", "c"], np.zeros(3, np.int64), SHARES, "train", 1)) == [
        "test",
        "train",
        "validation",
    ]


def test_of_two_faces_none_is_taken_away():
    assert set(share_out(["a", "b"], np.zeros(2, np.int64), SHARES, "train", 1)) == {"train"}


def test_a_person_s_faces_are_all_in_one_split_and_every_split_has_a_person():
    names = [f"{number}.png" for number in range(120)]
    people = np.array([f"p{number % 12}" for number in range(120)])
    splits = share_out(names, np.arange(120) % 3, SHARES, "train", 1, people=people)
    assert all(len(set(splits[people == person])) == 1 for person in set(people.tolist()))
    assert {split: len(set(people[splits == split].tolist())) for split in ("validation", "test", "train")} == {
        "validation": 1,
        "test": 2,
        "train": 9,
    }


def test_faces_of_nobody_known_are_shared_out_one_by_one():
    names = [f"{number}.png" for number in range(100)]
    splits = share_out(names, np.zeros(100, np.int64), SHARES, "train", 1, people=np.full(100, ""))
    assert (splits == "train").sum() == 70
