"""The refused call as the doctor examines it: all that a diagnosis needs, nothing of the gateway.

The gateway builds one of these for each call that it refused or that failed; `doctor --stdin`
builds one from a pasted request.  So a diagnosis can be made without a server.
"""

from collections.abc import Mapping

from msgspec import Struct

from ..api.declaration import Method
from ..domain.errors import DomainError
from ..protocol.errors import TopError
from ..protocol.forms import Upload
from ..protocol.messages import Inbound
from ..world.directory import Directory
from ..world.identity import App, Session
from ..world.world import World

__all__ = ["RefusedCall"]


class RefusedCall(Struct, frozen=True, kw_only=True):
    """One call that was refused, that failed, or that only a lax server accepted.

    `texts` are the text parameters in the order sent, of which the first `query_count` came in the
    query; `raw_body` is a JSON or XML body; `repeated` is the first name that came twice, or "".
    `world`, `app`, `session` and `method` are None where the checks did not get so far. `error` is
    the platform error that was answered, `failure` the business failure, `tolerated` the platform
    error that a lax server let pass.  `planned` is True when a planned fault made the error.
    `cause` is the explanation so far, in Chinese and in English.
    """

    inbound: Inbound
    directory: Directory
    texts: Mapping[str, str]
    query_count: int = 0
    files: tuple[Upload, ...] = ()
    raw_body: str = ""
    repeated: str = ""
    world: World | None = None
    app: App | None = None
    session: Session | None = None
    method: Method | None = None
    error: TopError | None = None
    failure: DomainError | None = None
    tolerated: TopError | None = None
    planned: bool = False
    cause: tuple[str, str] = ("", "")

    def text(self, name: str) -> str:
        """Return the value of a text parameter, "" if it was not sent."""
        return self.texts.get(name, "")
