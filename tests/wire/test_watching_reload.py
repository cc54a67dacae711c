"""Rules that change while lines pour in: what is the same counts on, and nothing is counted twice."""

import threading

from observing import until
from watched import CONFIG, ask, delivered, now, wait_for, watched, watcher, write_rules

from collector.service.control import request

COUNTED = r"""
rules:
  - id: counted
    kind: threshold
    on: {text: counted}
    within: 1h
    count: 3000
    alert: {title: "{{ count }}"}
    do: log
"""
OTHER = r"""
rules:
  - id: other{number}
    kind: match
    on: {{re: 'other (?P<word>[a-z]+)'}}
    alert: {{title: "{number} {{{{ word }}}}"}}
    do: log
"""
QUIET = CONFIG + "watch: false\n"


def reload(service):
    return request(str(service.control), {"ask": "reload"}, 30)


def counted(number):
    return f"<13>{now()} gate app: counted\n".encode() * number


def hits(service, rule):
    return watcher(service)["by_rule"].get(rule, {}).get("hits")


def test_in_the_middle_of_a_burst_a_rule_that_stays_counts_exactly(serve):
    service = watched(serve, COUNTED, QUIET)

    def burst():
        with service.connect() as connection:
            for _ in range(2999):
                connection.sendall(counted(1))

    sender = threading.Thread(target=burst)
    sender.start()
    for number in range(4):
        if number == 2:
            (service.folder / "rules/more.yaml").unlink()
        else:
            write_rules(service.folder, OTHER.format(number=number), "more.yaml")
        assert reload(service)["result"] == "in force"
    sender.join()
    service.counts(2999)
    until(lambda: hits(service, "counted") == 2999)
    assert delivered(service) == []
    service.tcp(counted(1), f"<13>{now()} gate app: other x\n".encode())

    assert sorted(alert["title"] for alert in wait_for(service, 2)) == ["3 x", "3000"]
    until(lambda: set(watcher(service)["by_rule"]) == {"counted", "other3"})


def test_a_mute_lasts_over_a_reload_and_tells_what_it_held_back(serve):
    service = watched(serve, OTHER.format(number=1), QUIET)
    ask(service, ask="mute", rule="other1", key=None, until=4e9)
    service.tcp(f"<13>{now()} gate app: other x\n".encode() * 3)
    until(lambda: hits(service, "other1") == 3)
    write_rules(service.folder, COUNTED, "more.yaml")
    reload(service)
    service.tcp(f"<13>{now()} gate app: other x\n".encode())
    until(lambda: hits(service, "other1") == 4)
    (mute,) = ask(service, ask="mutes")["mutes"]
    assert (mute["rule"], mute["held"]) == ("other1", 4)
    ask(service, ask="mute", rule="other1", key=None, until=0)

    (summary,) = wait_for(service, 1)
    assert (summary["summary"], summary["count"]) == (True, 4)


def test_a_rule_that_is_changed_begins_anew_and_tells_what_it_held_back(serve):
    limited = OTHER.replace("    alert:", "    limit: {{first: 1, per: 1h, summary: true}}\n    alert:")
    service = watched(serve, limited.format(number=1), QUIET)
    service.tcp(f"<13>{now()} gate app: other x\n".encode() * 5)
    until(lambda: hits(service, "other1") == 5)
    write_rules(service.folder, limited.format(number=1).replace("other (", "another ("))
    reload(service)
    first, summary = wait_for(service, 2)

    assert (first["title"], summary["title"]) == ("1 x", "1 x … and 4 more")
    service.tcp(f"<13>{now()} gate app: other x\n".encode(), f"<13>{now()} gate app: another x\n".encode())
    assert [alert["title"] for alert in wait_for(service, 3)][2:] == ["1 x"]
    until(lambda: hits(service, "other1") == 6)


def test_all_rules_go_and_come_back_with_another_source(serve):
    service = watched(serve, COUNTED, QUIET)
    service.tcp(counted(2000))
    until(lambda: hits(service, "counted") == 2000)
    (service.folder / "rules/some.yaml").unlink()
    reload(service)
    assert service.status()["watcher"] is None
    service.tcp(counted(5))
    service.counts(2005)
    place = service.folder / "collector.yaml"
    place.write_text(place.read_text().replace("  - tcp: 127.0.0.1:0\n", "  - unix: ./log\n"))
    write_rules(service.folder, COUNTED.replace("count: 3000", "count: 2"))
    reload(service)
    service.udp(counted(1)[:-1], counted(1)[:-1])

    assert [alert["title"] for alert in wait_for(service, 1)] == ["2"]


def test_a_thousand_rules_come_in_without_a_pause_for_anybody(serve):
    service = watched(serve, COUNTED, QUIET)
    service.tcp(counted(10))
    rules = "".join(
        f"  - id: r{number}\n    kind: match\n    on: {{re: 'word{number} (?P<word>[a-z]+)'}}\n"
        f"    alert: {{title: x}}\n    do: log\n" for number in range(1000)
    )  # fmt: skip
    write_rules(service.folder, f"rules:\n{rules}", "many.yaml")
    assert reload(service)["pause"] < 0.2
    service.tcp(counted(10), f"<13>{now()} gate app: word999 x\n".encode())

    assert wait_for(service, 1)[0]["rule"] == "r999"
    until(lambda: hits(service, "counted") == 20)
    assert watcher(service)["rules"] == 1001
