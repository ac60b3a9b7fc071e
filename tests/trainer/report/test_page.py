import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.trainer.judging.answers import LABELS, drawn_faces, evaluation
from trainer.curves import Epoch
from trainer.datasets.faces import FaceSet
from trainer.judging.evaluation import Evaluation, judge
from trainer.report.page import report

VOID = {"meta", "img", "br", "line", "circle", "polyline"}
LOG = tuple(Epoch(number, 2.0 / number, 0.5, 1.5 / number, 0.4) for number in range(1, 9))


class Page(HTMLParser):
    """Reads the report and notes what it is made of; fails where tags do not nest."""

    def __init__(self, html):
        super().__init__()
        self.open, self.seen, self.words = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def tags(self, name):
        return [attrs for tag, attrs in self.seen if tag == name]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def html():
    return report(evaluation(), {"PublicTest": drawn_faces()}, LOG)


def test_the_report_nests_its_tags_and_tells_the_figures(html):
    page = Page(html)
    for said in ("83.3%", "72.0\N{EN DASH}90.7", "60 faces", "10 no majority of votes", "the model was chosen on it"):
        assert said in page.text


def test_the_report_fetches_nothing_from_outside(html):
    assert "default-src 'none'" in html
    assert not re.search(r"https?://|url\(|@import|<script|<link", html)
    assert all(image["src"].startswith("data:image/png;base64,") for image in Page(html).tags("img"))


def test_every_picture_has_words_for_who_cannot_see_it(html):
    page = Page(html)
    assert page.tags("svg")
    assert page.tags("img")
    assert all(picture["aria-label"] for picture in page.tags("svg"))
    assert all("labelled" in picture["alt"] for picture in page.tags("img"))


def test_tables_name_their_rows_and_columns(html):
    assert all(head.get("scope") in {"col", "row"} for head in Page(html).tags("th"))


def test_mistakes_are_shown_by_their_faces(html):
    assert len(Page(html).tags("img")) == 10 + 8  # by labels, and of those with a majority


def test_without_faces_the_report_has_none():
    assert Page(report(evaluation(), {})).tags("img") == []


def test_training_curves_are_drawn_where_there_is_a_log(html):
    assert "Epoch 2 of 8 was kept" in Page(html).text
    assert "Training" not in [words.strip() for words in Page(report(evaluation(), {})).words]


def test_a_log_of_one_epoch_without_a_number_is_drawn_as_well():
    page = Page(report(evaluation(), {}, (Epoch(1, float("nan"), 0.1, float("nan"), 0.1),)))
    assert "Epoch 2 of 1 was kept" in page.text or page.tags("svg")


def test_words_of_the_data_cannot_become_tags():
    hostile = "<script>alert(1)</script>"
    labels = (hostile, "sad")
    faces = FaceSet(np.zeros((2, 8, 8, 1), np.uint8), labels, np.array([0, 1]))
    split = judge(np.array([[0.1, 0.9], [0.1, 0.9]], np.float32), faces, labels, hostile)
    page = report(Evaluation(evaluation().model, {"path": hostile}, {}, (split,), (hostile,)), {hostile: faces})
    assert "<script" not in page
    assert Page(page).text.count("alert(1)") >= 4


def test_groups_are_reported_where_the_data_names_them():
    plain = drawn_faces(180, votes=False)
    ages, names = np.array(["young", "old"] * 90), tuple(f"{number}.png" for number in range(180))
    faces = FaceSet(plain.images, plain.label_names, plain.labels, names=names, groups={"age": ages})
    page = Page(report(evaluation(faces=faces), {"PublicTest": faces}))
    assert "By age" in page.text
    assert "points" in page.text
    assert any("0.png" in image["alt"] for image in page.tags("img"))


def test_a_split_without_a_face_to_judge_is_said_to_be_empty():
    faces = FaceSet(np.zeros((2, 8, 8, 1), np.uint8), ("disgust", *LABELS), np.array([0, 0]))
    split = judge(np.full((2, 3), 1 / 3, np.float32), faces, LABELS, "test")
    page = Page(report(Evaluation(evaluation().model, {"path": "x"}, {}, (split,)), {"test": faces}))
    assert "0 of the split\N{RIGHT SINGLE QUOTATION MARK}s 2 faces; left out: 2 disgust" in page.text
