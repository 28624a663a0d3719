"""What picture a file holds, by its content: names and types that SDKs send cannot be trusted."""

from base64 import b64encode
from hashlib import sha256

__all__ = ["detect_picture_type", "is_usual_picture", "make_data_url", "name_picture"]

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)


def detect_picture_type(content: bytes) -> str:
    """Return the media type of a JPEG, PNG, GIF, BMP or WebP, empty for anything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if content.startswith(magic)), "")


def is_usual_picture(content: bytes) -> bool:
    """Return True for JPG, GIF and PNG, which the sibling methods document.

    Source: docs/spec/evidence-2026-11.md#evidence-1.
    """
    return detect_picture_type(content) in ("image/jpeg", "image/gif", "image/png")


def name_picture(content: bytes) -> str:
    """Return a picture's name, made from its content: equal pictures have one name."""
    extension = detect_picture_type(content).removeprefix("image/")
    return f"{sha256(content).hexdigest()[:32]}.{extension}"


def make_data_url(content: bytes) -> str:
    """Return the picture as a `data:` URL, as scenarios and control calls carry it."""
    return f"data:{detect_picture_type(content)};base64,{b64encode(content).decode()}"
