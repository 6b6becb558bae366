"""PURE: which texts a spreadsheet would run as a formula, and how each file that leaves here keeps it from doing so."""

import re

# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, "CSV Injection"), and may do so
# after taking a tab or a line end off; the wide forms are what some East Asian versions accept.
_STARTS_A_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
# Where lists are separated by semicolons, as in German Excel, or by tabs, what follows one is a cell of its own, maybe
# behind blanks and quotation marks. A sign before ')' begins no formula: it is a smiley.
_STARTS_ONE_WITHIN = re.compile(r"""([;\t][\s"]*)('*)(?=[=+\-@＝＋－＠](?!\)))""")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def neutralised(text: str) -> str:
    """The text with an apostrophe before each place from which a spreadsheet could run it; a plain number stays one.

    Such a place is the text's start before a sign (= + - @, a tab or a line end), and any sign behind a semicolon or a
    tab, with or without blanks and quotation marks between them; not ';-)'. ``restored`` gives the text back: where
    apostrophes stand before the sign already, there is one more.

    >>> neutralised('=1+1'), neutralised('-5'), neutralised('- a list'), neutralised('yes; =1+1 ;-)')
    ("'=1+1", '-5', "'- a list", "yes; '=1+1 ;-)")
    """
    text = _STARTS_ONE_WITHIN.sub(r"\1'\2", text)
    if _STARTS_A_FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def restored(cell: str) -> str:
    """What ``neutralised`` was given."""
    text = cell[1:] if cell.startswith("'") and _STARTS_A_FORMULA.match(cell) else cell
    return _STARTS_ONE_WITHIN.sub(lambda found: found[1] + found[2][1:], text)
