"""From a plain `Inbound` to a plain `Reply`: checks, then the move or query, then the reply's form.

The journal entry is closed before the reply leaves.  Knows no Flask and no socket.
"""

import gzip
from collections.abc import Callable
from itertools import count
from time import perf_counter_ns
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from ..api.declaration import Method, response_wrapper
from ..api.records import RecordKind, RecordView, build_exchange_record, build_message_record
from ..domain.errors import DomainError, IllegalMove
from ..domain.moves import PICTURES_FIELD, LeaveMessage
from ..domain.rules import RULES
from ..domain.table import TABLE
from ..protocol.errors import TopError
from ..protocol.forms import Upload
from ..protocol.json_form import read_tree, write_json
from ..protocol.messages import Inbound, Reply
from ..protocol.pictures import picture_name
from ..protocol.shapes import Items, Tree
from ..protocol.xml_form import write_xml
from ..world.faults.fault_kinds import Effect
from ..world.faults.fault_matching import FaultCandidate, FaultMatch
from ..world.identity import Session
from ..world.journal import CAPACITY, Entry, Journal
from ..world.masking import kept, mask_params, mask_reply, scrub
from .call import Call, read_call
from .checks import CHECKS, SandboxLookup, world_of
from .faults.read_effects import apply_read_effect
from .faults.reply_effects import (
    apply_fault,
    fault_refusal,
    fault_sentences,
    mark_entry,
    timeout_error,
)
from .queries import QUERIES, QueryContext, asked_fields

__all__ = ["Gateway", "fault_place"]

_ROWS = {row.name: row for row in TABLE}


