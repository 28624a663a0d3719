"""What a finding of the doctor is, and a kind of finding with its sentences."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

__all__ = ["Finding", "FindingText"]


class Finding(Struct, frozen=True, omit_defaults=True):
    """One finding: an id that `explain` knows, a sentence in both languages, and the place."""

    id: str
    zh: str
    en: str
    at: Mapping[str, Any] = {}


class FindingText(Struct, frozen=True):
    """One kind of finding: its sentences, and the codes it comes with (0: a business failure).

    `about_zh` and `about_en` explain it where the sentence alone would not."""

    id: str
    codes: tuple[int, ...]
    zh: str
    en: str
    about_zh: str = ""
    about_en: str = ""
