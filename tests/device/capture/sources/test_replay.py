import cv2
import pytest

from device.capture.sources.replay import ImageFolder
from device.errors import SourceError
from tests.device.capture.sources.films import level_of, picture, read_all
from tests.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


def fill(folder, **levels):
    for name, level in levels.items():
        cv2.imwrite(str(folder / f"{name}.png"), picture(level))


def test_pictures_come_in_the_order_of_their_names_at_the_given_rate(tmp_path, clock):
    fill(tmp_path, b=100, a=50, c=150)
    (tmp_path / "notes.txt").write_text("not a picture")
    source = ImageFolder(tmp_path, clock, fps=4.0)
    source.open()
    frames = read_all(source)
    assert [level_of(frame.grey) for frame in frames] == [50, 100, 150]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.time_s - clock.time_s for frame in frames] == pytest.approx([0.0, 0.25, 0.5])


def test_a_looped_folder_begins_again_and_time_goes_on(tmp_path, clock):
    fill(tmp_path, a=50, b=100)
    source = ImageFolder(tmp_path, clock, fps=4.0, loop=True)
    source.open()
    frames = [source.read() for _ in range(5)]
    assert [level_of(frame.grey) for frame in frames] == [50, 100, 50, 100, 50]
    assert [frame.time_s - clock.time_s for frame in frames] == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])


def test_an_unreadable_picture_is_left_out_told_once_and_leaves_a_gap(tmp_path, clock, caplog):
    fill(tmp_path, a=50, c=150)
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    source = ImageFolder(tmp_path, clock, fps=4.0, loop=True)
    source.open()
    frames = [source.read() for _ in range(4)]
    assert [level_of(frame.grey) for frame in frames] == [50, 150, 50, 150]
    assert [frame.index for frame in frames] == [0, 2, 3, 5]
    assert frames[1].time_s - frames[0].time_s == pytest.approx(0.5)
    assert source.unreadable == [tmp_path / "b.jpg"]
    assert caplog.text.count(str(tmp_path / "b.jpg")) == 1


def test_an_empty_picture_is_left_out_as_well(tmp_path, clock):
    fill(tmp_path, a=50)
    (tmp_path / "b.png").touch()
    source = ImageFolder(tmp_path, clock)
    source.open()
    assert [level_of(frame.grey) for frame in read_all(source)] == [50]


def test_a_folder_whose_pictures_are_all_unreadable_is_refused_even_when_it_loops(tmp_path, clock):
    (tmp_path / "a.png").write_bytes(b"no picture")
    source = ImageFolder(tmp_path, clock, loop=True)
    source.open()
    with pytest.raises(SourceError, match="not one of the 1 pictures"):
        source.read()


def test_a_folder_without_pictures_is_refused_and_says_what_belongs_there(tmp_path, clock):
    (tmp_path / "notes.txt").write_text("not a picture")
    with pytest.raises(SourceError, match=r"holds no picture \(1 other files\)") as refused:
        ImageFolder(tmp_path, clock).open()
    assert ".png" in refused.value.remedy


def test_a_folder_that_is_gone_is_refused(tmp_path, clock):
    with pytest.raises(SourceError, match="No such file"):
        ImageFolder(tmp_path / "gone", clock).open()


def test_pictures_of_different_sizes_keep_their_own_size(tmp_path, clock):
    fill(tmp_path, a=50)
    cv2.imwrite(str(tmp_path / "b.png"), picture(50)[:20, :30])
    source = ImageFolder(tmp_path, clock)
    source.open()
    assert [(frame.width, frame.height) for frame in read_all(source)] == [(64, 48), (30, 20)]
