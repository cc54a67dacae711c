import json
import select
import threading
import time
from zoneinfo import ZoneInfo

import pytest
from alerting import alert, destination
from lane_rig import place
from observing import until

from collector.actions import DeliveryError, dispatcher
from collector.actions.dispatcher import Dispatcher
from collector.config.mail import MailServer


class Post:
    """
    Actions by destination: ``delivered`` are pairs of label and id; ``hold`` lets them wait, ``fail`` raises.
    ``journal`` is what can be read again.
    """

    def __init__(self, monkeypatch):
        self.delivered, self.made, self.times = [], [], []
        self.hold, self.fail, self.journal = {}, {}, {}
        self.under_way = 0
        self.most = 0
        self.lock = threading.Lock()
        monkeypatch.setattr(dispatcher, "action_class", lambda _kind: self.make)

    def read_again(self, at, size):
        payload = self.journal.get(at)
        assert payload is None or len(payload) == size
        return payload

    def make(self, options, _names, around):
        self.made.append((options.label, around.mail))
        return Delivery(self, options)


class Delivery:
    def __init__(self, post, options):
        self._post = post
        self._options = options

    def deliver(self, message, _left):
        post, name = self._post, self._options.label
        with post.lock:
            post.under_way += 1
            post.most = max(post.most, post.under_way)
        if name in post.hold:
            post.hold[name].wait(20)
        with post.lock:
            post.under_way -= 1
            post.delivered.append((name, message.id))
            post.times.append(str(message.fired_at))
        if name in post.fail:
            raise post.fail[name]

    def close(self):
        pass


@pytest.fixture
def post(monkeypatch):
    return Post(monkeypatch)


@pytest.fixture
def dispatch(tmp_path, post):
    """Makes dispatchers over one folder; ``turns`` until a fact is true."""
    made = []

    def make(**texts):
        one = Dispatcher(str(tmp_path), lambda *_words: None, time.monotonic, post.read_again)
        one.change({label: destination(text, label=label) for label, text in texts.items()}, None)
        made.append(one)
        return one

    yield make
    for event in post.hold.values():
        event.set()
    for one in made:
        until(lambda one=one: not one.running or one.turn())
        one.close()


def turns(one, fact):
    def turned():
        one.turn()
        if fact():
            return True
        select.select([one], [], [], 0.01)
        return False

    until(turned)


def give(one, number, *labels):
    one.take(place(number), alert(id=str(number), destinations=labels).encode())


HERE, THERE = "{exec: [/here]}", "{exec: [/there]}"


def test_an_alert_goes_to_each_of_its_destinations(post, dispatch):
    one = dispatch(ops=HERE, chat=THERE)
    give(one, 1, "ops", "chat")
    give(one, 2, "chat")
    turns(one, lambda: len(post.delivered) == 3 and not one.running)

    assert sorted(post.delivered) == [("exec here", "1"), ("exec there", "1"), ("exec there", "2")]
    one.turn()
    assert one.save() == place(2)


def test_what_is_delivered_tells_times_in_the_zone_of_those_who_read(post, dispatch):
    one = dispatch()
    for number, zone in enumerate(("Asia/Tokyo", "America/New_York"), 1):
        one.change({"ops": destination(HERE, label="ops")}, None, ZoneInfo(zone))
        give(one, number, "ops")
        turns(one, lambda number=number: len(post.times) == number)
    assert post.times == ["2026-07-23 15:54:32+09:00", "2026-07-23 02:54:32-04:00"]


def test_a_destination_that_hangs_holds_up_no_other(post, dispatch):
    post.hold["exec here"] = threading.Event()
    one = dispatch(ops=HERE, chat=THERE)
    for number in range(50):
        give(one, number, "ops", "chat")
    turns(one, lambda: len(post.delivered) == 50)

    assert {label for label, _ in post.delivered} == {"exec there"}
    assert [int(number) for _, number in post.delivered] == list(range(50))


