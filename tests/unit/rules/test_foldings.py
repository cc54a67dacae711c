import re
import sys

from collector.rules.foldings import LETTERS, PATTERN, STEADY, folded, spellings

EVERY = [char for char in map(chr, range(sys.maxunicode + 1)) if not "\ud800" <= char <= "\udfff"]


def test_the_letters_are_all_that_fold_to_ascii():
    assert set(LETTERS) == {char for char in EVERY if not char.isascii() and re.search("[\0-\x7f]", char.casefold())}


def test_no_letter_folds_to_or_from_what_has_no_case():
    steady = re.compile(f"[{STEADY}]")
    assert [char for char in EVERY if char.casefold() != char and steady.search(char + char.casefold())] == []


def test_a_line_is_folded_in_whatever_way_its_letters_are_written():
    for letter in LETTERS:
        for way in spellings(letter):
            assert folded(f"A{way}B".encode()) == f"a{letter.casefold()}b".encode()
            assert re.search(PATTERN.encode(), f"A{way.upper()}B".encode(), re.IGNORECASE) or not way.isascii()
