"""Many calls in one request: split it, answer each, join the answers.

The model.  Parameters that all calls share stand in the query, and the sign covers them and the raw
body.  The body has one urlencoded list for each call, joined by CRLF, `-S-`, CRLF, or by what the
header `top-api-separator` says; `N` is an empty list, and a first part that begins with `#PUBLIC#`
holds parameters for all.  What concerns the whole request (app, timestamp, sign) is checked once,
and refused with one error, which clients tell by the number of answers.  After that each call is
answered as if it came alone: with quota, fault, unit of work and journal entry of its own, so one
can fail beside others that succeed.

A client that has one address for all posts its batches to `/router/rest`, as the official Java
client does with such an address: plain text, with a sign but no method in the query.

A part must not bring parameters of its own where the sign was checked with others: `app_key` in a
part is a repeated parameter.

Source: docs/spec/top-protocol.md#top-1.5; docs/spec/evidence-2026-11.md#evidence-8.
"""

import gzip
import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from urllib.parse import urlencode

from msgspec.structs import replace

from ..protocol.binding import make_invalid_error, make_missing_error
from ..protocol.errors import TopError
from ..protocol.forms import BadForm, parse_urlencoded
from ..protocol.messages import Inbound, Reply, SandboxBusy
from ..storage.port import StoreUnavailable
from .call import Call
from .checks import BATCH_CHECKS
from .pipeline import Gateway

__all__ = ["BatchGateway", "is_batch"]

_SEPARATOR = "\r\n-S-\r\n"
_PUBLIC = "#PUBLIC#"
_EMPTY = "N"
_OK = "200 OK"
_MAX_SEPARATOR = 100  # characters
_FORM = "application/x-www-form-urlencoded;charset=UTF-8"
_IN_QUERY = re.compile(rb"(?:^|&)(method|sign)=")
# Of the request, not of one call: the sign was checked with these.
_SHARED = frozenset(
    ("app_key", "timestamp", "v", "format", "sign_method", "sign", "simplify", "partner_id")
)


class BatchGateway(Gateway):
    """A gateway that also answers batches."""

    def answer(self, inbound: Inbound) -> Reply:
        """Return the reply to one call, or the joined replies to a batch.

        Raises:
            SandboxBusy: the call may not wait, and its sandbox is at work; nothing has happened.
        """
        if inbound.stopping or not is_batch(inbound):
            return super().answer(inbound)
        whole = replace(inbound, batch=True)
        if not inbound.may_wait:
            raise SandboxBusy  # many calls may take long
        try:
            outcome = self._open(whole)
        except StoreUnavailable as unavailable:
            return self.refuse_without_store(whole, unavailable)
        if isinstance(outcome, Reply):
            return outcome
        replies = [self.answer(part) for part in outcome]
        return _join(replies, _read_separator(inbound), compress=inbound.gzip)

    def _open(self, inbound: Inbound) -> list[Inbound] | Reply:
        """Return the calls of a batch, or the reply that refuses it."""
        number, call = self.begin_call(inbound)
        sandbox = call.caller_sandbox or self.lookup.directory.get(self.lookup.lax)
        with nullcontext() if sandbox is None else sandbox.unit_of_work() as call.work:
            try:
                for check in BATCH_CHECKS:
                    check(call, self.lookup)
                return list(_split(call))
            except TopError as error:
                return self.refuse_call(call, error, number)


def is_batch(inbound: Inbound) -> bool:
    """Return True if the request holds many calls: by its path, or by the form of the request."""
    if inbound.part or inbound.verb != "POST":
        return False
    if inbound.batch:
        return True
    if not inbound.content_type.lower().startswith("text/plain"):
        return False
    return {match[1] for match in _IN_QUERY.finditer(inbound.query)} == {b"sign"}


def _read_separator(inbound: Inbound) -> str:
    return inbound.separator[:_MAX_SEPARATOR] or _SEPARATOR


def _split(call: Call) -> Iterator[Inbound]:
    """Yield each call of a batch whose sign is right.

    Raises:
        TopError: 40, there is none; 41, they are too many.
    """
    assert call.world is not None
    parts = call.raw_body.split(_read_separator(call.inbound))
    public: list[tuple[str, str]] = []
    if parts[0].startswith(_PUBLIC):
        public = _read_pairs(parts.pop(0).removeprefix(_PUBLIC))
    if not any(parts):
        raise make_missing_error("method")
    most = call.world.view.rules.number("batch_max")
    if len(parts) > most:
        raise make_invalid_error(
            "batch",
            f"一次批量调用最多 {most} 个接口(规则 batch_max)，这次有 {len(parts)} 个",
            f"at most {most} calls (rule batch_max); this batch has {len(parts)}",
        )
    for text in parts:
        own = "" if text.strip() == _EMPTY else text
        names = {name for name, _ in _read_pairs(own)} - _SHARED
        common = {**call.texts, **{name: value for name, value in public if name not in _SHARED}}
        head = urlencode({name: value for name, value in common.items() if name not in names})
        yield replace(
            call.inbound,
            query=b"",
            content_type=_FORM,
            body=f"{head}&{own}".encode() if own else head.encode(),
            gzip=False,
            batch=False,
            part=True,
        )


def _read_pairs(text: str) -> list[tuple[str, str]]:
    """Return what can be read of a list of parameters; the call itself is refused for the rest."""
    try:
        return parse_urlencoded(text.encode())
    except BadForm as wrong:
        return wrong.pairs


def _join(replies: Sequence[Reply], separator: str, *, compress: bool) -> Reply:
    """Return one reply of all, with the headers of the first and the first planned disturbance."""
    body = separator.encode().join(reply.body for reply in replies)
    headers = {**dict(replies[0].headers), "top-bodylength": str(len(body.decode()))}
    if compress:
        body = gzip.compress(body, 1, mtime=0)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    delivery = next((reply.delivery for reply in replies if reply.delivery is not None), None)
    status = next((reply.status for reply in replies if reply.status != _OK), _OK)
    return Reply(body, tuple(headers.items()), status, delivery)
