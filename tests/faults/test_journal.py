"""Journals under real kills, and on a real disk that is full."""

import os
import random
import signal
import subprocess
import sys
import threading

import pytest
from journal_rig import everything, read_all, segments_in
from observing import until

from collector.sinks.journal import JournalError, JournalReader, JournalWriter

KILLS = 15

WRITER = """
import sys, random
from collector.sinks.journal import JournalWriter
writer = JournalWriter(sys.argv[1], segment_bytes=200_000)
chance = random.Random(int(sys.argv[2]))
number = int(sys.argv[2])
block = chance.randbytes(100_000)
while True:
    payload = b"%d " % number + block[: chance.randrange(100_000)]
    writer.append(payload)
    print(number, flush=True)
    number += 1
"""


def numbers(payloads):
    return [int(payload.partition(b" ")[0]) for payload in payloads]


def start_writer(folder, number):
    return subprocess.Popen([sys.executable, "-c", WRITER, folder, str(number)], stdout=subprocess.PIPE, text=True)


def test_nothing_that_was_appended_is_lost_however_often_the_writer_is_killed(tmp_path):
    chance = random.Random(3164)
    told, got, number = [], [], 0
    reader = JournalReader(str(tmp_path / "journal"), "mail")
    for _ in range(KILLS):
        process = start_writer(tmp_path / "journal", number)
        told += [int(process.stdout.readline()) for _ in range(chance.randrange(1, 30))]
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        told += [int(line) for line in rest.splitlines()]
        for position, payload in read_all(reader):
            got.append(int(payload.partition(b" ")[0]))
            reader.commit(position)
        number = got[-1] + 1
        reader.close()
        reader = JournalReader(str(tmp_path / "journal"), "mail")
    losses = reader.losses
    reader.close()

    assert got == list(range(number)), "each once, in order"
    assert set(told) <= set(got)
    assert (losses.entries, losses.damaged_bytes) == (0, 0)


def test_a_reader_at_work_while_the_writer_is_killed_gets_each_entry_once(tmp_path):
    got, number = [], 0
    reader = JournalReader(str(tmp_path / "journal"), "mail")
    for _ in range(5):
        process = start_writer(tmp_path / "journal", number)
        ended = threading.Event()
        drain = threading.Thread(target=lambda process=process, ended=ended: (process.stdout.read(), ended.set()))
        drain.start()
        enough = len(got) + 150
        while len(got) < enough:
            got += numbers(until(lambda: everything(reader)))
        process.send_signal(signal.SIGKILL)
        assert ended.wait(20)
        drain.join()
        process.stdout.close()
        process.wait()
        got += numbers(everything(reader))
        number = got[-1] + 1
    losses = reader.losses
    reader.close()

    assert got == list(range(number))
    assert (losses.entries, losses.damaged_bytes) == (0, 0)


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("no right to mount here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    with (folder / "other").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def append_each(writer, payloads):
    taken = []
    for payload in payloads:
        try:
            writer.append(payload)
        except JournalError:
            continue
        taken.append(payload)
    return taken


@pytest.mark.parametrize("segment_bytes", [20_000, 100_000, 1 << 20])
def test_on_a_full_disk_an_append_is_refused_nothing_before_it_is_lost_and_it_goes_on_by_itself(
    small_disk, segment_bytes
):
    folder = small_disk / "journal"
    writer = JournalWriter(str(folder), segment_bytes=segment_bytes)
    reader = JournalReader(str(folder), "mail")
    payloads = [b"%d %s" % (number, bytes(7000)) for number in range(120)]
    taken = append_each(writer, payloads[:60])
    assert 0 < len(taken) < 60, "the disk filled up"
    fill(small_disk)
    assert append_each(writer, payloads[60:70]) == []
    assert everything(reader) == taken
    (small_disk / "other").unlink(missing_ok=True)
    reader.commit_place(reader.place)
    writer.tidy()
    if len(segments_in(folder)) == 1:  # all in the one that is being written: room comes from elsewhere
        subprocess.run(["mount", "-o", "remount,size=2m", small_disk], check=True)
    later = append_each(writer, payloads[70:])
    assert later[0] == payloads[70]
    assert len(later) > 10
    assert everything(reader) == later
    assert (reader.losses.entries, reader.losses.damaged_bytes) == (0, 0)
    writer.close()
    reader.close()


def test_a_writer_that_starts_on_a_full_disk_says_so_and_goes_on_when_there_is_room(small_disk):
    folder = small_disk / "journal"
    writer = JournalWriter(str(folder))
    writer.append(b"one")
    writer.close()
    fill(small_disk)
    writer = JournalWriter(str(folder))
    with pytest.raises(JournalError, match="No space left on device"):
        writer.append(b"two" * 5000)
    (small_disk / "other").unlink()
    writer.append(b"two")
    reader = JournalReader(str(folder))
    assert everything(reader) == [b"one", b"two"]
    reader.close()
    writer.close()
