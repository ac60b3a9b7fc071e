import gzip
import io
import os
import tarfile
import unicodedata
import zipfile

import numpy as np
import pytest

from device.errors import DataError
from tests.trainer.datasets.drawn import draw, draw_folders
from tests.trainer.files import fer2013_row, picture, write_faces, write_fer2013
from trainer.datasets.forms import Reading, list_faces
from trainer.datasets.load import load
from trainer.datasets.settings import DataSettings


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nothing.csv cannot be read: No such file"):
        list_faces(tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"a,b,c\n1,2,3\n", "is no form of faces; its first line has a, b, c; expected fer2013.csv or"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is no form of faces; its first line has no columns"),
        (b"emotion,pixels\n1,2\n", "its first line has emotion, pixels"),
    ],
)
def test_a_file_that_is_no_data_set_is_refused_with_what_is_expected(tmp_path, content, message):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        list_faces(path)


@pytest.mark.parametrize("name", ["fer2013.csv.gz", "fer2013.tar.gz", "fer2013.tar", "archive.zip"])
def test_a_table_is_read_as_kaggle_packs_it(tmp_path, name):
    text = write_fer2013(tmp_path / "fer2013.csv", [fer2013_row(3), fer2013_row(5)]).read_bytes()
    assert list_faces(_packed(tmp_path, name, text)).classes.tolist() == ["happy", "surprise"]


def _packed(folder, name, text):
    path = folder / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("fer2013/README", "of no account")
            archive.writestr("fer2013/fer2013.csv", text)
            archive.writestr("__MACOSX/fer2013/._fer2013.csv", "what macOS adds")
    elif ".tar" in name:
        with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as archive:
            archive.add(folder / "fer2013.csv", "fer2013/fer2013.csv")
    else:
        path.write_bytes(gzip.compress(text))
    return path


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path, encoding, delimiter):
    path = tmp_path / "fer.csv"
    rows = ["emotion,pixels,Usage", fer2013_row(3), fer2013_row("6")]
    path.write_bytes("\r\n".join(row.replace(",", delimiter) for row in rows).encode(encoding))
    assert list_faces(path).classes.tolist() == ["happy", "neutral"]


def test_an_archive_with_several_tables_is_to_be_unpacked(tmp_path):
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")
    with pytest.raises(DataError, match=r"holds 2 tables \(a.csv, b.csv\); unpack it"):
        list_faces(path)


@pytest.mark.parametrize("name", ["fer2013.csv.gz", "fer2013.tar.gz", "fer2013.tar", "archive.zip"])
@pytest.mark.parametrize("damage", ["cut", "zeroed"])
def test_an_archive_that_is_cut_or_damaged_is_to_be_fetched_again(tmp_path, name, damage):
    noise = np.random.default_rng(1).integers(0, 256, (48, 48), np.uint8)
    text = write_fer2013(tmp_path / "fer2013.csv", [fer2013_row(3, pixels=noise)] * 20).read_bytes()
    path = _packed(tmp_path, name, text)
    whole = path.read_bytes()
    half = len(whole) // 2
    path.write_bytes(whole[:half] if damage == "cut" else whole[:half] + bytes(len(whole) - half))
    message = (
        "bytes of zero" if (name, damage) == ("fer2013.tar", "zeroed") else "is damaged or cut short .*; get it again"
    )
    with pytest.raises(DataError, match=message):
        list_faces(path)


def test_damage_that_only_an_archives_checksum_shows_is_noticed(tmp_path):
    """A pixel of 101 that has become 191 is a sound pixel."""
    text = write_fer2013(tmp_path / "fer2013.csv", [fer2013_row(3, pixels=np.full((48, 48), 101))]).read_bytes()
    stored = tarfile.TarInfo("fer2013.csv")
    stored.size = len(text)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(stored, io.BytesIO(text))
    path = tmp_path / "fer2013.tar.gz"
    path.write_bytes(gzip.compress(archive.getvalue(), 0).replace(b" 101 101 ", b" 101 191 ", 1))
    with pytest.raises(DataError, match="CRC check failed"):
        list_faces(path)


