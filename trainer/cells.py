"""Cells of a CSV that may be opened in a spreadsheet."""

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """``text``, with an apostrophe before what a spreadsheet would take for a formula; numbers stay as they are.

    File names, labels and groups come from data sets, and those from anybody. The apostrophe is what spreadsheets
    themselves put there (OWASP, "CSV Injection").
    """
    if not text.startswith(_BEGINS_A_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text
