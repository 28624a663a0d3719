"""Moves as the control API takes them: pictures inside a document, and what they may be."""

from base64 import b64encode

import pytest

from mockserver.domain.rules import DEFAULTS
from mockserver.domain.vocabulary import Actor
from mockserver.world.document import BadDocument
from mockserver.world.move_parser import parse_move

WEBP = b"RIFF\x1a\0\0\0WEBPVP8 " + bytes(16)


def data_url(content, media_type="image/png"):
    """A picture as it is pasted into a document."""
    return f"data:{media_type};base64,{b64encode(content).decode()}"


def leave_message(pics, rules=DEFAULTS):
    """A seller's message with pictures, parsed."""
    return parse_move(Actor.SELLER, "leave_message", {"content": "看图", "pics": pics}, rules)


def test_a_picture_is_kept_beside_the_move(png):
    """The move names the picture, the content comes with it; an address stays as it is."""
    parsed = leave_message([data_url(png), "https://img.example/1.png"])
    [(name, content)] = parsed.pictures.items()
    assert content == png
    assert parsed.move.pics == (name, "https://img.example/1.png")


@pytest.mark.parametrize(
    "pics",
    [
        "data:image/png;base64,iVBORw0KGgo=",
        [1],
        [None],
        ["ftp://img.example/1.png"],
        ["data:image/png;base64,***"],
        ["data:image/png;base64,图片"],
        ["data:image/png;base64,abc"],
        ["data:image/png;base64,"],
        ["data:text/plain;base64,aGVsbG8="],
    ],
)
def test_what_is_no_picture_is_refused_by_its_field(pics):
    """No list, no address, broken Base64, and what is inside another kind of file."""
    with pytest.raises(BadDocument) as refusal:
        leave_message(pics)
    assert refusal.value.field == "pics"
    assert refusal.value.zh and refusal.value.en


def test_only_usual_pictures_where_the_rule_says_so(png):
    """With `picture_limits` a WebP picture is refused by name of what is possible."""
    strict = DEFAULTS.with_changes({"picture_limits": "refuse"})
    lenient = DEFAULTS.with_changes({"picture_limits": "warn"})
    assert list(leave_message([data_url(WEBP, "image/webp")], lenient).pictures.values()) == [WEBP]
    assert list(leave_message([data_url(png)], strict).pictures.values()) == [png]
    with pytest.raises(BadDocument, match="JPG, GIF or PNG") as refusal:
        leave_message([data_url(WEBP, "image/webp")], strict)
    assert refusal.value.field == "pics"


def test_a_picture_has_a_largest_size(png):
    """A picture of exactly the rule's bytes is taken, one with a byte more is not."""
    rules = DEFAULTS.with_changes({"message_picture_max_bytes": len(png)})
    assert list(leave_message([data_url(png)], rules).pictures.values()) == [png]
    with pytest.raises(BadDocument) as refusal:
        leave_message([data_url(png + b"\0")], rules)
    assert refusal.value.field == "pics"
