"""Rules from text, as a program that has two destinations would read them."""

import textwrap

from collector.config.document import parse_document
from collector.rules.load import load_rules


class Destinations:
    """Knows ``ops`` and ``chat``, and takes anything that is written out."""

    names = ("ops", "chat")

    def __init__(self):
        self.written_out = []

    def read(self, item, _document, _path, names):
        self.written_out.append((item, names))
        return f"{next(iter(item))} #{len(self.written_out)}", []


class FakeEvent:
    """A line and the values of fields."""

    def __init__(self, line="", **values):
        self.line = line
        self.values = values

    def value(self, name):
        return self.line if name == "line" else self.values.get(name)


def read_rules(*texts, sets=(), **more):
    """The book and the problems of files with these texts, ``rules.yaml`` and then ``rules2.yaml`` …"""
    documents, problems = [], []
    for number, text in enumerate(texts, 1):
        name = "rules.yaml" if number == 1 else f"rules{number}.yaml"
        document, found = parse_document(textwrap.dedent(text), name)
        documents += [document] if document else []
        problems += found
    good = all(problem.level == "warning" for problem in problems)
    book, found = load_rules(documents, sets, Destinations(), **more)
    return book if good else None, problems + found


def book_of(*texts, **more):
    """The book of files without any mistake."""
    book, problems = read_rules(*texts, **more)
    assert problems == []
    return book
