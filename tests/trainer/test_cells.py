import pytest

from trainer.cells import harmless


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-x", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_take_for_a_formula_is_text(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["happy", "-1", "+2.5", "", "a=b", "pictures/=x.png"])
def test_everything_else_stays_as_it_is(text):
    assert harmless(text) == text
