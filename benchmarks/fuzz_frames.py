"""Throw broken frames at the message channel: no crash, no hang, no growth.

    python -m benchmarks.fuzz_frames [INPUTS] [SEED]

Each input is a frame that clients send, changed in a way that only the seed decides: bits flipped,
bytes cut, doubled or put in, lengths that lie, pieces of two frames joined, or noise.  A session
takes it as the port would.  It may answer or refuse; anything else it raises is a crash.  An input
that takes more processor time than LIMIT_SECONDS is a hang; more memory after the second half than
after the first is growth.  1,000,000 inputs (the default) take some minutes.
"""

import gc
import struct
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from random import Random
from time import perf_counter, process_time

from mockserver.protocol.shapes import BEIJING
from mockserver.protocol.signing import sign
from mockserver.push.frames import Byte, Frame, FrameKind, write_frame
from mockserver.push.session import ClientSession, PushDoor, Rejected
from mockserver.world.default_world import APP_KEY, APP_SECRET
from mockserver.world.directory import Directory
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.journal import Journal
from mockserver.world.world import World

__all__ = ["fuzz", "mutate"]

LIMIT_SECONDS = 0.5
MAX_GROWTH_BYTES = 2_000_000
_SESSION_INPUTS = 200  # after which a client connects anew
_JOURNAL = 200


def fuzz(inputs: int, seed: int) -> Counter[str]:
    """Return how many inputs ended in which way: `answered`, `silent`, `refused`.

    Raises:
        AssertionError: an input took too long.
        Exception: whatever a session should not have raised.
    """
    random = Random(seed)
    directory = Directory(lambda: datetime.now(BEIJING))
    world = World(directory, read_document({}, WorldDocument), id="default", journal=_JOURNAL)
    directory.add(world)
    number = iter(range(10 * inputs + 10))
    door = PushDoor(directory, Journal(_JOURNAL), lambda: (next(number), "fuzz"))
    outcomes: Counter[str] = Counter()
    session, frames = ClientSession(door), [b""]
    for place in range(inputs):
        if place % _SESSION_INPUTS == 0:
            session = ClientSession(door)
            session.receive(session.read(write_frame(_connect())))
            frames = [write_frame(frame) for frame in _frames(session.token)]
        raw = mutate(random, frames)
        began = process_time()  # of this process: other programs do not count
        outcomes[_take(session, raw)] += 1
        assert process_time() - began < LIMIT_SECONDS, raw.hex()
    return outcomes


def _take(session: ClientSession, raw: bytes) -> str:
    try:
        answers = session.receive(session.read(raw))
    except Rejected:
        return "refused"
    for world in session.worlds() if session.connected else ():
        session.next_frames(world)
    return "answered" if answers else "silent"


def _connect() -> Frame:
    fields = {"app_key": APP_KEY, "group_name": "default", "timestamp": "1764384000000"}
    return Frame(
        FrameKind.CONNECT, flag=1, custom={**fields, "sign": sign(fields, APP_SECRET), "sdk": "f"}
    )


def _frames(token: str) -> list[Frame]:
    """Return the frames that clients send."""
    send = FrameKind.SEND
    return [
        _connect(),
        Frame(send, token=token, custom={"__kind": Byte(1)}),
        Frame(send, token=token, custom={"__kind": Byte(2), "id": 3_000_000_000_000_001}),
        Frame(send, token=token, custom={"__kind": Byte(20), "id": 1, "msg": "failed"}),
        Frame(send, flag=7, token=token, custom={"__kind": Byte(3), "topic": "t", "content": "{}"}),
    ]


def mutate(random: Random, frames: list[bytes]) -> bytes:
    """Return one of the frames, broken."""
    raw = bytearray(random.choice(frames))
    for _ in range(random.choice((0, 1, 1, 1, 2, 4))):
        random.choice(_CHANGES)(random, raw, frames)
    return bytes(raw)


def _flip(random: Random, raw: bytearray, frames: list[bytes]) -> None:
    if raw:
        raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)


def _cut(random: Random, raw: bytearray, frames: list[bytes]) -> None:
    del raw[random.randrange(len(raw) + 1) :]


def _insert(random: Random, raw: bytearray, frames: list[bytes]) -> None:
    place = random.randrange(len(raw) + 1)
    raw[place:place] = random.randbytes(random.randrange(1, 40))


def _double(random: Random, raw: bytearray, frames: list[bytes]) -> None:
    start = random.randrange(len(raw) + 1)
    raw[start:start] = raw[start : start + random.randrange(1, 40)]


def _lie(random: Random, raw: bytearray, frames: list[bytes]) -> None:
    """Put a length there that is wrong: huge, negative, zero, or just beyond the end."""
    if len(raw) >= 4:
        size = random.choice((0, -1, 1, 2**31 - 1, -(2**31), len(raw), len(raw) + 1))
        struct.pack_into("<i", raw, random.randrange(len(raw) - 3), size)


def _join(random: Random, raw: bytearray, frames: list[bytes]) -> None:
    other = random.choice(frames)
    raw[random.randrange(len(raw) + 1) :] = other[random.randrange(len(other) + 1) :]


def _noise(random: Random, raw: bytearray, frames: list[bytes]) -> None:
    raw[:] = random.randbytes(random.randrange(200))


_CHANGES: tuple[Callable[[Random, bytearray, list[bytes]], None], ...] = (
    _flip,
    _flip,
    _cut,
    _insert,
    _double,
    _lie,
    _lie,
    _join,
    _noise,
)


def _measure() -> int:
    """Return the bytes in use, without what nobody refers to any more."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def main() -> None:
    """Fuzz in two halves; exit 1 where memory grows from one to the other."""
    inputs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = perf_counter()
    tracemalloc.start(1)
    outcomes = fuzz(inputs // 2, seed)
    first = _measure()
    outcomes += fuzz(inputs - inputs // 2, seed + 1)
    growth = _measure() - first
    ways = ", ".join(f"{count} {way}" for way, count in outcomes.most_common())
    print(f"{inputs} inputs in {perf_counter() - began:.0f} s: {ways}; growth {growth} bytes")
    if growth > MAX_GROWTH_BYTES:
        sys.exit(f"memory grew by {growth} bytes, {MAX_GROWTH_BYTES} are allowed")


if __name__ == "__main__":
    main()
