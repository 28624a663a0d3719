"""`RemoteServer`: a server that runs elsewhere, with the same handle on its sandboxes as a local one."""

import os
from types import TracebackType
from typing import Self

from .control_client import Control
from .sandbox import Sandbox
from .transport import Http

__all__ = ["RemoteServer"]


class RemoteServer:
    """A running server at `url`; without a token the variable TMALL_MOCKSERVER_TOKEN is taken."""

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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def sandbox(self, *, direct: bool = False, **document: object) -> Sandbox:
        """A fresh sandbox there; `attach` names one that exists.  A remote server is never `direct`.

        Raises:
            Unreachable: no server answers.
            ControlRefused: the token is wrong, or the document cannot be.
        """
        return Sandbox(control=self.control, **document)  # type: ignore[arg-type]  # `attach` is a text
