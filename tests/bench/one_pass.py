"""Programs that read a file of lines once and raise alerts: SEC, swatchdog, and ``collector check-rules --log``."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import rulesets
from rulesets import BenchRule
from servers import TOP


@dataclass(frozen=True)
class Pass:
    """What it took, in seconds of the clock and of CPU, and the alerts, sorted, each as ``rule key``."""

    seconds: float
    cpu: float
    alerts: list[str]
    said: str


@dataclass(frozen=True)
class Program:
    """``once(rules, file, folder)`` runs it; ``missing`` names what must be installed for it, if it is not."""

    once: Callable[[Sequence[BenchRule], Path, Path], Pass]
    missing: str | None


def timed(command: Sequence[str], folder: Path) -> Pass:
    """Raises RuntimeError when it fails, with the end of what it said."""
    output = folder / "output"
    began = time.monotonic()
    with output.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=TOP)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    said = output.read_text()
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{said[-2000:]}")
    return Pass(seconds, usage.ru_utime + usage.ru_stime, [], said)


# SEC at its best, found by trying (2.9.1): one line in the buffer, large reads, no list kept of what it does (debug and
# log), no internal contexts and events, no performance data; the rules that match most come first and stop the search.
SEC = ("--fromstart", "--notail", "--bufsize=1", "--blocksize=1048576", "--debug=1", "--nointcontexts", "--nointevents",
       "--noruleperf")  # fmt: skip


def sec(some_rules: Sequence[BenchRule], file: Path, folder: Path, *, every_rule: bool = False) -> Pass:
    alerts, config = folder / "sec.alerts", folder / "sec.rules"
    config.write_text(rulesets.sec_rules(some_rules, str(alerts), every_rule=every_rule))
    alerts.write_text("")
    found = timed(["sec", f"--conf={config}", f"--input={file}", *SEC], folder)
    return Pass(found.seconds, found.cpu, sorted(alerts.read_text().splitlines()), found.said)


def swatchdog(some_rules: Sequence[BenchRule], file: Path, folder: Path, *, every_rule: bool = False) -> Pass:
    """Its best is one pass without tail(1); its alerts are printed, which is its cheapest action."""
    config = folder / "swatchdog.rc"
    config.write_text(rulesets.swatchdog_rules(some_rules, every_rule=every_rule))
    found = timed(["swatchdog", f"--config-file={config}", f"--examine={file}", f"--script-dir={folder}"], folder)
    alerts = [line.removeprefix("alert: ") for line in found.said.splitlines() if line.startswith("alert: ")]
    return Pass(found.seconds, found.cpu, sorted(alerts), found.said)


def check_rules(some_rules: Sequence[BenchRule], file: Path | None, folder: Path, *, python: str) -> Pass:
    """Without a log, the rules alone are looked at."""
    config = folder / "rules.yaml"
    config.write_text(rulesets.collector_rules(some_rules, None))
    log = [] if file is None else ["--log", str(file)]
    found = timed([python, "-m", "collector", "check-rules", str(config), "--json", *log], folder)
    told = [json.loads(line) for line in found.said.splitlines() if line.startswith("{")]
    alerts = sorted(one["title"] for one in told if one["type"] == "alert")
    return Pass(found.seconds, found.cpu, alerts, found.said)


def missing(program: str, package: str) -> str | None:
    return None if shutil.which(program) else f"{program} (Debian package {package})"
