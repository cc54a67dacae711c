"""The tables of a benchmark run, and the machine they were made on."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from figures import Figures
from scenarios import Ratio
from summary import Summary

CASE_ROW = "{:<14} {:<18} {:>8} {:>12} {:>11} {:>11} {:>8} {:>8} {:>9} {:>8} {:>7}"
_VERSION = re.compile(r"\d+(?:\.\d+)+")
RATIO_ROW = "{:<18} {:<46} {:>9} {:>10}  {}"


def machine() -> str:
    cpu = next((line for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "model name: unknown")
    memory = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    return (
        f"machine: {os.cpu_count()} cores ({cpu.partition(':')[2].strip()}), {memory / 2**20:.0f} GiB, "
        f"Linux {platform.release()}, load {os.getloadavg()[0]:.2f}\n"
        f"peers:   {_rsyslog_version()}, {_perl_versions()}, Python {platform.python_version()} ({sys.executable})"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def _rsyslog_version() -> str:
    program = shutil.which("rsyslogd", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin")
    if program is None:
        return "rsyslog not installed (Debian package rsyslog)"
    output = subprocess.run([program, "-v"], check=True, capture_output=True, text=True).stdout
    return " ".join(output.split()[:2])


def _perl_versions() -> str:
    versions = []
    for program, package in (("sec", "sec"), ("swatchdog", "swatch")):
        if shutil.which(program) is None:
            versions.append(f"{program} not installed (Debian package {package})")
            continue
        output = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
        versions.append(f"{program} {_VERSION.findall(output)[0]}")
    return ", ".join(versions)


def case_header() -> str:
    return CASE_ROW.format(
        "scenario", "case", "ns/line", "min-max", "sent/s", "lines/s", "lost", "twice", "disorder", "PSS MiB", "others"
    )  # fmt: skip


def case_row(scenario: str, case: str, found: Summary) -> str:
    low, high = found.cpu_range
    return CASE_ROW.format(
        scenario, case, f"{found.cpu_ns:.0f}", f"{low:.0f}-{high:.0f}", f"{found.sent_per_second:,.0f}",
        f"{found.lines_per_second:,.0f}", found.lost, found.duplicates, found.disorder, f"{max(found.pss):.0f}",
        f"{found.others:.2f}",
    )  # fmt: skip


def figures_row(scenario: str, case: str, found: Figures) -> str:
    texts = (f"{name} {_number(value)}" for name, value in found.values.items() if value)
    return f"{scenario:<18} {case:<16} " + " · ".join(texts)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"


def ratio_table(ratios: Mapping[str, Sequence[Ratio]]) -> str:
    rows = [RATIO_ROW.format("scenario", "ratio", "found", "target", "")]
    rows.extend(_ratio_row(scenario, ratio) for scenario, some in ratios.items() for ratio in some)
    return "\n".join(rows)


def _ratio_row(scenario: str, ratio: Ratio) -> str:
    value = f"{ratio.value:,}" if isinstance(ratio.value, int) else f"{ratio.value:.2f}"
    if ratio.limit is None:
        return RATIO_ROW.format(scenario, ratio.text, value, "", "").rstrip()
    target = f"{'>=' if ratio.at_least else '<='} {ratio.limit:g}"
    return RATIO_ROW.format(scenario, ratio.text, value, target, "met" if ratio.met else "MISSED")
