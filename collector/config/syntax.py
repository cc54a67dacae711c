"""
What a YAML parser says about a broken file → what a person can do about it.

Most broken configurations are good syslog.conf lines: ``*.info``, ``!sshd`` and ``@host`` begin with characters that
mean something else in YAML. They are told by the character at which the parser stopped, which every parser agrees on;
the parsers' own words differ.
"""

import re

_SIGNS = {
    "*": "* is YAML's alias sign",
    "&": "& is YAML's anchor sign",
    "!": "! is YAML's tag sign",
    "@": "YAML reserves @ at the start of a value",
    "`": "YAML reserves ` at the start of a value",
    "%": "% begins a YAML directive",
}

NEEDS_QUOTES = frozenset(_SIGNS)

_CAUSES = (
    (
        r"found unexpected end of stream",
        "a quote is opened here and never closed",
        "close it; a quote inside '…' is written twice: 'it''s'",
    ),
    (
        r"escape|hexa?decimal",
        "a backslash in double quotes begins an escape, and this is none YAML knows",
        r"use single quotes, where \ is just \, or write \\",
    ),
    (
        r"mapping values are not allowed",
        'a ":" where none can be',
        'put text that contains ": " in quotes, and check the indentation',
    ),
    (
        r"entries are not allowed",
        '"- " where no list can begin',
        "begin the list on the next line",
    ),
    (
        r"expected ',' or ']'|expected ',' or '}'",
        "a list [ … ] or mapping { … } is not closed, or a comma is missing",
        "close it; quote text that contains any of , [ ] { }",
    ),
    (
        r"could not find expected ':'",
        "neither a key nor a list item",
        'write "key: value" or begin the line with "- "',
    ),
    (
        r"expected key|expected '-' indicator|expected <block end>",
        "this does not fit what stands before it",
        "entries of one list or mapping begin in the same column; text after a closing quote belongs inside it",
    ),
    (
        r"node content",
        "a value was expected here",
        'quote text that begins with one of , [ ] { } such as "[::]:514"',
    ),
    (
        r"directive|document",
        "not what a YAML document begins with",
        "a line that begins with % must be quoted or indented",
    ),
)


def explain(words: str, line: str, column: int) -> tuple[str, str]:
    """Message and hint for a syntax error: the parser's words, the line and the column (from 0) where it stopped."""
    rest = line[column:]
    if rest.startswith("\t"):
        return "a TAB in the indentation", "YAML is indented with blanks only"
    if rest[:1] in NEEDS_QUOTES:
        return must_be_quoted(rest)
    if _is_bare_template(words, line):
        return "text with {{ }} that is not in quotes", 'quote the whole value: "/var/log/{{ hostname }}.log"'
    if re.match(r":[^\]:]", rest) and "node content" in words:  # and not the middle of [::]
        return "a value was expected here", 'quote text that begins with ":" inside of [ ] or { }: ' + _quoted(rest)
    for pattern, message, hint in _CAUSES:
        if re.search(pattern, words):
            return message, hint
    return "this is not YAML", "compare with the examples in docs/configuration.md"


def repair(words: str, line: str, column: int) -> str | None:
    """
    The line with letters in place of what YAML cannot read, of the same length, so that the rest of the file can be
    read for more mistakes; None where the mistake is of another kind.
    """
    if line[column : column + 1] in NEEDS_QUOTES:
        return f"{line[:column]}x{line[column + 1 :]}"
    if _is_bare_template(words, line):
        return line.replace("{{", "xx").replace("}}", "xx")
    return None


def _is_bare_template(words: str, line: str) -> bool:
    return "{{" in line and "expected" in words and "block scalar" not in words


def _quoted(rest: str) -> str:
    """The text from there to the end of the value, in quotes, where it can be shown."""
    text = re.split(r"[],}\s]", rest, maxsplit=1)[0]
    return f'"{text}"' if len(text) <= 80 and text.isprintable() and not {'"', "\\"} & set(text) else '":514"'


def must_be_quoted(rest: str) -> tuple[str, str]:
    """Message and hint for text that begins with a sign of YAML's own; ``rest`` is the line from that sign on."""
    sign = rest[0]
    text = re.split(r"\s#|[\r\n]", rest, maxsplit=1)[0].rstrip()
    if text.endswith(("]", "}")) and not {"[", "{"} & set(text):  # the end of the list or mapping it stands in
        text = re.split(r"[],}]", text, maxsplit=1)[0].rstrip()
    text = re.sub(r"\t+", "  ", text)  # the same to syslog.conf, and it can be shown
    quotes = "'" if '"' in text or "\\" in text else '"'
    showable = len(text) <= 80 and text.isprintable() and "'" not in text
    example = quotes + text + quotes if showable else "the whole text in quotes"
    return f"text that begins with {sign} must be quoted", f"{_SIGNS[sign]}: write {example}"
