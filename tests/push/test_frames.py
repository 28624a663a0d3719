"""Frames of the message channel: bytes to values and back, against bytes written by hand."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fuzz_frames import fuzz, mutate
from mockserver.push.frames import BadFrame, Byte, Frame, FrameKind, read_frame, write_frame

TOKEN = "d6f0c8a2-0000-4000-8000-0123456789ab"
# top-7.6 and top-7.7: the captured answer to CONNECT, and what the official clients send
ACK = b"\x02\x01\x04\x00\x01\x00\x00\x00\x05\x00\x24\x00\x00\x00" + TOKEN.encode() + b"\0\0"
PULL = (
    b"\x02\x02\x05\x00\x24\x00\x00\x00"
    + TOKEN.encode()
    + b"\x01\x00\x06\x00\x00\x00__kind\x02\x01\x00\x00"
)
CONFIRM = PULL[:-4] + b"\x02\x02\x01\x00\x02\x00\x00\x00id\x05\x08\x07\x06\x05\x04\x03\x02\x01\0\0"


def test_the_captured_answer_is_written_byte_by_byte():
    """The answer to CONNECT has the bytes of the captured one."""
    assert write_frame(Frame(FrameKind.CONNECTACK, flag=1, token=TOKEN)) == ACK


def test_no_flag_is_no_header():
    """A client that sent no flag gets none."""
    assert write_frame(Frame(FrameKind.CONNECTACK, token=TOKEN)) == ACK[:2] + ACK[8:]


def test_the_pull_request_of_60_bytes_is_read():
    """The documented pull request is one of 60 bytes."""
    assert len(PULL) == 60
    assert read_frame(PULL) == Frame(FrameKind.SEND, token=TOKEN, custom={"__kind": 1})


def test_the_confirm_of_77_bytes_is_read():
    """The documented confirm is one of 77 bytes, its id 64 bits, little-endian."""
    assert len(CONFIRM) == 77
    assert read_frame(CONFIRM).custom == {"__kind": 2, "id": 0x0102030405060708}


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (b"\0", None),
        (b"\1\2\0\0\0\xc3\xa4", "ä"),
        (b"\1\0\0\0\0", ""),
        (b"\2\xff", 255),
        (b"\3\xff\xff", -1),
        (b"\4\0\0\1\0", 65536),
        (b"\5\xff\xff\xff\xff\xff\xff\xff\x7f", 2**63 - 1),
        (b"\6\0\0\0\0\0\0\0\0", datetime(1970, 1, 1, tzinfo=UTC)),
        (b"\6\xff\xff\xff\xff\xff\xff\xff\x7f", 2**63 - 1),
        (b"\7\2\0\0\0\0\1", b"\0\1"),
    ],
)
def test_every_format_of_a_value_is_read(form, value):
    """Eight formats; a date beyond the calendar stays a number."""
    raw = b"\2\2\1\0\1\0\0\0x" + form + b"\0\0"
    assert read_frame(raw).custom == {"x": value}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "more bytes"),
        (b"\2", "more bytes"),
        (b"\1\2\0\0", "version 1"),
        (b"\2\4\0\0", "no kind 4"),
        (b"\2\2", "more bytes"),
        (b"\2\2\0", "more bytes"),
        (b"\2\2\0\0\0", "bytes after the end"),
        (b"\2\2\x09\0\0\0", "no header type 9"),
        (b"\2\2\xff\xff\0\0", "no header type -1"),
        (b"\2\2\1\0\1\0\0\0x\x08\0\0", "no value format 8"),
        (b"\2\2\5\0\xff\xff\xff\xff\0\0", "negative length"),
        (b"\2\2\5\0\xff\xff\xff\x7f\0\0", "more bytes"),
        (b"\2\2\5\0\1\0\0\0\xff\0\0", "not UTF-8"),
        (b"\2\2" + b"\4\0\0\0\0\0" * 65 + b"\0\0", "more than 64 headers"),
        (b"\2" * (256 * 1024 + 1), "above 262144 bytes"),
    ],
)
def test_what_is_no_frame_is_named(raw, words):
    """Bytes that are no frame are refused with the place and the cause, in both languages."""
    with pytest.raises(BadFrame) as refused:
        read_frame(raw)
    assert words in refused.value.en
    assert "字节" in refused.value.zh


@pytest.mark.parametrize("size", range(len(CONFIRM)))
def test_a_frame_that_is_cut_anywhere_is_refused(size):
    """No prefix of a frame is a frame."""
    with pytest.raises(BadFrame):
        read_frame(CONFIRM[:size])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    """Whatever comes is a frame or a `BadFrame`, and what was read can be written."""
    try:
        frame = read_frame(raw)
    except BadFrame:
        return
    write_frame(frame)


_CUT = st.integers(0, len(CONFIRM) - 1)


@given(_CUT, st.integers(0, 255))
def test_one_wrong_byte_breaks_nothing(place, byte):
    """A frame with one byte changed is read or refused."""
    changed = CONFIRM[:place] + bytes([byte]) + CONFIRM[place + 1 :]
    try:
        read_frame(changed)
    except BadFrame:
        return


_VALUES = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.integers(0, 255).map(Byte),
    st.integers(-(2**63), 2**63 - 1),
)


@given(
    st.sampled_from(list(FrameKind)),
    st.none() | st.integers(-(2**31), 2**31 - 1),
    st.none() | st.text(max_size=40),
    st.dictionaries(st.text(min_size=1, max_size=8), _VALUES, max_size=8),
)
def test_what_is_written_is_read_again(kind, flag, token, custom):
    """Writing and reading give the same frame."""
    frame = Frame(kind, flag=flag, token=token, custom=custom)
    assert read_frame(write_frame(frame)) == frame


def test_broken_frames_end_in_an_answer_or_a_refusal():
    """2,000 seeded inputs crash and hang nothing; `python -m benchmarks.fuzz_frames` does more."""
    outcomes = fuzz(2_000, seed=1)

    assert outcomes.total() == 2_000
    assert {"answered", "silent", "refused"} == set(outcomes)


def test_the_fuzzer_repeats_itself():
    """The same seed gives the same inputs."""
    frames = [ACK, PULL, CONFIRM]
    one, other = Random(3), Random(3)

    assert [mutate(one, frames) for _ in range(50)] == [mutate(other, frames) for _ in range(50)]
