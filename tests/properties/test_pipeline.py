"""What the pipeline writes and counts is what one message after the other would give, read the tolerant way."""

import tempfile
from pathlib import Path

import pytest
from hot_lines import BATCHES
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_rig import Oracle, Rig, plan_of, written

ALL = {"select": "*.*", "to": {"file": "FOLDER/all"}}
LEAN = [
    ALL,
    {"select": "*.info;auth.none", "to": {"file": "FOLDER/messages"}},
    {"select": "auth.*", "to": {"file": "FOLDER/auth"}},
    {"select": "local7.debug", "to": {"file": "FOLDER/auth"}},
    {"select": "auth.=crit", "to": {"file": "FOLDER/auth"}},
]
FORMATS = [
    {"select": "*.*", "to": {"file": f"FOLDER/{form}", "format": form}}
    for form in ("traditional", "json", "rfc5424", "raw", "short", "long")
]
FILTERS = [
    {"select": "*.*", "where": {"hostname": ["gate", "dc*"]}, "to": {"file": "FOLDER/gate"}},
    {"select": "*.notice", "where": {"message|contains": "text"}, "to": {"file": "FOLDER/text"}},
    {"select": "*.*", "where": {"app_name|exists": False}, "to": {"file": "FOLDER/nameless"}},
    {"select": "auth.*", "where": {"peer|cidr": "192.0.2.0/24"}, "to": {"file": "FOLDER/gate"}},
    {"select": "*.*", "where": {"charset": ["cp932", "euc-jp", "unknown"]}, "to": {"file": "FOLDER/not-utf-8"}},
]
PATHS = [
    {"select": "*.*", "to": {"file": "FOLDER/by-host/{{ hostname }}.log"}},
    {"select": "*.*", "to": {"file": "FOLDER/{{ timestamp | date('%Y-%m') }}/{{ app_name }}.json", "format": "json"}},
    {"select": "auth.*", "to": {"file": "FOLDER/{{ facility }}.{{ severity }}"}},
    {"select": "auth.*", "to": {"file": "FOLDER/plain"}},
]
HOSTS = [
    {"select": "*.*", "to": {"file": "FOLDER/by-host/{{ hostname }}.log"}},
    {"select": "*.info", "to": {"file": "FOLDER/short/{{ hostname | truncate(2) }}"}},
    {"select": "auth.*", "to": {"file": "FOLDER/{{ hostname | upper }}/auth"}},
    {"select": "auth.*", "to": {"file": "FOLDER/plain"}},
]
DAYS = [
    {"select": "*.*", "to": {"file": "FOLDER/{{ hostname }}/{{ timestamp | date('%Y-%m-%d') }}.log"}},
    {"select": "*.info", "to": {"file": "FOLDER/{{ timestamp | date('%H:%M') }} {{ hostname | lower }}"}},
    {"select": "auth.*", "to": {"file": "FOLDER/seconds/{{ timestamp }}"}},
    {"select": "auth.*", "to": {"file": "FOLDER/{{ received_at | date('%d') }}/{{ hostname }}"}},
    {"select": "*.*", "to": {"file": "FOLDER/plain"}},
]
TEMPLATES = {
    "short": "{{ timestamp }} {{ hostname }}%b%s {{ app_name }}[{{ proc_id }}] {{ message }}",
    "long": "{{ received_at | date('%H:%M') }} {{ message | upper }} {{ structured_data }} {{ line }} {{ raw }}",
}
SETTINGS = st.sampled_from(
    [
        {"timezone": "Asia/Tokyo"},
        {"timezone": {"default": "Europe/Berlin", "hosts": {"gate": "America/New_York", "198.51.100.0/24": "UTC"}}},
        {"timezone": "UTC", "charset": {"hosts": {"gate": "euc-jp", "192.0.2.0/24": "cp932"}}},
        {"timezone": "UTC", "charset": {"fallback": ["cp1252"]}},
    ]
)


def run(folder, routes, batches, configured):
    """The rig and the oracle after these batches."""
    plan = plan_of(folder, routes, **configured)
    with pytest.MonkeyPatch.context() as monkeypatch:
        rig = Rig(plan, monkeypatch)
        oracle = Oracle(plan, folder, routes)
        for frames, peers in batches:
            rig.gather(frames, peers)
            oracle.take(frames, peers)
        rig.close()
    return rig, oracle


@pytest.mark.parametrize(
    "routes",
    [LEAN, LEAN[1:], FORMATS, FILTERS, PATHS, HOSTS, DAYS],
    ids=["all", "some", "formats", "filters", "paths", "hosts", "days"],
)
@settings(max_examples=60)
@given(batches=st.lists(BATCHES, max_size=3), configured=SETTINGS)
def test_the_same_lines_are_in_the_same_files_in_the_same_order(routes, batches, configured):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rig, oracle = run(folder, routes, batches, {**configured, "templates": TEMPLATES})

        assert written(folder) == dict(oracle.lines)
        account = rig.account
        assert account.adds_up
        assert (account.received, account.rejected, account.unrouted) == (
            oracle.received,
            oracle.empty,
            oracle.unrouted,
        )
        for sink in account.sinks.values():
            assert (sink.dropped, sink.pending) == (0, 0)
        assert sum(sink.written for sink in account.sinks.values()) == sum(
            text.count(b"\n") for text in oracle.lines.values()
        )


@given(batches=st.lists(BATCHES, max_size=4), configured=SETTINGS)
def test_the_lean_way_and_the_full_way_write_the_same_traditional_files(batches, configured):
    with tempfile.TemporaryDirectory() as lean_name, tempfile.TemporaryDirectory() as full_name:
        lean_folder, full_folder = Path(lean_name), Path(full_name)
        lean, _ = run(lean_folder, LEAN, batches, configured)
        full, _ = run(
            full_folder,
            [*LEAN, {"select": "*.*", "to": {"file": "FOLDER/json", "format": "json"}}],
            batches,
            configured,
        )

        assert (lean.way, full.way) == ("Lean", "Full")
        for path in lean_folder.iterdir():
            assert path.read_bytes() == (full_folder / path.name).read_bytes()
