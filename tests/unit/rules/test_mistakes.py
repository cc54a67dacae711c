"""
Mistakes in rules, and all that is said of them: ``mistakes.txt`` holds files, and below ``--`` what is printed. Whoever
changes a sentence reads it there as somebody would who does not know this program.
"""

from pathlib import Path

import pytest
from rule_loading import read_rules

CASES = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8").split("==\n")


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_a_mistake_is_told_in_one_sentence_with_its_place_and_cure(case):
    text, expected = case.split("\n--\n")
    book, problems = read_rules(text + "\n")

    assert "".join(f"{problem}\n" for problem in problems) == expected
    assert (book is None) is any(problem.level == "error" for problem in problems)


def test_every_mistake_has_a_cure_unless_the_sentence_names_all_choices():
    problems = [problem for case in CASES for problem in read_rules(case.split("\n--\n")[0] + "\n")[1]]
    without = {problem.message for problem in problems if problem.hint is None}

    assert len(problems) > 150
    assert all(' is not "' in message or "no rule in this file" in message for message in without)
