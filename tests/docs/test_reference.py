import pytest

from tests.docs.reference import ROOT, pages


@pytest.mark.parametrize("path", [path.relative_to(ROOT) for path in pages()], ids=str)
def test_a_made_page_says_what_the_code_says_today(path):
    assert (ROOT / path).read_text(encoding="utf-8") == pages()[ROOT / path], "make it anew: make reference"