def test_so_many_of_one_kind_are_under_way_and_other_kinds_have_room(post, dispatch, monkeypatch):
    monkeypatch.setattr(dispatcher, "PER_KIND", 3)
    stop = threading.Event()
    texts = {f"d{number}": f"{{exec: [/x{number}]}}" for number in range(10)}
    post.hold = {f"exec x{number}": stop for number in range(10)}
    one = dispatch(other="{file: /x}", **texts)
    give(one, 1, *texts, "other")
    turns(one, lambda: ("file /x", "1") in post.delivered and post.under_way == 3)
    assert one.running == 3
    stop.set()
    turns(one, lambda: len(post.delivered) == 11)

    assert post.most <= 4


def test_after_a_crash_only_what_was_not_settled_is_sent_again(post, dispatch):
    post.hold["exec here"] = threading.Event()
    one = dispatch(ops=HERE, chat=THERE)
    for number in range(3):
        give(one, number, "ops", "chat")
    turns(one, lambda: len(post.delivered) == 3 and one.running == 1)
    one.turn()
    assert one.save() is None

    post.hold["exec here"].set()
    until(lambda: len(post.delivered) == 4)
    post.delivered.clear()
    two = dispatch(ops=HERE, chat=THERE)
    for number in range(4):
        give(two, number, "ops", "chat")
    turns(two, lambda: len(post.delivered) == 5)

    assert sorted(post.delivered) == [("exec here", str(number)) for number in range(4)] + [("exec there", "3")]


def test_a_mistake_of_an_action_is_a_dead_letter(post, dispatch, tmp_path):
    post.fail["exec here"] = ZeroDivisionError("oh")
    one = dispatch(ops=HERE)
    give(one, 1, "ops")
    turns(one, lambda: one.report()["ops"]["dead"])

    letter = json.loads((tmp_path / "dead-letters.jsonl").read_text())
    assert (letter["reason"], letter["why"]) == ("internal", "ZeroDivisionError: oh")
    assert one.save() == place(1)


def test_an_alert_for_a_destination_that_is_not_there_is_a_dead_letter(post, dispatch, tmp_path):
    one = dispatch(ops=HERE)
    give(one, 1, "gone")

    letter = json.loads((tmp_path / "dead-letters.jsonl").read_text())
    assert (letter["destination"], letter["reason"], letter["alert"]["id"]) == ("gone", "unknown_destination", "1")
    assert one.save() == place(1)


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"{}", b'{"id": 1}', b"\xff", b"null"])
def test_what_is_no_alert_is_passed_over(post, dispatch, payload):
    one = dispatch(ops=HERE)
    one.take(place(1), payload)

    assert one.save() == place(1)


def test_a_change_keeps_what_waits_and_makes_only_what_is_new(post, dispatch):
    post.hold["exec here"] = threading.Event()
    one = dispatch(ops=HERE, chat=THERE)
    give(one, 1, "ops")
    turns(one, lambda: post.under_way == 1)
    give(one, 2, "ops")
    made = len(post.made)
    one.change({"chat": destination(THERE, label="chat"), "ops": destination("{exec: [/new]}", label="ops")}, None)
    post.hold["exec here"].set()
    turns(one, lambda: len(post.delivered) == 2)

    assert post.made[made:] == [("exec new", None)]
    assert post.delivered == [("exec here", "1"), ("exec new", "2")]


def test_a_destination_that_was_removed_delivers_what_it_has(post, dispatch):
    post.hold["exec here"] = threading.Event()
    one = dispatch(ops=HERE)
    give(one, 1, "ops")
    give(one, 2, "ops")
    one.change({}, None)
    post.hold["exec here"].set()
    turns(one, lambda: one.report() == {})

    assert post.delivered == [("exec here", "1"), ("exec here", "2")]


