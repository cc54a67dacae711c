"""
Requirements and the rows that may fulfil them, for the tests of the prefilter: text in odd cases, escaped payloads.

Made up for these tests. ``accepts`` is the slow, obvious judge.
"""

import json
import re
from dataclasses import dataclass
from html import escape

from hypothesis import strategies as st

from collector.protocol.visible import show_controls, show_undecoded
from collector.rules.backtracking import dangers
from collector.rules.requirement import All, Any, Anything, Pattern, Pri, Text, Value

ALPHABET = "abfiks KS.:-_[]<>&\"'\\/=|#0123\tßéſ\u212aﬁİŉ日志ー"
"""Letters that fold oddly, characters that someone escapes, and Japanese."""

TEXTS = st.text(ALPHABET, max_size=8)


def _json(text):
    return json.dumps(text)[1:-1]


def _xml(text):
    return escape(text).encode("ascii", "xmlcharrefreplace").decode()


def _xml_hex(text):
    return "".join(char if char.isascii() else f"&#x{ord(char):X};" for char in escape(text))


def _structured_data(text):
    return re.sub(r'(["\\\]])', r"\\\1", text)


def _octal(text):
    return "".join(f"#{byte:03o}" if byte < 32 or byte > 126 else chr(byte) for byte in text.encode())


def _slashed(text):
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/")


WRITERS = (str, _json, _xml, _xml_hex, _structured_data, _octal, _slashed)


NAMES = ("app_name", "message", "EventID", "User")


@dataclass(frozen=True)
class Row:
    """A line, its PRI, and what the fields in it say."""

    pri: int
    line: str
    fields: dict[str, str]


@st.composite
def odd_case(draw, text):
    """The same text, when case does not count."""
    ways = {"s": "sSſ", "k": "kK\u212a", "b": "bB", "i": "iI", "f": "fF", "é": "éÉ"}
    odd = "".join(draw(st.sampled_from(ways[char])) if char in ways else char for char in text.casefold())
    for plain, joined in (("ss", "ß"), ("fi", "ﬁ")):
        if plain in odd and draw(st.booleans()):
            odd = odd.replace(plain, joined, 1)
    return odd


@st.composite
def rows(draw, wanted=(), texts=None, names=NAMES):
    """Rows whose fields often hold what is wanted of them, in another case and between other text, or given texts."""
    fields = {}
    for name in names:
        value = draw(TEXTS)
        near = [one.literal for one in wanted if one.field == name]
        if near and draw(st.integers(0, 3)):
            value = draw(odd_case(draw(st.sampled_from(near))))
        if name == "EventID":
            value = str(draw(st.integers(1, 12) | st.sampled_from([4625, 861, 10016])))
            value = draw(st.sampled_from([one for one in near if one.isdigit()] or [value]))
        elif draw(st.booleans()):
            value = draw(TEXTS) + value + draw(TEXTS)
        fields[name] = (texts or {}).get(name, value)
    write = draw(st.sampled_from(WRITERS))
    separator = draw(st.sampled_from(["\t", "\\n", "#011", "\\u0009", " ", ";", '"']))
    payload = "".join(f"{separator}{write(fields[name])}" for name in ("EventID", "User") if name in fields)
    shown = show_controls(show_undecoded(f" {fields.get('app_name', '')}: {fields.get('message', '')}"))
    return Row(draw(st.sampled_from([13, 134])), f"{draw(TEXTS)}{shown} {payload}{separator}", fields)


def _compiles(pattern):
    try:
        re.compile(pattern, re.ASCII)
    except re.error:
        return False
    return not dangers(pattern)  # the judge must come to an end


REGEXES = st.recursive(
    st.text(ALPHABET, min_size=1, max_size=5).map(re.escape)
    | st.sampled_from([
        ".", r"\d", r"\w", r"\s", r"\S", "[abk]", "[^a]", "[^é]", "[ks]", "[Kk]", "[a-s]", "[é日]", r"\b", "^", "$", "",
        r"\Z", "a*", "k?", "(?i:ks)", "(?:ab)+", "(?=.*a)", "(?!b)", "(?<=a)", "(a)\\1", "b{2}", "[ab]{1,3}", ".*",
        "[ik]+?", "(?u:k)", "(?iu:s)", "(?:i|ſ)", "(b)?(?(1)a|k)", "a++", "(?>ab?)", "(?:(?:ab)+)+",
    ]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,20}"])).map(lambda x: f"(?:{x[0]}){x[1]}"),
    ),
    max_leaves=6,
).filter(_compiles)  # fmt: skip


@st.composite
def lines_of(draw, pattern, *, ignore_case):
    """Mostly lines in which the expression finds something; none has a LF."""
    flags = re.ASCII | (re.IGNORECASE if ignore_case else 0)
    text = draw(TEXTS if draw(st.integers(0, 5)) == 5 else st.from_regex(re.compile(pattern, flags)))
    line = draw(TEXTS) + text + draw(TEXTS)
    return line.replace("\n", "").encode(errors="ignore").decode()


VALUES = st.builds(
    Value,
    st.sampled_from(NAMES),
    st.text(ALPHABET, min_size=1, max_size=6) | st.sampled_from(["4625", "861", "3", "fiks", "kiss", "日志ー"]),
    whole=st.booleans(),
    cased=st.booleans(),
).map(lambda value: value if value.cased else Value(value.field, value.literal.casefold(), value.whole))

LEAVES = st.one_of(
    st.just(Anything()),
    VALUES,
    VALUES,
    st.builds(Text, REGEXES, st.booleans()),
    st.builds(Pattern, st.sampled_from(["message", "User"]), REGEXES, st.booleans()),
    st.builds(Pri, st.sets(st.sampled_from([13, 134, 0])).map(frozenset)),
)
REQUIREMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([All(tuple(parts)), Any(tuple(parts))])
    ),
    max_leaves=4,
)


def accepts(requirement, row):  # noqa: PLR0911  (one return for each shape)
    match requirement:
        case Anything():
            return True
        case Text(pattern, ignore_case):
            return bool(re.search(pattern, row.line, re.ASCII | (re.IGNORECASE if ignore_case else 0)))
        case Pattern(field, pattern, ignore_case):
            return bool(re.search(pattern, row.fields[field], re.ASCII | (re.IGNORECASE if ignore_case else 0)))
        case Pri(numbers):
            return row.pri in numbers
        case Value(field, literal, whole, cased):
            found = row.fields[field] if cased else row.fields[field].casefold()
            return found == literal if whole else literal in found
        case All(parts):
            return all(accepts(part, row) for part in parts)
        case Any(parts):
            return any(accepts(part, row) for part in parts)


def values_in(requirement):
    if isinstance(requirement, All | Any):
        return [value for part in requirement.parts for value in values_in(part)]
    return [requirement] if isinstance(requirement, Value) else []
