r"""
Conditions on the fields of a record: ``where:`` of a route, ``on:`` of a rule, in the words of Sigma.

    where: {hostname: "dc*", severity|lte: warning}                both
    where: {app_name: [sshd, sudo]}                                one of them
    where: {message|contains|all: [Failed, root]}                  all of them
    where: {any: [{peer|cidr: 192.0.2.0/24}, {hostname: "gw?"}], not: {app_name: cron}}
    where: {re: 'sshd\[\d+\]: Failed', text: " root "}             the line, as a traditional file shows it

A key is a field and, after ``|``, modifiers; a value is text, a number, null (the field is absent) or a list of these.
How text is compared and what wildcards mean: ``matching``. The modifiers:

    contains startswith endswith    a part of the text, with the same wildcards
    re                              a Python regular expression found anywhere; \d \w \s are ASCII, case counts
    i m s                           after re: case does not count; ^ and $ at every line; . takes a line end, too
    cidr                            an address within a network: 192.0.2.0/24, 2001:db8::/32
    gt gte lt lte                   numbers
    exists                          true or false: whether the record has the field
    all                             every value of the list, not just one
    cased                           case counts
    spaced                          the text, or the text with a blank before it: rsyslog's msg begins with one

Without a field ``re`` searches the line, and ``text`` looks for a text in it in which no character is special.

Facilities and severities are written by name, a severity also as its number: 0 is emerg, 7 debug, so "warning and
worse" is ``severity|lte: warning``. ``peer`` is compared both with and without its port.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collector.routing.clauses import Clause, ClauseError, Comparison, Every, Negation, comparisons, read_clauses

Test = Callable[[Mapping[str, str | None]], bool]

FIELDS = (
    "facility", "severity", "hostname", "app_name", "program", "tag", "proc_id", "msg_id", "sd", "message", "peer",
    "address", "charset", "line", "raw",
)  # fmt: skip

WhereError = ClauseError


@dataclass(frozen=True, slots=True)
class Where:
    """
    ``test(values)`` tells whether a record fits; it looks at the fields in ``needs`` and never raises.

    ``spec`` is the condition as written. It is all that is pickled: who loads it compiles it again.
    """

    test: Test
    needs: frozenset[str]
    spec: Mapping[str, Any]

    def __reduce__(self) -> tuple[Callable[[Mapping[str, Any]], "Where"], tuple[Mapping[str, Any]]]:
        return compile_where, (self.spec,)


def compile_where(spec: Mapping[str, Any]) -> Where:
    """Read a condition as YAML gives it. Raises WhereError; all that is wrong with it is in that one's ``others``."""
    root = read_clauses(spec, FIELDS)
    return Where(_test(root), frozenset(leaf.field for leaf in comparisons(root)), spec)


def _test(clause: Clause) -> Test:
    match clause:
        case Comparison():
            return _comparison(clause)
        case Negation():
            inner = _test(clause.part)
            return lambda values: not inner(values)
    tests = [_test(part) for part in clause.parts]
    if len(tests) == 1:
        return tests[0]
    if isinstance(clause, Every):
        return lambda values: all(test(values) for test in tests)
    return lambda values: any(test(values) for test in tests)


def _comparison(clause: Comparison) -> Test:
    field, accepts, absent = clause.field, clause.accepts, clause.absent

    def test(values: Mapping[str, str | None]) -> bool:
        found = values.get(field)
        return absent if found is None else accepts(found)

    return test