def test_another_mail_server_counts_for_mail_alone(post, dispatch):
    one = dispatch(ops=HERE)
    mail = destination("mail: root", label="post", mail={"server": "a:25", "from": "c", "tls": "none"})
    servers = [MailServer.model_validate({"server": name, "from": "c"}) for name in ("a", "b", "b")]
    for server in servers:
        one.change({"ops": destination(HERE, label="ops"), "post": mail}, server)

    assert post.made == [("exec here", None), ("mail to root", servers[0]), ("mail to root", servers[1])]


LARGE = "x" * 10_000


def give_large(one, post, number, *labels):
    post.journal[place(number)] = alert(id=str(number), body=LARGE, destinations=labels).encode()
    one.take(place(number), post.journal[place(number)])


def test_what_has_no_room_in_memory_is_read_again_and_nothing_is_dropped(post, dispatch, monkeypatch):
    monkeypatch.setattr(dispatcher, "MAX_BYTES", 100_000)
    reads = []
    monkeypatch.setattr(post, "read_again", lambda at, _size: reads.append(at) or post.journal[at])
    post.hold["exec here"] = threading.Event()
    one = dispatch(ops=HERE)
    for number in range(100):
        give_large(one, post, number, "ops")
    assert one._lanes["ops"]._kept < 130_000
    post.hold["exec here"].set()
    turns(one, lambda: one.report()["ops"]["pending"] == 0)

    assert [int(number) for _, number in post.delivered] == list(range(100))
    assert 80 < len(reads) < 100
    assert one.report()["ops"]["dropped"] == {}
    assert one._lanes["ops"]._kept == 0


def test_a_destination_that_stands_still_takes_no_room_from_others(post, dispatch, monkeypatch):
    monkeypatch.setattr(dispatcher, "MAX_BYTES", 100_000)
    post.hold["exec here"] = threading.Event()
    one = dispatch(slow=HERE, pager=THERE)
    for number in range(100):
        give_large(one, post, number, "slow")
    give_large(one, post, 100, "slow", "pager")
    give(one, 101, "pager")
    turns(one, lambda: len(post.delivered) == 2)

    assert post.delivered == [("exec there", "100"), ("exec there", "101")]
    assert one.report()["pager"]["dropped"] == {}


def test_what_has_gone_from_the_journal_is_counted_and_told(post, dispatch, monkeypatch, tmp_path):
    monkeypatch.setattr(dispatcher, "MAX_BYTES", 0)
    post.hold["exec here"] = threading.Event()
    one = dispatch(ops=HERE)
    for number in range(3):
        give_large(one, post, number, "ops")
    del post.journal[place(1)]
    post.hold["exec here"].set()
    turns(one, lambda: one.report()["ops"]["pending"] == 0)

    assert post.delivered == [("exec here", "0"), ("exec here", "2")]
    assert one.report()["ops"]["dropped"] == {"journal_full": 1}
    assert one.save() == place(2)


def test_a_journal_that_cannot_be_read_is_tried_again(post, dispatch, monkeypatch):
    monkeypatch.setattr(dispatcher, "MAX_BYTES", 0)
    answers = [OSError(5, "Input/output error"), None]

    def read(at, _size):
        error = answers.pop(0) if answers else None
        if error:
            raise error
        return post.journal[at]

    monkeypatch.setattr(post, "read_again", read)
    post.hold["exec here"] = threading.Event()
    one = dispatch(ops="{exec: [/here], retry: {first: 100ms}}")
    for number in range(2):
        give_large(one, post, number, "ops")
    post.hold["exec here"].set()
    turns(one, lambda: one.report()["ops"]["pending"] == 0)

    assert post.delivered == [("exec here", "0"), ("exec here", "1")]
    assert one.report()["ops"]["failed"] == {"journal": 1}


