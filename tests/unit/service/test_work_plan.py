import io
import pickle
from dataclasses import fields

import pytest

from collector.service.plan import build_plan_from_text
from collector.service.work_plan import dump, finish, load

TEXT = """
sources:
  - udp: 127.0.0.1:5514
    allow: [192.0.2.0/24]
  - tcp: "[::1]:5514"
    timezone: Asia/Tokyo
  - unix: /run/log
routes:
  - "*.*  /var/log/all"
  - select: local0.*
    where: {app_name: "su*"}
    to: {file: "/var/log/{{ hostname }}", format: short, rotate: 10MB}
  - "mail.*  @192.0.2.1"
  - "kern.* ~"
templates: {short: "{{ hostname }} {{ message }}"}
timezone: {default: Europe/Berlin, hosts: {192.0.2.0/24: UTC}}
charset: {fallback: [cp932], hosts: {192.0.2.7: euc-jp}}
dns: {lookups: off}
max_files: 7
"""


@pytest.fixture
def plan():
    made, problems = build_plan_from_text(TEXT, "c.yaml")
    assert made is not None, problems
    return made.work


def dumped(plan):
    file = io.BytesIO()
    dump(plan, file)
    file.seek(0)
    return file


def comparable(value):
    """Objects without equality by what they are made of."""
    return pickle.dumps(value)


def test_what_is_loaded_is_what_was_dumped(plan):
    loaded = finish(load(dumped(plan)))

    assert (loaded.hash, loaded.zone, loaded.fallback, loaded.templates) == (
        plan.hash, plan.zone, plan.fallback, plan.templates,
    )  # fmt: skip
    assert loaded.destinations == plan.destinations
    assert [type(one) for one in loaded.sources] == [type(one) for one in plan.sources]
    assert [one.options for one in loaded.sources] == [one.options for one in plan.sources]
    assert list(loaded.layout.keys) == list(plan.layout.keys)
    assert [(key.kind, key.lost_as) for key in loaded.layout.keys] == [
        (key.kind, key.lost_as) for key in plan.layout.keys
    ]
    assert [route.text for route in loaded.routes] == [route.text for route in plan.routes]
    assert [route.where and route.where.spec for route in loaded.routes] == [
        route.where and route.where.spec for route in plan.routes
    ]
    for field in fields(plan):
        if field.name not in {"sources", "routes", "destinations", "layout"}:
            assert comparable(getattr(loaded, field.name)) == comparable(getattr(plan, field.name)), field.name


def test_it_is_read_in_many_small_steps(plan):
    steps = sum(1 for _ in load(dumped(plan)))

    assert steps >= len(plan.sources) + len(plan.routes) + len(plan.destinations) + len(plan.layout) // 400


def test_what_stands_behind_it_can_be_read_then(plan):
    file = dumped(plan)
    file.seek(0, io.SEEK_END)
    pickle.dump("more", file)
    file.seek(0)
    finish(load(file))

    assert pickle.load(file) == "more"


def test_finish_returns_the_value_of_a_generator():
    def steps():
        yield
        yield
        return "whole"

    assert finish(steps()) == "whole"
