"""The control API as a function, and the address of a sandbox in it."""

from typing import Any, Protocol
from urllib.parse import quote

__all__ = ["ControlCall", "sandbox_path"]


class ControlCall(Protocol):
    """The control API as a function, whichever way the call goes."""

    def __call__(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """Return the decoded JSON of the reply, None without content.

        Raises:
            ControlRefused: the problem document of a status of 400 or more.
        """
        ...


def sandbox_path(sandbox: str, *segments: str) -> str:
    """Return the path below `/_sandbox/` of a sandbox, with more segments below it.

    The id is escaped; segments are taken as they are and may hold slashes: `"clock/advance"`.
    An empty segment is left out.
    """
    return "/".join(("sandboxes", quote(sandbox, safe=""), *filter(None, segments)))
