"""Keep the pictures of a sandbox within its rules `pictures_max` and `pictures_max_bytes`.

Equal pictures have one name, so they are kept, and counted, once.  A snapshot keeps those of its
state; a reset or a restore brings back those of the state that it goes to and frees all others.
"""

from collections.abc import Mapping

from ..domain.rules import RuleValues
from .document import BadDocument

__all__ = ["PicturesFull", "add_pictures"]


class PicturesFull(BadDocument):
    """A sandbox has no room for a picture; `zh` and `en` name both limits and what frees room."""

    def __init__(self, most: int, most_bytes: int) -> None:
        super().__init__(
            "pictures",
            f"一个独立环境最多保存 {most} 张、共 {most_bytes} 字节的图片；重置(reset)释放它们，"
            "规则 pictures_max 和 pictures_max_bytes 放宽上限",
            f"a sandbox keeps at most {most} pictures of {most_bytes} bytes together; reset frees"
            " them, the rules pictures_max and pictures_max_bytes allow more",
            conflict=True,
        )


def add_pictures(pictures: dict[str, bytes], added: Mapping[str, bytes], rules: RuleValues) -> None:
    """Put `added` into `pictures`, both content by name.

    Raises:
        PicturesFull: there would be too many, or too many bytes; nothing was added.
    """
    new = {name: content for name, content in added.items() if name not in pictures}
    if not new:
        return
    most, most_bytes = rules.number("pictures_max"), rules.number("pictures_max_bytes")
    size = sum(map(len, pictures.values())) + sum(map(len, new.values()))
    if len(pictures) + len(new) > most or size > most_bytes:
        raise PicturesFull(most, most_bytes)
    pictures.update(new)