@pytest.mark.parametrize("begin", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh91AY", b"\xfd7zXZ\0"])
def test_an_archive_of_another_kind_is_to_be_unpacked(tmp_path, begin):
    path = tmp_path / "fer2013.archive"
    path.write_bytes(begin)
    with pytest.raises(DataError, match=r"is an archive of .*; unpack it"):
        list_faces(path)


def test_text_in_another_encoding_is_to_be_saved_as_utf_8(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(
        "\n".join(["emotion,pixels,Usage", fer2013_row("fröhlich", pixels=picture(3, 1))]).encode("latin-1")
    )
    with pytest.raises(DataError, match="is not text in UTF-8 or UTF-16; save it as UTF-8"):
        list_faces(path)


def test_a_line_that_swells_without_end_is_refused(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"emotion,pixels,Usage\n" + b"1" * (5 << 20)))
    with pytest.raises(DataError, match="a line of more than"):
        list_faces(path)


@pytest.mark.parametrize("lines", [b"1 2 3\n", b'1\n","'], ids=["one cell", "many cells"])
def test_a_quote_that_nobody_closes_is_refused_before_it_fills_the_memory(tmp_path, lines):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b'emotion,pixels,Usage\n"' + lines * (1 << 20)))
    with pytest.raises(DataError, match=r"has a row of more than 4,194,304 characters"):
        list_faces(path)


