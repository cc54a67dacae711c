import os

from collector.sources.quota import Quota


def test_the_limit_is_that_of_all_workers_together():
    quota = Quota(3, slots=2)
    one, other = quota.share(0), quota.share(1)

    assert [one.take(), other.take(), one.take(), other.take()] == [True, True, True, False]
    one.give_back()
    assert [other.take(), one.take()] == [True, False]


def test_what_a_dead_worker_held_is_free_for_its_successor():
    quota = Quota(2, slots=2)
    assert [quota.share(0).take(), quota.share(1).take()] == [True, True]
    successor = quota.share(0)

    assert [successor.take(), successor.take()] == [True, False]


def test_processes_forked_from_the_one_that_made_it_share_it():
    quota = Quota(1, slots=2)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if quota.share(1).take() else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert not quota.share(0).take()
