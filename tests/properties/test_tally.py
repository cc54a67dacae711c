from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from collector.shared import Arena
from collector.sources.tally import Tally

SLOTS = 3
EVENT = st.tuples(st.integers(0, SLOTS - 1), st.integers(1, 12), st.integers(1, 5), st.integers(1, 3))


@given(st.lists(EVENT, max_size=60))
def test_it_counts_as_a_dictionary_would_and_never_too_much(events):
    """Periods come in order, as those of a clock; All share one bucket."""
    arena = Arena(1 << 20)
    words = arena.view(arena.take(Tally.words(SLOTS, 1)))
    parts = [Tally(words, slot, SLOTS) for slot in range(SLOTS)]
    expected = Counter()
    for slot, sender, number, period in sorted(events, key=lambda event: event[3]):
        if parts[slot].add(sender, number, period):
            expected[sender, period] += number
        for key in range(1, 13):
            assert parts[0].total(key, period) <= expected[key, period]
            assert parts[0].total(key, period) == expected[key, period]
