"""A framing is a file, a line in the registry, and a test that names it."""

from importlib import import_module
from pathlib import Path

import pytest

from collector.protocol.framing import FRAMERS


@pytest.mark.parametrize("name", FRAMERS)
def test_each_framer_reads_a_message_in_its_own_framing(name):
    module, _, attribute = FRAMERS[name].partition(":")
    framer = getattr(import_module(module), attribute)(1000)
    stream = {"octet-counting": b"7 <13>one", "nul": b"<13>one\0"}.get(name, b"<13>one\n")

    assert framer.feed(stream) in (b"<13>one\n", [b"<13>one"])


@pytest.mark.parametrize("name", FRAMERS)
def test_each_framer_has_tests(name):
    module = FRAMERS[name].partition(":")[0].rpartition(".")[2]

    assert Path(__file__).with_name(f"test_{module}.py").is_file()
