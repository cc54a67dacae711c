import json

from collector.metrics import Key
from collector.service.account import Account, SinkAccount, as_json, by_label, from_json


def counters(**numbers):
    """``counters(sink_dropped={"all/disk_full": 3})``: the labels that go with each name, by position."""
    labels = {"sink_dropped": ("sink", "reason"), "rejected_messages": ("source", "reason")}
    found = {}
    for name, values in numbers.items():
        for text, value in values.items() if isinstance(values, dict) else [("", values)]:
            names = labels.get(name, ("sink",) if name.startswith("sink") else ("source",)) if text else ()
            found[Key(name, tuple(zip(names, text.split("/"), strict=True)) if text else ())] = value
    return found


def test_messages_are_summed_over_sources_and_reasons():
    account = Account.of(
        counters(
            received_messages={"udp": 10, "tcp": 5},
            rejected_messages={"udp/empty": 1, "udp/oversize": 2, "tcp/empty": 1},
            unrouted_messages=4, routed_messages=6, unknown_messages=1, kernel_drops={"udp": 9},
        )
    )  # fmt: skip

    assert account == Account(15, 4, 4, 6, 1, 9, {})
    assert account.adds_up


def test_a_missing_message_is_seen_with_its_sign():
    assert Account.of(counters(received_messages={"udp": 3}, routed_messages=2)).missing == 1
    assert Account.of(counters(received_messages={"udp": 2}, routed_messages=3)).missing == -1


def test_each_sink_has_its_own_account():
    account = Account.of(
        counters(
            sink_offered={"a": 10, "b": 10}, sink_written={"a": 7, "b": 10},
            sink_dropped={"a/disk_full": 1, "a/crash": 1}, sink_pending={"a": 1},
        )
    )  # fmt: skip

    assert account.sinks == {"a": SinkAccount(10, 7, 2, 1), "b": SinkAccount(10, 10, 0, 0)}
    assert account.adds_up


def test_two_sinks_whose_errors_cancel_out_do_not_add_up():
    account = Account.of(counters(sink_offered={"a": 2, "b": 1}, sink_written={"a": 1, "b": 2}))

    assert [sink.missing for sink in account.sinks.values()] == [1, -1]
    assert not account.adds_up


def test_the_account_is_a_sentence():
    text = str(Account(1500, 4, 4, 1492, 0, 9, {}))

    assert text == "received 1,500 = rejected 4 + unrouted 4 + routed 1,492; dropped by the kernel 9"
    assert " + unknown 1;" in str(Account(1, 0, 0, 0, 1, 0, {}))


def test_the_sentence_names_the_destinations_that_dropped_most():
    sinks = {name: SinkAccount(9000, 9000 - dropped, dropped, 0) for dropped, name in enumerate("abcdefg")}
    text = Account(9000, 0, 0, 9000, 0, 0, sinks | {"away": SinkAccount(4000, 0, 4000, 0)}).in_full

    assert text.endswith("; dropped by the kernel 0, by away 4,000, by g 6, by f 5, by e 4, by d 3, by others 3")


def test_sums_by_one_label():
    numbers = counters(rejected_messages={"udp/empty": 1, "tcp/empty": 2, "tcp/oversize": 3})

    assert by_label(numbers, "rejected_messages", "reason") == {"empty": 3, "oversize": 3}
    assert by_label(numbers, "rejected_messages", "source") == {"udp": 1, "tcp": 5}
    assert by_label(numbers, "nothing", "reason") == {}


def test_counters_survive_the_way_through_json():
    numbers = {Key("a", (("x", 'quote " 監査'),)): 2**64 - 1, Key("b", kind="gauge"): 0}
    back = from_json(json.loads(json.dumps(as_json(numbers))))

    assert back == numbers
    assert [key.kind for key in back] == ["counter", "gauge"]
