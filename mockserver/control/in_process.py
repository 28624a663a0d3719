"""A stage inside the server: control routes and the gateway are called without HTTP."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from ..api.signed_call import Credentials, build_signed_params, encode_body, extract_files
from ..protocol.messages import Inbound
from ..scenario.curl import curl_line
from ..scenario.target import TargetFactory, TargetRefused, TargetReply, lost_reply, read_reply
from ..service.problem import Problem, problem_of
from ..service.serializers import serialize_sandbox
from ..world.clock import FROZEN_AT
from ..world.document import BadDocument, read_world
from ..world.world import World
from .route import ControlRequest, Route, ServerContext, shaped

__all__ = ["InProcessTarget", "SharedSandboxTarget", "in_process_targets"]


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path))


class InProcessTarget:
    """One sandbox of a desk as a story's stage; `made` tells that it is dropped with the stage."""

    def __init__(
        self,
        desk: ServerContext,
        routes: Sequence[Route],
        world: World,
        *,
        made: bool,
        base_url: str = "http://127.0.0.1",
    ) -> None:
        self._desk, self._world, self._made, self._base_url = desk, world, made, base_url
        self._routes = routes
        self.info: Mapping[str, Any] = serialize_sandbox(world, base_url)

    def ask(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """A control call below the sandbox.

        Raises:
            Refused: with the problem document.
        """
        whole = f"/_sandbox/sandboxes/{quote(self._world.id, safe='')}" + (
            f"/{path}" if path else ""
        )
        texts = {name: str(value) for name, value in query.items()}
        try:
            for route in self._routes:
                found = _pattern(route.path).fullmatch(whole) if route.verb == verb else None
                if found:
                    names = {name: unquote(text) for name, text in found.groupdict().items()}
                    return route.run(
                        ControlRequest(
                            self._desk, names, texts, shaped(route, body), self._base_url
                        )
                    )[1]
            raise Problem(404, f"没有 {verb} {path}", f"no {verb} {path}")
        except Exception as wrong:
            problem = wrong if isinstance(wrong, Problem) else problem_of(wrong)
            if problem is None:
                raise
            raise TargetRefused(problem.document()) from None

    def call(self, method: str, params: Mapping[str, object], session: str) -> TargetReply:
        """A signed call through the gateway."""
        who = Credentials(self.info["app_key"], self.info["app_secret"], session)
        files = extract_files(params)
        texts = build_signed_params(method, params, who, self._desk.directory.real())
        body, kind = encode_body(texts, files)
        reply = self._desk.gateway.answer(Inbound("POST", b"", kind, body, self._base_url))
        curl = curl_line(self.info["gateway"], texts, files)
        if reply.delivery is not None and reply.delivery.loss:
            return lost_reply(reply.delivery.loss, curl)
        return read_reply(reply.body, curl)

    def close(self) -> None:
        """The sandbox is dropped if it was made for the story."""
        if self._made:
            self._desk.directory.drop(self._world)


class SharedSandboxTarget(InProcessTarget):
    """A living sandbox in which a story is a guest: its exchanges follow the story's ruleset, the sandbox stays."""

    def __init__(
        self,
        desk: ServerContext,
        routes: Sequence[Route],
        world: World,
        *,
        base_url: str,
        ruleset: str,
    ) -> None:
        super().__init__(desk, routes, world, made=False, base_url=base_url)
        self._ruleset = ruleset

    def ask(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """As of any stage; an opening that names no ruleset takes the story's."""
        if (
            (verb, path) == ("POST", "exchanges")
            and isinstance(body, dict)
            and "attributes" not in body
        ):
            body = {"ruleset": self._ruleset, **body}
        return super().ask(verb, path, body, **query)


def in_process_targets(desk: ServerContext, routes: Sequence[Route]) -> TargetFactory:
    """Makes stages on fresh sandboxes of a desk; a world document without a clock is frozen, as in tests."""

    def make(document: Mapping[str, Any]) -> InProcessTarget:
        try:
            world = World(
                desk.directory, read_world({"clock": FROZEN_AT, **document}), journal=desk.journal
            )
            desk.directory.add(world)
        except BadDocument as wrong:
            problem = problem_of(wrong)
            assert problem is not None
            raise TargetRefused(problem.document()) from None
        return InProcessTarget(desk, routes, world, made=True)

    return make
