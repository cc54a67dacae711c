"""
Messages for the tests of the fast way: put together of parts that are usual, odd, and nearly right, then damaged.

Made up for these tests. ``LINES`` are clean, as the lines of a batch; ``FRAMES`` hold any bytes.
"""

from itertools import repeat

from hypothesis import strategies as st

from collector.protocol.framing import Truncated
from collector.protocol.visible import is_clean


def _mostly(usual, odd):
    """One of the usual parts, in five cases of six."""
    return st.integers(0, 5).flatmap(lambda number: st.sampled_from(odd if number == 5 else usual))


_PRI = _mostly(
    ["<34>", "<0>", "<191>", "<135>", "<13>"],
    ["<192>", "<007>", "<1000>", "<>", "<", "", " <34>", "<34> ", "\ufeff<34>"],
)
_USUAL_STAMPS = [
    "Feb  3 08:09:10", "Oct 11 22:14:15", "Oct  1 00:00:00", "Oct 01 23:59:59", "Feb 29 12:00:00", "Feb 30 01:02:03",
    "Apr 31 01:02:03", "Feb  4 08:09:11",
]  # fmt: skip
_ODD_STAMPS = [
    "OCT 11 22:14:15", "October 11 22:14:15", "Oct 1 22:14:15", "Oct 11 24:00:00", "Oct 11 22:14:60",
    "Oct 11 22:14:15.123", "Oct 11 2026 22:14:15", "2026 Oct 11 22:14:15", "Oct 11 22:14:15 2026",
    "Oct 11 22:14:15 CET", "Oct 11 22:14:15 UTC", "Oct 11 22:14:15 UTC-0900", "Oct 11 22:14:15 GMT-03:00",
    "Oct 11 22:14:15 +0900", "Oct 11 22:14:15Z", "Oct 11 22:14:15:", "Oct 11 22:14:15 CET 2026", "Oct 00 22:14:15",
    "2026-02-03T08:09:10Z", "2026-02-03 08:09:10", "1770106150.123", "12: Oct 11 22:14:15", "*Oct 11 22:14:15",
]  # fmt: skip
_USUAL_STAMPS_5424 = [
    "2026-02-03T08:09:10Z", "2026-02-03T17:09:10.5+09:00", "2026-02-03T08:09:10.123456-03:30", "1999-12-31T23:59:59Z",
    "2099-12-31T00:00:00Z", "1900-01-01T00:00:00Z", "2026-02-03T08:09:10-00:00", "2026-02-03T08:09:10.000000Z",
]  # fmt: skip
_ODD_STAMPS_5424 = [
    "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-03T08:09:60Z", "-",
    "2026-02-03T08:09:10", "2026-02-03T08:09:10.1234567Z", "2026-02-03T08:09:10+24:00", "2026-02-03t08:09:10z",
    "2026-02-03T08:09:10.120Z", "2026-02-03T24:00:00Z",
]  # fmt: skip
_USUAL_HOSTS = ["gate", "gw-1.example.net", "192.0.2.7", "WEB", "DC01", "EXAMPLE", "42", "x", "A1", "a--b__c..d", "fw1"]
_ODD_HOSTS = [
    "2001:db8::1", "[2001:db8::1]:514", "CET", "UTC", "GMT", "last", "Message", "Forwarded", "2026", "1999", "2101",
    "-", "_x", ".x", "host.", "h:", "日本", "UTC-0900", "GMT-03", "UTC-09", "su:", "cron[12]", "../../etc/cron.d/x",
    "Feb", "Z", "HST-1",
]  # fmt: skip
_TEXTS = [
    "sshd[411]: Failed password for bob from 192.0.2.7 port 22 ssh2", "su: pam_unix(su:session)", "su:", "su: ",
    "security[failure] 861 NT AUTHORITY\\SYSTEM 着信", "security[success]", "security[success] ", "Error[error]: x",
    "app[info] \ufefftext", "two plain words", "one", "a", "", " leading blank", "  two blanks",
    "last message repeated 3 times", "message repeated 2 times: [x]", "message repeated 3 times", "from gate: text",
    "forwarded from gate: text", "http://example.net/x", "C:\\Temp\\x.log opened", "CEF:0|v|p|1|2|n|5|a=b",
    "LEEF:1.0|v|p", "12:30:01 begun", ": %ASA-6-302013: Built", "%SYS-5-CONFIG_I: Configured", "%ASA-6-302013 Built",
    ":", ": text", "x[1]:", "x[]: y", "x[1]", "x[1] y", "x[1]text: y", "x[1.2]: y", "x[a]: y", f"x[{'9' * 128}]: y",
    f"x[{'9' * 129}]: y", "tag:text", "tag:1", "tag:/x", "a/b.c_d-e: x", "./-: x", "-: x", "a:b[3]: c", "\ufefftext",
    "tag: \ufefftext", "tag:\ufefftext", "tag:\ttext", "tag\ttext", 'quoted "text" with \\ and \t',
    "kernel: [  12.345678] usb 1-1: new", "MSWinEventLog\t1\tSecurity", "repeated 2 times", "ｶﾅ kana", "[audit] x",
    '{"a": "b"}', "id=3 x=y", "<34>Oct 11 22:14:15 x y: z", "#12 issue", "%", "2026 text", "CET text",
    "00:11:22:33:44:55 mac", "-- MARK --", "a b", "word. Next: x",
]  # fmt: skip
_FIELD = _mostly(["app", "-", "411", "ID47", "--", "-x", "a]b", '"', "\\", "a[1]", "x" * 60, "="], ["日", "a b"])
_USUAL_DATA = ["-", "-", "-", '[a b="c"]', '[a@32473 b="c" d="e"][f]', '[a b="\\]"]', '[a[b c="d"]', "[a]"]
_ODD_DATA = [
    '[a b="\\]"]', '[a b="\\\\"]', '[a b="\\"q\\""]', '[a b="c\\n"]', '[a b="x]y"]', "[a]", "[a b=c]", '[a  b="c"]',
    '[a b="c"]]', '[a b="日本"]', "[", "[]", "[a][a]", '[a b="1" b="2"]', "--", "-x", '[a b="c" ]', '[a[b c="d"]',
    '[a b="] x"]', '[a b="C:\\"]', '[a b="\t"]', "",
]  # fmt: skip
_SPRINKLES = [
    " ", "  ", ":", "[", "]", "<", ">", "-", ".", "/", "\\", "\t", '"', "=", "%", "1", "0", "9" * 5, "a", "Z", "é",
    "日", "\ufeff", "\u3000", "\u0661", "Feb ", " 2026", " CET", "last ", "Forwarded from ", "#", "|", "_", ",", "+",
    "Z ", "1 ", "<34>",
]  # fmt: skip