def test_many_quoted_rows_are_no_long_row(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text("emotion,pixels,Usage\n" + "".join(f'"3","{"1 " * 2303}1","Training"\n' for _ in range(1000)))
    assert len(list_faces(path).names) == 1000


def test_words_stand_for_themselves_and_the_eighth_code_for_contempt(tmp_path):
    rows = [fer2013_row("happy", pixels=picture(3, 1)), fer2013_row("7", pixels=picture(0, 1))]
    assert list_faces(write_fer2013(tmp_path / "ck.csv", rows)).classes.tolist() == ["happy", "contempt"]


def test_codes_in_another_order_are_declared(tmp_path):
    path = write_fer2013(tmp_path / "fer.csv", [fer2013_row(code) for code in range(3)])
    listing = list_faces(path, Reading(codes=("neutral", "sad", "happy")))
    assert listing.classes.tolist() == ["neutral", "sad", "happy"]


def test_codes_whose_numbers_of_faces_fit_another_order_are_reported(tmp_path):
    # FER-2013's shares, but with neutral, sad and surprise in the alphabet's order.
    counts = (40, 4, 41, 72, 50, 48, 32)
    rows = [fer2013_row(code) for code, count in enumerate(counts) for _ in range(count * 3)]
    (note,) = list_faces(write_fer2013(tmp_path / "fer.csv", rows)).notes
    assert "fit codes in the order of the alphabet better: if they are, say --codes angry,disgust" in note


def test_folders_called_by_codes_are_read_as_fer2013_s(tmp_path):
    draw_folders(tmp_path, {"train": 2}, classes=tuple(f"0{code}" for code in range(7)))
    listing = list_faces(tmp_path)
    assert set(listing.classes.tolist()) == {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"}
    assert "folders are taken for codes: 0 angry" in listing.notes[0]


def test_votes_of_other_faces_are_refused(tmp_path):
    data, votes = write_faces(tmp_path, train=42, validation=14)
    lines = data.read_text().splitlines()
    assert list_faces(data, Reading(votes)).votes is not None
    # As class folders turned back into a CSV have them: sorted by class, within a part.
    rows = [*sorted(lines[1:43]), *sorted(lines[43:])]
    other = write_fer2013(tmp_path / "other.csv", rows)
    with pytest.raises(DataError, match="votes on other faces"):
        list_faces(other, Reading(votes))


def test_pictures_straight_in_a_split_are_reported_and_no_other_split_is_cut_in_its_place(tmp_path):
    root = draw_folders(tmp_path, {"train": 10})
    for number in range(9):
        draw(root / "test" / f"{number}.png", 0, 500 + number)
    listing = list_faces(root)
    assert listing.notes == ("test: 9 pictures lie straight in its folder; without a class folder they are not used",)
    data = load(root, DataSettings())
    assert len(data.test) == 0
    assert len(data.validation) > 0


def test_folders_below_a_class_are_people(tmp_path):
    for person in range(4):
        draw(tmp_path / "happy" / f"p{person}" / "a.png", 3, person)
        draw(tmp_path / "sad" / f"p{person}" / "a.png", 4, person + 10)
    listing = list_faces(tmp_path)
    assert listing.people is not None
    assert sorted(set(listing.people.tolist())) == ["p0", "p1", "p2", "p3"]


def test_macos_s_way_to_write_an_accent_is_the_same_name(tmp_path):
    draw_folders(tmp_path, {"train": 4}, classes=(unicodedata.normalize("NFD", "fröhlich"), "traurig"))
    settings = DataSettings(labels=("fröhlich", "traurig"), test_share=0)
    assert load(tmp_path, settings).train.label_names == ("fröhlich", "traurig")


def test_a_file_s_name_that_is_no_utf_8_is_shown_by_its_bytes(tmp_path):
    root = draw_folders(tmp_path, {"": 1})
    odd = bytes(root / "happy") + b"/gr\xfcn.png"
    os.link(root / "happy" / "im0.png", odd)
    (name,) = [name for name in list_faces(root).names if "fcn" in name]
    assert name == "happy/gr\\xfcn.png"
    name.encode("utf-8")


def test_codes_of_a_csv_of_paths_are_declared_and_not_guessed(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("path,label\n" + "".join(f"{code}.png,{code}\n" for code in range(7)), encoding="utf-8")
    with pytest.raises(DataError, match="say what the codes mean with --codes NAME,NAME"):
        load(path, DataSettings())
    names = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry")
    assert list_faces(path, Reading(codes=names)).classes.tolist() == list(names)


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (Reading(person="subject"), "FER-2013's CSV does not say who is shown; leave --person"),
        (Reading(find_faces=True), "holds cropped faces, and no photographs; leave --find-faces out"),
    ],
)
def test_what_is_asked_of_a_form_that_has_it_not_is_refused(tmp_path, reading, message):
    path, _ = write_faces(tmp_path)
    with pytest.raises(DataError, match=message):
        list_faces(path, reading)
    draw_folders(tmp_path / "folders", {"train": 1})
    if reading.person:
        with pytest.raises(DataError, match="class folders have folders of people inside"):
            list_faces(tmp_path / "folders", reading)


def test_a_folder_that_holds_a_csv_points_to_it(tmp_path):
    write_fer2013(tmp_path / "fer2013.csv", [fer2013_row(1)])
    with pytest.raises(DataError, match=r"no pictures in class folders; it holds fer2013.csv: give that file"):
        list_faces(tmp_path)


def test_sides_beside_other_folders_are_refused(tmp_path):
    draw_folders(tmp_path, {"train": 1, "extra": 1})
    with pytest.raises(DataError, match=r"has splits \(train\) and other folders \(extra\)"):
        list_faces(tmp_path)


def test_what_is_no_picture_is_passed_over_and_reported(tmp_path):
    root = draw_folders(tmp_path, {"train": 1})
    (root / "train/happy/notes.txt").write_text("x")
    (root / "train/happy/.hidden.png").write_text("x")
    (root / "train/.cache").mkdir()
    listing = list_faces(root)
    assert len(listing) == 7
    assert listing.notes == ("passed over as no pictures: 1 (train/happy/notes.txt)",)


def test_the_digest_of_a_folder_tells_another_picture(tmp_path):
    root = draw_folders(tmp_path / "faces", {"train": 1})
    before = list_faces(root).files
    assert list_faces(root).files == before
    draw(root / "train/happy/more.png", 3, 99)
    assert list_faces(root).files != before


def test_votes_need_the_rows_of_fer2013(tmp_path):
    root = draw_folders(tmp_path, {"train": 1})
    with pytest.raises(DataError, match="joined by row, and class folders has no rows"):
        list_faces(root, Reading(tmp_path / "fer2013new.csv"))


def test_a_quoted_csv_is_read_as_well(tmp_path):
    emotion, pixels, usage = fer2013_row(3).split(",")
    path = tmp_path / "fer2013.csv"
    path.write_text(f'"emotion","pixels","Usage"\n{fer2013_row(1)}\n"{emotion}","{pixels}","{usage}"\n')
    assert list_faces(path).names == ("fer2013.csv:2", "fer2013.csv:3")