def test_a_journal_that_cannot_be_read_for_good_ends_in_a_dead_letter(post, dispatch, monkeypatch, tmp_path):
    monkeypatch.setattr(dispatcher, "MAX_BYTES", 0)

    def read(_at, _size):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(post, "read_again", read)
    post.hold["exec here"] = threading.Event()
    one = dispatch(ops="{exec: [/here], retry: {give_up: 0}}")
    for number in range(2):
        give_large(one, post, number, "ops")
    post.hold["exec here"].set()
    turns(one, lambda: one.report()["ops"]["pending"] == 0)

    letter = json.loads((tmp_path / "dead-letters.jsonl").read_text())
    assert (letter["reason"], letter["alert"]) == ("journal", {})
    assert one.report()["ops"]["dead"] == 1


def test_destinations_without_work_cost_nothing(post, dispatch):
    one = dispatch(**{f"d{number}": f"{{exec: [/d{number}], cap: {{alerts: 1, per: 1h}}}}" for number in range(20)})
    one.turn()
    assert one._awake == {}
    give(one, 1, "d7")
    turns(one, lambda: len(post.delivered) == 1 and not one.running)
    one.turn()

    assert list(one._awake) == ["d7"]  # its hour ends by itself


def test_what_there_is_no_memory_for_is_tried_again(post, dispatch):
    post.fail["exec here"] = MemoryError()
    one = dispatch(ops=HERE)
    give(one, 1, "ops")
    turns(one, lambda: one.report()["ops"]["failed"] == {"memory": 1})

    assert one.report()["ops"]["pending"] == 1


def test_it_is_not_asked_for_again_before_something_can_begin(post, dispatch, monkeypatch):
    monkeypatch.setattr(dispatcher, "PER_KIND", 1)
    post.fail["exec here"] = DeliveryError("no", reason="status", again=True)
    post.hold["exec there"] = threading.Event()
    one = dispatch(ops="{exec: [/here], retry: {first: 100ms, most: 100ms}}", chat=THERE)
    give(one, 1, "ops")
    turns(one, lambda: one.report()["ops"]["failed"])
    give(one, 2, "chat")
    one.turn()
    until(lambda: one.turn() or time.monotonic() > one._lanes["ops"].due())

    assert one.running == 1
    assert one.due() is None


def test_reading_waits_for_a_quick_destination_that_has_no_more_room(post, dispatch, monkeypatch):
    monkeypatch.setattr(dispatcher, "MAX_BURST", 10)
    post.hold["exec here"] = threading.Event()
    one = dispatch(ops="{exec: [/here], queue: 5}", chat=THERE)
    taken = 0
    while one.accepts:
        give(one, taken, "ops")
        taken += 1
        one.turn()
    assert 10 <= taken <= 12
    post.hold["exec here"].set()
    turns(one, lambda: one.accepts)
    turns(one, lambda: one.report()["ops"]["pending"] == 0)

    assert one.report()["ops"]["dropped"] == {}


def test_retry_after_is_waited_for(post, dispatch):
    post.fail["exec here"] = DeliveryError("busy", reason="http_429", again=True, after=500)
    one = dispatch(ops=HERE)
    give(one, 1, "ops")
    turns(one, lambda: one.report()["ops"]["failed"])

    assert one.due() - time.monotonic() > 490


def test_a_state_that_cannot_be_read_is_told_and_begun_anew(post, dispatch, tmp_path):
    (tmp_path / "dispatcher.json").write_text("{")
    one = dispatch(ops=HERE)
    give(one, 1, "ops")
    turns(one, lambda: len(post.delivered) == 1)

    assert post.delivered == [("exec here", "1")]


def test_what_a_destination_held_back_that_is_gone_is_told(post, dispatch, tmp_path):
    one = dispatch(ops="{exec: [/here], cap: {alerts: 1, per: 1h}}")
    for number in range(4):
        give(one, number, "ops")
    turns(one, lambda: len(post.delivered) == 1 and not one.running)
    one.save()
    said = []
    two = Dispatcher(str(tmp_path), lambda *words: said.append(words), time.monotonic, post.read_again)
    two.change({}, None)
    two.close()

    assert said == [
        ("warning", "destination ops", "ops, a destination that is no longer there, had held back 3 alerts or more.")
    ]
