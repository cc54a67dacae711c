"""Policies that a source may have, and zones, for properties."""

from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from collector.protocol.policy import Policy

POLICIES = st.builds(
    Policy,
    zone=st.sampled_from([None, ZoneInfo("Asia/Tokyo")]),
    hostname=st.sampled_from(["message", "peer"]),
    time=st.sampled_from(["sender", "arrival"]),
    max_skew=st.sampled_from([None, 60.0, 86_400.0]),
)
ZONES = st.sampled_from(["UTC", {"default": "Europe/Berlin", "hosts": {"gate": "America/New_York"}}])