class Gateway:
    """Answers calls for every sandbox of a directory.

    `refused` is told of each call that was refused or failed: the line for the terminal.  `journal` keeps the calls that
    belong to no sandbox.
    """

    def __init__(
        self,
        lookup: SandboxLookup,
        refused: Callable[[Entry], None] = lambda entry: None,
        journal: int = CAPACITY,
    ) -> None:
        self.lookup = lookup
        self.journal = Journal(journal)
        self._refused = refused
        self._numbers = count(1)

    def answer(self, inbound: Inbound) -> Reply:
        """The reply to one call; platform errors and business failures are replies too."""
        call, text = self._delivered(inbound, None)
        return _reply(call, text) if call.hit is None else self._harmed(call, call.hit, text)

    def _harmed(self, call: Call, hit: FaultMatch, text: str) -> Reply:
        """What leaves when a planned fault has struck a call that has been journalled."""
        if hit.fault.declared.effect is Effect.TWICE:
            return _reply(*self._delivered(call.inbound, replace(hit, again=True)))
        lost = timeout_error(hit)
        if lost is not None:
            text = _written(call, "error_response", lost.tree())
        return apply_fault(_reply(call, text), hit)

    def _delivered(self, inbound: Inbound, again: FaultMatch | None) -> tuple[Call, str]:
        """One delivery of a request: carried out, journalled, its reply written; `again` is the fault that repeats it."""
        started = perf_counter_ns()
        number = next(self._numbers)
        call = read_call(inbound, _request_id(number))
        call.hit = again
        error: TopError | None = None
        try:
            root, tree = self._answer(call)
            text = _written(call, root, tree)
        except TopError as wrong:
            error = wrong
        except (
            Exception
        ) as broken:  # the door: whatever breaks inside, the caller gets the platform's own error
            error = _broken(broken)
        if error is not None:
            tree = error.tree()
            text = _written(call, "error_response", tree)
            call.cause = (error.cause_zh, error.cause_en)
        self._record(number, call, error, tree, (perf_counter_ns() - started) // 1000)
        return call, text

    def _answer(self, call: Call) -> tuple[str, Tree]:
        for check in CHECKS:
            check.run(call, self.lookup)
        assert call.world is not None
        if call.world.view.faults() and call.hit is None:
            call.hit = _struck(call)
            if call.hit is not None and (error := fault_refusal(call.hit)) is not None:
                raise error
        if call.method is None:
            assert call.stub is not None
            members = msgspec.json.decode(call.stub).items()
            return response_wrapper(call.texts["method"]), {
                name: read_tree(each) for name, each in members
            }
        if call.hit is not None and call.hit.fault.declared.effect is Effect.FAIL:
            fault, call.msg_code = call.hit.fault, call.hit.fault.text("msg_code")
            return call.method.wrapper, _failed(call.method, call.msg_code, fault.text("message"))
        try:
            return call.method.wrapper, self._play(call) if call.method.move else self._ask(call)
        except DomainError as refused:
            return call.method.wrapper, self._failure(call, refused)

    def _ask(self, call: Call) -> Tree:
        assert call.world is not None and call.method is not None
        with call.world.settled() as now:
            _still(call)
            shop = call.session.shop if call.session else ""
            ask = QueryContext(
                call.method, call.world.view, now, shop, call.session, call.arguments, _view(call)
            )
            if call.hit is not None and call.hit.fault.declared.effect is Effect.READ:
                ask = apply_read_effect(ask, call.hit)
            return QUERIES[call.method.query](ask)

    def _play(self, call: Call) -> Tree:
        method, world = call.method, call.world
        assert method is not None and method.move is not None and world is not None
        given = dict(call.arguments)
        uploads: tuple[Upload, ...] = given.pop("message_pics", ()) or given.pop(PICTURES_FIELD, ())  # type: ignore[assignment]  # bound as files
        files = {picture_name(upload.content): upload.content for upload in uploads}
        given["pics" if method.move is LeaveMessage else PICTURES_FIELD] = tuple(files)
        known = method.move.__struct_fields__
        move = method.move(**{name: value for name, value in given.items() if name in known})
        with world.lock:
            session = _still(call)
            outcome, message = world.move(
                call.arguments["dispute_id"],  # type: ignore[arg-type]  # bound as int
                move,
                session.role,
                session=session,
                shop=session.shop,
                pictures=files,
            )
            evidence = _ROWS[outcome.rule].evidence_under(outcome.exchange.ruleset)
            call.rule = f"{outcome.rule} ({evidence.grade.value})"
            call.warnings += outcome.warnings
            fields, view = asked_fields(method, call.arguments), _view(call)
            if method.move is LeaveMessage:
                return {
                    "result": {
                        "results": Items(
                            "refund_message",
                            [build_message_record(message, fields, RecordKind.MESSAGE_ADDED, view)],
                        )
                    }
                }
            return {
                "result": {
                    "success": True,
                    "exchange": build_exchange_record(
                        outcome.exchange, fields, RecordKind.WRITE, view
                    ),
                }
            }

    def _failure(self, call: Call, refused: DomainError) -> Tree:
        assert call.method is not None and call.world is not None
        name = f"msg_code.{refused.failure}"
        call.msg_code = call.world.view.rules.text(name)
        call.rule = f"{refused.failure} ({RULES[name].evidence.grade.value})"
        call.cause, call.refusal = (refused.zh, refused.en), refused
        events = call.world.view.timeline(call.arguments.get("dispute_id"))  # type: ignore[arg-type]  # bound as int
        if isinstance(refused, IllegalMove) and any(
            event.move == refused.move.name() for event in events
        ):
            call.warnings.append(
                "重复提交：此前同样的操作已经成功，这是第二次调用 (a repeated write: the same move has succeeded before)"
            )
        return _failed(call.method, call.msg_code, refused.zh)

    def _record(
        self, number: int, call: Call, error: TopError | None, tree: Tree, micros: int
    ) -> None:
        world, real = world_of(call, self.lookup), self.lookup.directory.real()
        doctor = _diagnose(call, self.lookup, error) if error or call.refusal else b"[]"
        own = call.texts.get("session", ""), call.app.app_secret if call.app else ""
        misread = (call.inbound.body or b"-")[0] in b'{["< \r\n\t'
        params, coded, hidden = mask_params(call.texts, self.lookup.directory, own, misread=misread)
        warnings = [each[:500] for each in call.warnings] if call.warnings else ()
        reply, sub_code = (
            kept(mask_reply(tree, call.stub is not None)),
            error.sub_code if error else "",
        )
        if hidden:
            warnings, call.cause = (
                [scrub(each, hidden) for each in warnings],
                (scrub(call.cause[0], hidden), scrub(call.cause[1], hidden)),
            )
            reply, sub_code = scrub(reply.decode(), hidden).encode(), scrub(sub_code, hidden)
        if call.hit is not None:
            (zh, en), (cause_zh, cause_en) = fault_sentences(call.hit), call.cause
            call.cause = (
                "；".join(filter(None, (zh, cause_zh))),
                "; ".join(filter(None, (en, cause_en))),
            )
        inbound, failed = call.inbound, "failed" if call.msg_code else "ok"
        entry = Entry(
            number=number,
            request_id=call.request_id,
            sandbox=world.id if world else "none",
            at=(world.view.clock.outer(real) if world else real).timestamp(),
            real=real.timestamp(),
            verb=inbound.verb[:20],
            method=params.get("method", "")[:200],
            caller=call.session.label if call.session else "",
            dispute_id=params.get("dispute_id", "")[:40],
            outcome="refused" if error else failed,
            code=error.code if error else 0,
            sub_code=sub_code,
            msg_code=call.msg_code,
            rule=call.rule,
            micros=micros,
            params=coded,
            reply=reply,
            base_url=inbound.base_url,
            content_type=inbound.content_type[:200],
            in_query=call.in_query,
            body_size=len(inbound.body or b""),
            files=_files(call) if call.files else b"[]",
            mark=_mark(call),
            warnings=kept(warnings) if warnings else b"[]",
            cause_zh=call.cause[0][:500],
            cause_en=call.cause[1][:500],
            doctor=doctor,
        )
        if call.hit is not None:
            entry = mark_entry(entry, call.hit)
        (world.journal if world else self.journal).add(entry)
        if world:
            world.coverage.called(entry)
        if entry.outcome != "ok":
            self._refused(entry)


def _struck(call: Call) -> FaultMatch | None:
    """The planned fault that strikes a call which has passed all checks; asked once a call."""
    assert call.world is not None
    label = call.session.label if call.session else ""
    asked = FaultCandidate(
        call.texts["method"], call.method, call.texts.get("dispute_id", ""), label, call.arguments
    )
    return call.world.faults.next_fault(asked)


def _failed(method: Method, code: str, words: str) -> Tree:
    """A business failure in the form that the method has for it."""
    if method.failure == "msg_code":
        return {"result": {"success": False, "msg_code": code, "message": words}}
    return {"result": {"error_code": code, "error_msg": words}}


def _written(call: Call, root: str, tree: Tree) -> str:
    """The reply in the form asked for, `request_id` last."""
    whole = {**tree, "request_id": call.request_id}
    return (
        write_json(root, whole, simplify=call.simplify) if call.as_json else write_xml(root, whole)
    )


def fault_place(broken: BaseException) -> str:
    """Kind and innermost place of a fault of our own, without any value of the call."""
    frame = broken.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else "?"
    return f"{type(broken).__name__} at {where}"


def _broken(broken: Exception) -> TopError:
    place = fault_place(broken)
    return TopError(
        1,
        sub_code="isp.unknown-error",
        zh=f"本工具内部错误 {place}，请报告",
        en=f"our own fault: {place}",
    )


def _diagnose(call: Call, lookup: SandboxLookup, error: TopError | None) -> bytes:
    """Return the findings as JSON; the cause and the warnings of the call are extended by them."""
    # Most servers never refuse a call, and this import is a tenth of their start.
    from ..doctor.diagnosis import diagnose, report_broken_diagnosis
    from ..doctor.refused_call import RefusedCall

    refused = RefusedCall(
        inbound=call.inbound,
        directory=lookup.directory,
        texts=call.texts,
        query_count=call.in_query,
        files=tuple(call.files),
        raw_body=call.raw_body,
        repeated=call.repeated,
        world=call.world,
        app=call.app,
        session=call.session,
        method=call.method,
        error=error,
        failure=call.refusal if isinstance(call.refusal, DomainError) else None,
        tolerated=call.refusal if isinstance(call.refusal, TopError) else None,
        planned=call.hit is not None,
        cause=call.cause,
    )
    try:
        diagnosis = diagnose(refused)
    except Exception as broken:  # the door: a broken diagnosis must not cost the caller the reply
        return report_broken_diagnosis(fault_place(broken))
    call.cause = diagnosis.cause
    call.warnings += diagnosis.warnings
    return diagnosis.findings


def _still(call: Call) -> Session:
    """The caller's session as it is now: a reset may have come between the checks and the lock."""
    assert call.world is not None
    if call.session is not None:
        call.session = call.world.view.session(call.session.token) or call.session
    return call.session  # type: ignore[return-value]  # a method with a move has been checked to need one


def _view(call: Call) -> RecordView:
    assert call.world is not None
    view = call.world.view
    return RecordView(view.rules, view.clock.aged, call.inbound.base_url, call.world.id)


def _request_id(number: int) -> str:
    """12 lower-case digits, spread so that neighbours look unlike; no two calls share one."""
    return f"{number * 0x9E3779B97F4B & 0xFFFFFFFFFFFF:012x}"


def _files(call: Call) -> bytes:
    """Name and size of each file; what it is called at its owner's is not kept."""
    return kept([{"name": each.name[:200], "bytes": len(each.content)} for each in call.files])


def _mark(call: Call) -> int:
    """Equal for messages with the same content, 0 for other calls; never shown."""
    if call.method is None or call.method.move is not LeaveMessage:
        return 0
    return hash((call.texts.get("content"), *(each.content for each in call.files)))


def _reply(call: Call, text: str) -> Reply:
    body = text.encode()
    headers = [
        (
            "Content-Type",
            "text/javascript;charset=UTF-8" if call.as_json else "text/xml;charset=UTF-8",
        ),
        ("top-bodylength", str(len(text))),
        ("Application-Host", "127.0.0.1"),
        ("Location-Host", "tmall-mockserver"),
        ("X-Sandbox-Request-Id", call.request_id),
        ("X-Sandbox-Id", quote(call.world.id) if call.world else "none"),
    ]
    rule = (
        call.rule
        if call.hit is None
        else f"{call.rule} fault {call.hit.fault.id} {call.hit.fault.kind}".lstrip()
    )
    if rule:
        headers.append(("X-Sandbox-Rule", rule))
    if call.inbound.gzip:
        body = gzip.compress(body, 1, mtime=0)
        headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    return Reply(body, tuple(headers))