_BLANK = _mostly([" "], ["", "  ", "\t", ": ", " : "])
_STAMP = _mostly(_USUAL_STAMPS, _ODD_STAMPS)
_STAMP_5424 = _mostly(_USUAL_STAMPS_5424, _ODD_STAMPS_5424)
_HOST = _mostly(_USUAL_HOSTS, _ODD_HOSTS)
_VERSION = _mostly(["1"], ["0", "2", "01", "1 ", ""])
_DATA = _mostly(_USUAL_DATA, _ODD_DATA)
_TEXT = st.sampled_from(_TEXTS)

_BSD = st.builds("{}{}{}{}{}{}".format, _PRI, _STAMP, _BLANK, _HOST, _BLANK, _TEXT)
_IETF = st.builds(
    "{}{} {} {} {} {} {} {}{}{}".format,
    _PRI, _VERSION, _STAMP_5424, _HOST, _FIELD, _FIELD, _FIELD, _DATA, _BLANK, _TEXT,
)  # fmt: skip
_ODD = st.builds("{}{}".format, _PRI, _TEXT)
_DAMAGE = st.lists(st.tuples(st.integers(0, 70), st.integers(0, 3), st.sampled_from(["", *_SPRINKLES])), max_size=2)


def _damaged(line, damage):
    for at, gone, new in damage:
        line = line[:at] + new + line[at + gone :]
    return line


_WHOLE_LINES = st.one_of(_BSD, _IETF, _BSD, _IETF, _ODD)
LINES = st.one_of(_WHOLE_LINES, st.builds(_damaged, _WHOLE_LINES, _DAMAGE)).filter(
    lambda line: line and is_clean(line.encode())
)
"""str: clean lines."""

_KANJI = "着信"
_DIRT = [
    b"\n", b"\r", b"\0", b"\x1b[31m", b"\x7f", b"\x85", b"\xc2\x85", "\u2028".encode(), b"\xff", b"\xe3\x81", b"\x82",
    b"\xc2", b"#123", b"#000", b"#", b"^[$B", b'\x1b$B$"\x1b(B', b"\x1b(J", "\u9ad9".encode("cp932", "replace"),
    b"\x83\x5c", b"\xa4\xa2", *(_KANJI.encode(codec) for codec in ("utf-8", "cp932", "euc_jp", "iso2022_jp")),
    b"\n<34>Feb  3 08:09:10 forged su: x", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\t", b"\x8f", b"\xef\xbb\xbf",
    b"\x1b$(D\x22\x2f\x1b(B",
]  # fmt: skip
_WHOLE = [
    b"", b"\n", b"\0", b"\r\n", b"\xff\xfe", b"\xfe\xff", b"\x1b(J",
    "\ufeff<34>Feb  3 08:09:10 gate su\0\n".encode("utf-16-le"), b"\x80", b"\xe3", b"<", b" ", b"\t", b"\xef\xbb\xbf",
    "\ufeff".encode("utf-16-be"), b"#012",
]  # fmt: skip
_CODECS = st.sampled_from(["utf-8"] * 6 + ["cp932", "euc_jp", "iso2022_jp", "latin-1", "utf-16"])


def _frame(line, codec, dirt, cut):
    frame = line.encode(codec, "replace")
    for at, bytes_ in dirt:
        frame = frame[:at] + bytes_ + frame[at:]
    return Truncated(frame[:-1], 9) if cut and len(frame) > 1 else frame


FRAMES = st.one_of(
    LINES.map(str.encode),
    st.builds(
        _frame, LINES, _CODECS, st.lists(st.tuples(st.integers(0, 90), st.sampled_from(_DIRT)), max_size=2),
        st.sampled_from([False] * 7 + [True]),
    ),
    st.sampled_from(_WHOLE),
    st.binary(max_size=40),
)  # fmt: skip
"""bytes: any frames, clean ones most of all."""

PEERS = st.sampled_from(["192.0.2.7:4428", "192.0.2.7:4429", "[2001:db8::7]:514", "198.51.100.9:514", "gate", None])


def as_lines(frames):
    """What of these frames can stand in a block: without LF, CR and NUL, and not empty."""
    kept = (bytes(frame).translate(None, b"\r\n\0") for frame in frames)
    return b"".join(frame + b"\n" for frame in kept if frame)


BATCHES = st.one_of(
    st.lists(st.tuples(FRAMES, PEERS), min_size=1, max_size=9).map(
        lambda pairs: tuple(map(list, zip(*pairs, strict=True)))
    ),
    st.tuples(st.lists(FRAMES, min_size=1, max_size=9).map(as_lines).filter(bool), PEERS.map(repeat)),
)
"""(frames, peers) as sources deliver them: a list of frames with a peer each, or a block from one peer."""
