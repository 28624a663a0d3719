"""`RemoteServer`: a server that runs elsewhere, with the same handles on its sandboxes."""

import os
from typing import Self, Unpack

from .arguments import WorldFields
from .control_client import Control
from .sandbox import Sandbox
from .transport import Http

__all__ = ["RemoteServer"]


class RemoteServer:
    """A running server at `url`; the default token is the variable TMALL_MOCKSERVER_TOKEN."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url.rstrip("/")
        self.token = token or os.environ.get("TMALL_MOCKSERVER_TOKEN", "")
        self._http = Http(self.url)

    @property
    def control(self) -> Control:
        """The server's control API."""
        return Control(self._http, self.token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def sandbox(
        self, *, direct: bool = False, attach: str = "", **document: Unpack[WorldFields]
    ) -> Sandbox:
        """Make a sandbox there and return its handle; `attach` names one that exists.

        `direct` has no effect on a remote server.

        Raises:
            Unreachable: no server answers.
            ControlRefused: the token is wrong, or the document cannot be.
        """
        return Sandbox(control=self.control, attach=attach, **document)
