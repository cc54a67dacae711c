"""A source may have a time zone of its own, for senders that do not name theirs."""

import json

from pipeline_rig import assembled

from collector.metrics import Board
from collector.service.meter import Meter
from collector.service.pipeline import Origin
from collector.service.plan import build_plan_from_text
from collector.service.senders.source_senders import SourceSenders
from collector.sinks.files import OpenFiles

_CONFIG = """
sources:
  - udp: 127.0.0.1:5514
  - {{tcp: "127.0.0.1:5514", timezone: Asia/Tokyo}}
timezone: {{default: UTC, hosts: {{berlin: Europe/Berlin}}}}
routes: [{{select: "*.*", to: {{file: "{folder}/all", format: json}}}}]
state_dir: {folder}
"""


def test_stamps_without_a_zone_are_read_in_that_of_their_source(tmp_path):
    plan, problems = build_plan_from_text(_CONFIG.format(folder=tmp_path), "c.yaml")
    assert plan is not None, problems
    slot = Board(plan.layout, 1).slot(0)
    files = OpenFiles(4)
    pipeline = assembled(plan, slot, files).pipeline
    for source in plan.sources:
        meter = Meter(slot, plan.layout, source=source.name)
        for host in (b"gate", b"berlin", b"[odd]"):
            line = b"<13>Feb  3 17:09:09 %b app: x" % host
            origin = Origin(meter, SourceSenders("udp"), can_wait=True, policy=source.policy)
            pipeline.take([line], 1, lambda: ["192.0.2.7:514"], origin)
    files.close()
    records = [json.loads(line) for line in (tmp_path / "all").read_text().splitlines()]

    assert [record["timestamp"][-6:] for record in records] == [
        "+00:00", "+01:00", "+00:00", "+09:00", "+01:00", "+09:00",
    ]  # fmt: skip
