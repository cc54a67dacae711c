"""A lane with a clock that a test turns."""

from alerting import alert, destination

from collector.actions import DeliveryError
from collector.actions.crowd import Share
from collector.actions.lane import Lane
from collector.actions.message import decode
from collector.sinks.journal import Place


def place(number):
    return Place("aa", number, number)


class Rig:
    """
    ``settled`` are the numbers of alerts that are done with, ``buried`` those that became dead letters, and why;
    ``journal`` holds what was offered, ``reads`` are the numbers of those that were read from it again.
    """

    def __init__(self, text="terminal: echo", state=None):
        self.now = 1000.0
        self.settled, self.buried, self.said, self.reads = [], [], [], []
        self.journal = {}
        self.share = Share(1 << 20, 1000)
        self.lane = Lane(destination(text, label="ops"), object(), self.outcome(), state or {}, self.now)

    def outcome(self):
        rig = self

        class Told:
            def settled(self, _label, job):
                if job.place is not None:
                    rig.settled.append(job.place.position)

            def bury(self, _label, job, reason, _why):
                rig.buried.append((job.message().id, reason))

            def read_again(self, job):
                rig.reads.append(job.place.position)
                return rig.journal.get(job.place)

            def say(self, level, event, sentence):
                rig.said.append((level, event, sentence))

        return Told()

    def offer(self, *numbers, **changes):
        for number in numbers:
            payload = self.journal[place(number)] = alert(id=str(number), **changes).encode()
            self.lane.offer(payload, place(number), decode(payload)[0], self.now, self.share)

    def begin(self):
        return list(self.lane.ready(self.now))

    def end(self, job, *, again=None, after=None, aside=False, away=False):
        """It was delivered, or, with ``again``, it was not."""
        error = None
        reach = "part" if aside else "all" if away else "alert"
        if again is not None:
            error = DeliveryError("no", reason="status", again=again, after=after, reach=reach)
        self.lane.done(job, error, self.now)

    def send(self):
        """Deliver all that may be; returns their ids, and the titles of messages of the lane's own."""
        sent = []
        while jobs := self.begin():
            for job in jobs:
                one = job.message()
                sent.append(one.title if one.alert["summary"] else one.id)
                self.end(job)
        return sent

    def balance(self):
        counters = self.lane.counters
        return counters.offered - counters.sent - counters.dead - sum(counters.dropped.values()) - self.lane.pending
