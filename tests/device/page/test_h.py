"""HTML is safe by how it is made."""

import pytest

from device.page.h import Html, h, join


@pytest.mark.parametrize("text", ["<script>", "a & b", '"', "'", "</p><p>"])
def test_text_is_escaped_wherever_it_stands(text):
    made = h("p", text, [text], title=text, data_of=text)
    inner = made.removeprefix("<p").removesuffix("</p>")
    assert "<script>" not in inner
    assert inner.count("<") == 0
    assert inner.count('"') == 4


def test_what_is_html_already_is_left_as_it_is():
    assert h("p", h("b", "x"), Html("<i>")) == "<p><b>x</b><i></p>"


def test_attributes_are_named_as_html_names_them():
    made = h("label", class_="a", for_="b", aria_label="c", hidden=True, open=False, title=None)
    assert made == '<label class="a" for="b" aria-label="c" hidden></label>'


def test_nothing_is_nothing_and_zero_is_a_figure():
    assert join([None, 0, [None, "a"]]) == "0a"


def test_an_element_without_an_end_has_none():
    assert (h("br"), h("rect", x=1)) == ("<br>", '<rect x="1"/>')
