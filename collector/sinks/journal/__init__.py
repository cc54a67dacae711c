"""
A journal: what one process appends, others read at their own pace, each from where it left off. A folder on disk.

    writer = JournalWriter("journal/worker-0", on_drop=count)
    writer.append(b"a batch")                       # one writev(2); returns the position after it

    reader = JournalReader("journal/worker-0", "correlator")
    for position, payload in reader.read():
        …
    reader.commit(position)                         # "I need nothing before this any more"

One process writes, any number read. What has been appended survives the death of any process at any moment; nothing
waits for the disk, so the machine's own death may cost the last seconds. Whoever is slow holds nobody up: when the
journal is full its oldest segment goes, and both ends count what was lost.

On disk
-------

    worker-0/
    ├── 00000000000000000000-9f3c52d07ab1e864.v1    a segment: entries, one after the other, and nothing else
    ├── 00000000000016770310-9f3c52d07ab1e864.v1
    ├── 00000000000017004511-52be80c6610dfa37.v1    the newest one, which alone grows
    ├── correlator.position                          a consumer: the place up to which it needs nothing any more
    └── writer.lock                                  held by the process that writes (fcntl(2), F_SETLK)

    a segment's name:    <position of its first byte, 20 digits>-<mark, 16 hexadecimal digits>.v1

    an entry:
      0        8         12        16         24
      ┌────────┬─────────┬─────────┬──────────┬──────────────┐
      │ mark   │ size    │ CRC-32  │ number   │ payload      │      numbers are little-endian
      └────────┴─────────┴─────────┴──────────┴──────────────┘
       8 bytes  4 bytes   4 bytes   8 bytes    `size` bytes

    a position file, two such lines, written in turn:
      <count> <position> <number> <mark> <CRC-32 of what stands before it>

- A *position* counts the bytes of all entries since the journal's beginning, so the byte at position p of a segment
  that begins at b is at offset p - b. A segment ends where the next one begins.
- *number* counts entries since the journal's beginning. A reader that finds a number missing knows how many were lost.
- The *mark* is drawn at random whenever a writer opens the journal; each such *run* of a writer has segments of its
  own. Nobody who sends messages can know it. So after damaged bytes a reader looks for the mark, and what it finds is
  an entry, never a part of a message that was made to look like one. And whoever comes with the place of another run
  (the machine went down before bytes reached the disk, or the folder was removed) is not led astray by its position.
- The *CRC-32* (zlib's) covers position, number, size and payload.

Life of an entry's bytes:

    writev(2) ──whole──▶ there ──every consumer has committed a place behind its segment──▶ deleted
        │                  └──the journal is over max_bytes──▶ dropped: on_drop, and the reader's losses
        ├──no room──▶ cut off again; append raises, the next one tries anew
        └──writer killed in it──▶ torn: readers wait before it; the next run cuts it off

A reader that comes to bytes that are no entry waits, as they may be one that is just being written, until an entry
follows or another segment: then they are damaged, skipped and counted.
"""

from collector.sinks.journal.bell import Bell
from collector.sinks.journal.positions import Place
from collector.sinks.journal.reader import Entry, JournalReader
from collector.sinks.journal.writer import JournalError, JournalWriter

__all__ = ["Bell", "Entry", "JournalError", "JournalReader", "JournalWriter", "Place"]
