"""The names of senders: bounded, never older than they may be without being asked for again, never lost while used."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from collector.protocol.names import SenderNames, acceptable

LIMIT = 4
TTL, NEGATIVE_TTL = 10.0, 3.0
ADDRESSES = st.sampled_from([f"192.0.2.{last}" for last in range(8)])
NAMES = st.sampled_from(["gate", "dc1.example.net", None])


class SlowNames(RuleBasedStateMachine):
    """
    Beside the names under test: who was ever told which name, when, and who was asked for since.

    ``told`` maps an address to the moment and the name of the last answer.
    """

    def __init__(self):
        super().__init__()
        self.names = SenderNames({"192.0.2.0": "certain"}, asks=True, ttl=TTL, negative_ttl=NEGATIVE_TTL, limit=LIMIT)
        self.now = 0.0
        self.told = {}
        self.asked_at = {}

    @rule(address=ADDRESSES)
    def use(self, address):
        shown = self.names.of(address)
        when, name = self.told.get(address, (0.0, None))

        assert shown == "certain" if address == "192.0.2.0" else shown in {address, name}
        if address not in {shown, "192.0.2.0"} and self.now // TTL > when // TTL + 1:
            wanted = address in self.names._wanted or self.asked_at.get(address, -1.0) // TTL > when // TTL
            assert wanted, "an old name is shown and nobody asks for it"

    @rule(seconds=st.sampled_from([0.5, 1.0, 4.0, 25.0]))
    def let_time_pass(self, seconds):
        for _ in range(int(seconds * 2)):
            self.now += 0.5
            for address in self.names.questions(self.now):
                self.asked_at[address] = self.now
                assert address != "192.0.2.0"

    @rule(answers=st.dictionaries(ADDRESSES, NAMES, max_size=3))
    def answer(self, answers):
        self.names.learn(answers)
        self.told |= {address: (self.now, name) for address, name in answers.items()}

    @invariant()
    def memory_is_bounded(self):
        assert len(self.names) <= 2 * LIMIT
        assert len(self.names._nameless) <= 2 * LIMIT


TestSlowNames = SlowNames.TestCase


@given(name=st.sampled_from(["gate", "dc1.example.net"]), periods=st.integers(1, 30))
def test_a_name_in_use_is_never_lost_though_nobody_answers_any_more(name, periods):
    names = SenderNames({}, asks=True, ttl=TTL, negative_ttl=NEGATIVE_TTL)
    names.questions(0.0)
    names.learn({"192.0.2.7": name})
    for period in range(periods):
        assert names.of("192.0.2.7") == name
        names.questions(period * TTL)


@given(st.text())
def test_a_name_that_is_accepted_cannot_break_a_line_a_path_or_json(text):
    name = acceptable(text)

    assert name is None or (0 < len(name) <= 255 and name.isascii() and set(name) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
    ) and not name.startswith("."))  # fmt: skip
