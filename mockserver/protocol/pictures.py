"""Which picture a file is, by its content: file names and Content-Types of SDKs are not to be trusted."""

from base64 import b64encode
from hashlib import sha256

__all__ = ["data_url", "picture_name", "picture_type"]

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)


def picture_type(content: bytes) -> str:
    """The media type of a JPEG, PNG, GIF, BMP or WebP; empty for anything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if content.startswith(magic)), "")


def picture_name(content: bytes) -> str:
    """The name of a picture, from its content: the same picture has the same name."""
    return f"{sha256(content).hexdigest()[:32]}.{picture_type(content).removeprefix('image/')}"


def data_url(content: bytes) -> str:
    """The picture as a `data:` URL, as stories and control calls carry it."""
    return f"data:{picture_type(content)};base64,{b64encode(content).decode()}"
