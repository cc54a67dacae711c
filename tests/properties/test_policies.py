"""Whatever a source says of names and clocks, the fast way and the tolerant one write the same."""

import tempfile
from pathlib import Path

import pytest
from hot_lines import BATCHES
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_rig import Oracle, Rig, plan_of, written
from source_policies import POLICIES, ZONES

TRADITIONAL = [
    {"select": "*.*", "to": {"file": "FOLDER/all"}},
    {"select": "auth.*", "to": {"file": "FOLDER/auth"}},
]
FORMATS = [
    *(
        {"select": "*.*", "to": {"file": f"FOLDER/{form}", "format": form}}
        for form in ("json", "rfc5424", "raw", "own")
    ),
    {"select": "*.*", "where": {"hostname": "gate*"}, "to": {"file": "FOLDER/gate"}},
    {"select": "*.*", "to": {"file": "FOLDER/{{ timestamp | date }}/{{ hostname }}"}},
]
OWN = "{{ timestamp }} {{ time_source }} {{ hostname }} {{ line }} {{ raw }}"


@pytest.mark.parametrize("routes", [TRADITIONAL, FORMATS], ids=["traditional", "formats"])
@settings(max_examples=25)
@given(batches=st.lists(BATCHES, max_size=3), policy=POLICIES, zones=ZONES, table=st.booleans())
def test_the_same_lines_are_in_the_same_files_under_every_policy(routes, batches, policy, zones, table):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as monkeypatch:
        folder = Path(name)
        hosts = folder.with_suffix(".hosts")
        hosts.write_text("192.0.2.7 gate.example.net\n2001:db8::7 gate6\n")
        dns = {"hosts": str(hosts)} if table else "off"
        plan = plan_of(folder, routes, timezone=zones, dns=dns, templates={"own": OWN})
        rig, oracle = Rig(plan, monkeypatch, policy), Oracle(plan, folder, routes, policy)
        for frames, peers in batches:
            rig.take(frames, peers)
            oracle.take(frames, peers)
        rig.close()
        hosts.unlink()

        assert written(folder) == dict(oracle.lines)
        assert rig.account.adds_up
