"""Every stream is fed whole, byte by byte, in two parts, and with a tail: the same frames, and no byte is missing."""

from collector.protocol.framing import Framer, Truncated
from collector.protocol.framing.auto import AutoFramer
from collector.protocol.framing.delimited import LineFramer, NulFramer
from collector.protocol.framing.octet_counting import OctetCountingFramer

Pieces = list[bytes]
TAILS = {LineFramer: b"<14>tail\n", NulFramer: b"<14>tail\0", OctetCountingFramer: b"8 <14>tail"}


def frames_of(framer: Framer, pieces: Pieces) -> list[bytes]:
    """The frames of a whole connection; checks after each read that every byte is accounted for."""
    fed = handed = 0
    frames: list[bytes] = []
    for piece in pieces:
        fed += len(piece)
        got = framer.feed(piece)
        handed += sum(map(len, got)) if isinstance(got, list) else len(got)
        frames += as_list(got)
        assert fed == handed + framer.delimiters + framer.lost + framer.pending
    last = framer.finish()
    handed += sum(map(len, last))
    assert fed == handed + framer.delimiters + framer.lost
    assert framer.pending == 0
    if not any(problem.fatal for problem in framer.problems):
        assert framer.lost == sum(problem.lost for problem in framer.problems)
    return frames + last


def as_list(frames: bytes | list[bytes]) -> list[bytes]:
    """Frames of either shape as a list; checks the promises of a block."""
    if isinstance(frames, list):
        return frames
    if not frames:
        return []
    lines = frames[:-1].split(b"\n")
    assert frames.endswith(b"\n")
    assert b"" not in lines
    assert b"\0" not in frames
    assert b"\r\n" not in frames
    return lines


def tail_of(make: type[Framer], stream: bytes, limit: int) -> bytes | None:
    """One more message in the framing of a stream that ended between two frames."""
    framer = make(limit)
    framer.feed(stream)
    if framer.pending or limit < len("<14>tail"):
        return None
    return TAILS.get(type(framer._framer) if isinstance(framer, AutoFramer) else make)


def ways(stream: bytes) -> list[Pieces]:
    """The same bytes as a connection may bring them."""
    single = [stream[i : i + 1] for i in range(len(stream))]
    halves = [[stream[:i], stream[i:]] for i in range(1, len(stream), max(1, len(stream) // 20))]
    return [[stream], single, *halves]


def outcome(framer: Framer, pieces: Pieces) -> tuple[list[tuple[bytes, int | None]], list[str], int]:
    """What a stream came to: frames with what each lost, the problems' reasons, how many frames were empty."""
    frames = [
        (bytes(frame), frame.lost if isinstance(frame, Truncated) else None) for frame in frames_of(framer, pieces)
    ]
    return frames, [problem.reason for problem in framer.problems], framer.empty


def feed(make: type[Framer], stream: bytes, limit: int = 65536) -> tuple[list[bytes], list[str]]:
    """The frames of a stream and the reasons of its problems, the same in whatever pieces it comes."""
    outcomes = [outcome(make(limit), pieces) for pieces in ways(stream)]
    assert all(other == outcomes[0] for other in outcomes)
    frames, reasons, _ = outcomes[0]
    if (tail := tail_of(make, stream, limit)) is not None:
        longer, _, _ = outcome(make(limit), [stream + tail])
        assert longer == [*frames, (b"<14>tail", None)]
    return [frame for frame, _ in frames], reasons
