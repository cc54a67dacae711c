import random

from hypothesis import given
from hypothesis import strategies as st
from selector_oracle import random_selector, selected

from collector.routing.selector import compile_selector, selector_text

selectors = st.builds(
    lambda seed, numbers: random_selector(random.Random(seed), numbers=numbers), st.integers(0, 2**32), st.booleans()
)


@given(selectors)
def test_every_selector_takes_what_the_slow_reading_takes(text):
    assert selected(text) == compile_selector(text).pris()


@given(selectors, st.integers(0, 191))
def test_matches_agrees_with_pris(text, pri):
    selector = compile_selector(text)
    assert (pri in selector.pris()) == selector.matches(pri)


@given(selectors)
def test_a_last_part_that_takes_everything_wins(text):
    assert compile_selector(f"{text};*.*").pris() == set(range(192))


@given(selectors)
def test_a_last_part_that_clears_wins(text):
    assert compile_selector(f"{text};*.none").pris() == set()


@given(selectors, selectors)
def test_what_a_selector_adds_depends_on_what_came_before_only_through_the_masks(first, second):
    once = compile_selector(f"{first};*.none;*.!none;{second}").pris()
    assert once == compile_selector(f"*.*;{second}").pris()


@given(selectors)
def test_the_selector_made_of_masks_has_these_masks(text):
    masks = compile_selector(text).masks
    assert compile_selector(selector_text(masks)).masks == masks
