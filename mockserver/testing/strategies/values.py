"""Single values as users and the platform write them, within the documented limits.

All shrink towards what is short, early and small.
"""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...domain.durations import MAX_DURATION, format_duration
from ...protocol.pictures import make_data_url
from ...protocol.shapes import BEIJING, format_time
from ...world.clock import EARLIEST, LATEST
from ...world.default_world import DISTRICTS

__all__ = [
    "EARLIEST_INSTANT",
    "INT64",
    "LATEST_INSTANT",
    "data_urls",
    "durations",
    "ids",
    "instants",
    "names",
    "nicks",
    "numbers",
    "phones",
    "pictures",
    "places",
    "prices",
    "tokens",
    "waybills",
    "words",
]

INT64 = 2**63 - 1
_DOUBLE = 2**53  # the first whole number whose successor a double cannot hold
_SMALL = 1_000_000  # below all ids that the product makes up
_LETTERS = (
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzàéîöü换货退款买家卖发收尺码不合"
    "适颜色大小姐先生𠮷"
)
# What breaks encodings, forms and signatures first.
_SIGNS = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~·…“”、。「」《》！（），：；？￥🎁"
_MAX_CHARACTER_BYTES = 4  # in UTF-8
_DIGITS = "0123456789"
_PICTURE_HEADS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM", b"RIFF\0\0\0\0WEBP")
EARLIEST_INSTANT = datetime(EARLIEST, 1, 1, tzinfo=BEIJING)
LATEST_INSTANT = datetime(LATEST, 12, 31, 23, 59, 59, tzinfo=BEIJING)


def words(most: int = 20, *, least: int = 1, max_bytes: int = 0) -> SearchStrategy[str]:
    """Draw a text of printable characters, not blank unless `least` is 0.

    `most` counts characters; `max_bytes`, if not 0, is the limit of the text in UTF-8.
    """
    longest = min(most, max_bytes // _MAX_CHARACTER_BYTES) if max_bytes else most
    drawn = st.text(_LETTERS + _SIGNS, min_size=least, max_size=max(longest, least))
    return drawn.filter(str.strip) if least else drawn


def names() -> SearchStrategy[str]:
    """Draw a name of letters and digits, as URLs can hold it."""
    return st.text(_LETTERS, min_size=1, max_size=20)


def nicks() -> SearchStrategy[str]:
    """Draw the nick of an account; `main` and `sub` are names that the product gives."""
    return words(25).filter(lambda nick: nick.strip() not in ("main", "sub"))


def tokens(least: int = 20, most: int = 56) -> SearchStrategy[str]:
    """Draw a key, secret or session: letters of hexadecimal numbers."""
    return st.text("0123456789abcdef", min_size=least, max_size=most)


def ids() -> SearchStrategy[str | int]:
    """Draw an id as a number or as its digits; most are beyond what a double holds exactly."""
    number = st.integers(_DOUBLE + 1, INT64) | st.integers(1, _SMALL)
    return number | number.map(str)


def numbers(least: int, most: int) -> SearchStrategy[int]:
    """Draw a whole number; both bounds come often."""
    return st.integers(least, most) | st.sampled_from((least, most))


def prices() -> SearchStrategy[str | int]:
    """Draw a price in yuan: with two decimals, with one, or whole."""
    fen = numbers(0, 10**14 - 1)
    return fen.map(lambda value: f"{value // 100}.{value % 100:02}") | fen.map(
        lambda value: value // 100
    )


def instants(
    earliest: datetime = EARLIEST_INSTANT, latest: datetime = LATEST_INSTANT
) -> SearchStrategy[str]:
    """Draw a `yyyy-MM-dd HH:mm:ss` text between two instants, as GMT+8 shows it."""
    seconds = st.integers(int(earliest.timestamp()), int(latest.timestamp()))
    return seconds.map(lambda second: format_time(datetime.fromtimestamp(second, BEIJING)))


def durations(
    least: timedelta = timedelta(), most: timedelta = MAX_DURATION
) -> SearchStrategy[str]:
    """Draw a duration in whole seconds as users type it: `3d12h`."""
    seconds = numbers(int(least.total_seconds()), int(most.total_seconds()))
    return seconds.map(lambda second: format_duration(timedelta(seconds=second)))


def phones() -> SearchStrategy[str]:
    """Draw a phone number that no subscriber has."""
    return st.text(_DIGITS, min_size=8, max_size=8).map(lambda tail: f"100{tail}")


def places() -> SearchStrategy[str]:
    """Draw an address as trades show it: 省^^^市^^^区^^^详细."""
    return st.builds(
        lambda district, detail: "^^^".join((*district[:3], detail)),
        st.sampled_from(DISTRICTS),
        words(30),
    )


def waybills() -> SearchStrategy[str]:
    """Draw a waybill as carriers write it."""
    return st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", min_size=5, max_size=32)


def pictures() -> SearchStrategy[bytes]:
    """Draw the bytes of a small picture."""
    return st.builds(bytes.__add__, st.sampled_from(_PICTURE_HEADS), st.binary(max_size=64))


def data_urls() -> SearchStrategy[str]:
    """Draw a small picture as moves and scenarios carry it."""
    return pictures().map(make_data_url)
