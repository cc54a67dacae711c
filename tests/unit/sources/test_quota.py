import os

from collector.shared import Arena
from collector.sources.quota import Quota


def memory(slots=2):
    arena = Arena()
    return arena.view(arena.take(Quota.words(slots)))


def test_the_limit_is_that_of_all_workers_together():
    words = memory()
    one, other = Quota(3, words, 0), Quota(3, words, 1)

    assert [one.take(), other.take(), one.take(), other.take()] == [True, True, True, False]
    one.give_back()
    assert [other.take(), one.take()] == [True, False]


def test_what_a_dead_worker_held_is_free_for_its_successor():
    words = memory()
    assert [Quota(2, words, 0).take(), Quota(2, words, 1).take()] == [True, True]
    successor = Quota(2, words, 0)

    assert [successor.take(), successor.take()] == [True, False]


def test_processes_forked_from_the_one_that_made_it_share_it():
    words = memory()
    pid = os.fork()
    if pid == 0:
        os._exit(0 if Quota(1, words, 1).take() else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert not Quota(1, words, 0).take()


def test_what_is_there_already_counts_even_over_the_limit():
    words = memory()
    one, other = Quota(1, words, 0), Quota(1, words, 1)
    one.hold()
    one.hold()
    one.give_back()

    assert not other.take()
