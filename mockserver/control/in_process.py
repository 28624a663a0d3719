"""The control API as a function in this process: no sockets, no HTTP, no Flask.

Why: `Sandbox()`, scenarios and the machine call control verbs thousands of times in a test run.
Through a WSGI app each call would be written as JSON, parsed by Werkzeug, dispatched by Flask and
written as JSON again: 290 µs, of which the verb itself takes 40.  Flask's app also takes longer
to build than a sandbox.

The model: a control call is a verb, a path, a JSON body and a query.  There is one way to answer
it, `InProcessControl.answer`: find the route (`routes.resolve`), check the query, read the body,
run the handler, turn refusals of lower floors into problems.  Flask's door (`blueprint.py`) only
adds what belongs to HTTP: token, Host, reading the body, status and headers.  So both ways give
the same values and the same problem documents.

What must hold: a caller in process gets plain JSON values of its own, as over HTTP.  Bodies and
replies therefore go through msgspec's JSON once (some microseconds): an enum becomes its value, a
tuple a list, and nobody holds a reference into the sandbox's state.

Who may use it: handles of users (`client/`), scenario targets (`scenario_target.py`) and the
`play` handler, which gets it as `ControlRequest.call`, because `routes` imports that handler.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from ..scenario.target import ControlRefused, TargetFactory
from ..service.context import ServerContext
from ..service.problem import Problem, make_problem
from .route import ControlRequest, Route, parse_body
from .routes import resolve
from .scenario_target import SandboxTarget, gateway_sender, sandbox_targets

__all__ = ["InProcessControl", "in_process_target", "in_process_targets"]

_BASE_URL = "http://127.0.0.1"


class InProcessControl:
    """The control API of a server in this process.

    `base_url` is the address that replies hand out, e.g. in `gateway`.
    """

    def __init__(self, context: ServerContext, base_url: str = _BASE_URL) -> None:
        self.context = context
        self.base_url = base_url

    def __call__(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """Return the decoded JSON of the reply, None without content.

        `path` is escaped as in HTTP; without `/_sandbox` it is taken below it.  Keyword
        arguments are the query; None leaves one out.

        Raises:
            ControlRefused: the problem document of a status of 400 or more.
        """
        full_path = unquote(path if path.startswith("/_sandbox") else f"/_sandbox/{path}")
        texts = {name: str(value) for name, value in query.items() if value is not None}
        try:
            route, arguments = resolve(verb, full_path)
            reply = self.answer(route, arguments, texts, None if body is None else _plain(body))[1]
        except Problem as problem:
            document = self.context.directory.secrets.mask_tree(problem.document())
            raise ControlRefused(_plain(document)) from None
        return reply if reply is None or route.kind != "application/json" else _plain(reply)

    def answer(
        self, route: Route, arguments: Mapping[str, str], query: Mapping[str, str], body: Any
    ) -> tuple[int, Any]:
        """Return status and reply of `route`; `body` is the decoded JSON, None without one.

        Raises:
            Problem: whatever is wrong with the call.
        """
        try:
            _check_query(route, query)
            request = ControlRequest(
                self.context, arguments, query, parse_body(route, body), self.base_url, self
            )
            if "id" not in arguments:
                return route.run(request)
            with self.context.directory.uses.lease(arguments["id"]):
                return route.run(request)
        except Problem:
            raise
        except Exception as error:
            problem = make_problem(error)
            if problem is None:
                raise
            raise problem from None


def _plain(value: object) -> Any:
    """Return the value as JSON gives it back."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _check_query(route: Route, query: Mapping[str, str]) -> None:
    for name in query:
        if name not in route.query:
            names = ", ".join(route.query) or "-"
            raise Problem(
                400,
                f"没有查询参数 {name[:100]}；可用：{names}",
                f"no query parameter {name[:100]}; use: {names}",
                field=name[:100],
            )


def in_process_target(
    control: InProcessControl, sandbox: str, *, temporary: bool = True
) -> SandboxTarget:
    """Return a scenario target on a sandbox that exists.

    `temporary`: closing it deletes the sandbox.
    """
    context = control.context
    send = gateway_sender(context.answer, control.base_url)
    return SandboxTarget(control, send, sandbox, temporary=temporary, now=context.directory.real)


def in_process_targets(context: ServerContext) -> TargetFactory:
    """Return a function that makes a target on a fresh sandbox of `context`."""
    send = gateway_sender(context.answer, _BASE_URL)
    return sandbox_targets(InProcessControl(context), send, now=context.directory.real)
