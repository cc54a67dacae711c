"""What a source says of names and clocks: from its options to the way its messages take."""

from functools import partial

import pytest
from pipeline_rig import Rig, plan_of, written

from collector.config.load import component, load_settings_text
from collector.protocol.policy import DAY, DEFAULT, Policy
from collector.sinks import SINKS
from collector.sources import SOURCES, source_class

LINE = b"<13>Feb  3 08:09:09 liar app: text"
PEERS = ["192.0.2.7:514"]


def source_of(text):
    settings, problems = load_settings_text(
        f"sources: [{text}]\nroutes: ['*.* /x']", "c.yaml", source_kinds=SOURCES, sink_kinds=SINKS
    )
    kind = source_class(settings.sources[0].kind)
    options, found = component(settings.sources[0], kind.Options, settings.document)
    return options and kind(options), [str(problem) for problem in problems + found]


@pytest.mark.parametrize("kind", ["udp: ':514'", "tcp: ':514'", "unix: /run/log"])
@pytest.mark.parametrize(
    ("options", "policy"),
    [
        ("", DEFAULT),
        (", time: arrival", Policy(time="arrival")),
        (", max_skew: 10m", Policy(max_skew=600.0)),
        (", max_skew: none", Policy(max_skew=None)),
        (", max_skew: 0", Policy(max_skew=None)),
    ],
)
def test_every_source_has_a_policy_for_clocks(kind, options, policy):
    source, problems = source_of(f"{{{kind}{options}}}")

    assert problems == []
    assert source.policy == policy


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_sources_from_other_machines_have_a_policy_for_names(kind):
    source, _ = source_of(f"{{{kind}: ':514', hostname: peer}}")

    assert source.policy == Policy(hostname="peer", max_skew=DAY)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{udp: ':514', hostname: dns}", 'c.yaml:1:35: error: "dns" is not "message" or "peer"'),
        ("{udp: ':514', time: now}", 'c.yaml:1:31: error: "now" is not "sender" or "arrival"'),
        (
            "{udp: ':514', max_skew: 10}",
            "c.yaml:1:35: error: 10 is not a duration [bad-value]\n    hint: add a unit: 10s",
        ),
        ("{unix: /run/log, hostname: peer}", 'c.yaml:1:28: error: unknown key "hostname" [unknown-key]'),
    ],
)
def test_a_policy_that_is_none_is_told_with_its_place(source, problem):
    _, problems = source_of(source)

    assert problems[0].startswith(problem), problems


@pytest.mark.parametrize(
    ("policy", "way", "line"),
    [
        (DEFAULT, "lean", b"Feb  3 08:09:09 liar app: text\n"),
        (Policy(max_skew=None), "lean", b"Feb  3 08:09:09 liar app: text\n"),
        (Policy(hostname="peer"), "full", b"Feb  3 08:09:09 gate app: text\n"),
        (Policy(time="arrival"), "full", b"Feb  3 08:09:10 liar app: text\n"),
    ],
)
def test_only_messages_that_get_another_header_leave_the_lean_way(tmp_path, monkeypatch, policy, way, line):
    (tmp_path / "hosts").write_text("192.0.2.7 gate\n")
    folder = tmp_path / "out"
    plan = plan_of(
        folder,
        [{"select": "*.*", "to": {"file": "FOLDER/all"}}],
        timezone="UTC",
        dns={"hosts": str(tmp_path / "hosts")},
    )
    rig = Rig(plan, monkeypatch, policy)
    ways = []
    for name, one in (("lean", rig._pipeline._way), ("full", rig._pipeline._full)):
        monkeypatch.setattr(one, "split", partial(_noted, ways, name, one.split))
    rig.take([LINE], PEERS)
    rig.close()

    assert ways == [way]
    assert written(folder) == {str(folder / "all"): line}


def _noted(ways, name, split, batch):
    ways.append(name)
    return split(batch)
