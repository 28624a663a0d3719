"""Pictures are known by their content."""

import pytest

from mockserver.protocol.pictures import (
    detect_picture_type,
    is_usual_picture,
    make_data_url,
    name_picture,
)

PICTURES = {
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "image/gif": b"GIF89a\x01\x00",
    "image/bmp": b"BM\x46\x00\x00\x00",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
}
OTHERS = [
    b"",
    b"\x89",
    b"PNG",
    b"%PDF-1.7",
    b"GIF90a",
    b"RIFF\x24\x00\x00\x00WAVEfmt ",
    b"<svg xmlns='x'/>",
    b"II*\x00",
    b" \xff\xd8\xff",
    b"hello",
    b"\xff\xd8",
    b"MZ\x90",
    b"\x00\x00\x01\x00",
    b"WEBP",
    b"<html>",
]


@pytest.mark.parametrize(("kind", "content"), [*PICTURES.items(), ("image/gif", b"GIF87a")])
def test_the_five_kinds(kind, content):
    """JPEG, PNG, GIF, BMP and WebP are recognised by their first bytes."""
    assert detect_picture_type(content) == kind


@pytest.mark.parametrize("content", OTHERS)
def test_anything_else_is_no_picture(content):
    """Other formats, cut heads and text have no picture type."""
    assert detect_picture_type(content) == ""


@pytest.mark.parametrize("content", PICTURES.values())
def test_the_name_follows_the_content(content):
    """The same bytes have the same name, other bytes another."""
    assert name_picture(content) == name_picture(bytes(content))
    assert name_picture(content) != name_picture(content + b"\x00")


def test_a_data_url_carries_type_and_content():
    """The media type that the content has, then the content in base64 (RFC 2397)."""
    assert make_data_url(b"GIF89a!") == "data:image/gif;base64,R0lGODlhIQ=="


def test_three_kinds_are_usual():
    """Source: docs/spec/evidence-2026-11.md#evidence-1 (JPG, GIF, PNG in the siblings)."""
    usual = {kind for kind, content in PICTURES.items() if is_usual_picture(content)}
    assert usual == {"image/jpeg", "image/gif", "image/png"}
    assert not any(is_usual_picture(content) for content in OTHERS)
