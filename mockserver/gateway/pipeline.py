"""Answer one call of the gateway: from a plain `Inbound` to a plain `Reply`.

The sandbox that session and app_key name is looked up before anything else (a call that may not
wait takes the sandbox's lock first, or is refused as busy and comes again). Then everything happens
inside one unit of work of that sandbox: the checks in the platform's order, the planned fault, the
move or query, and the journal entry. So no reset and no deadline can come between a check and the
move that relies on it. What disturbs only the way of the reply (delays, broken connections) is
added after the unit has ended. A call that names no sandbox is refused by the checks and kept in
the gateway's own journal.

This module knows no Flask and no socket.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import count
from time import perf_counter_ns

from msgspec.structs import replace

from ..api.declaration import Method, response_wrapper
from ..api.records import RecordKind, RecordView, build_exchange_record, build_message_record
from ..domain.errors import DomainError, IllegalMove
from ..domain.failure_codes import find_sub_code
from ..domain.moves import PICTURES_FIELD, LeaveMessage
from ..domain.rules import RULES
from ..protocol.binding import make_invalid_error
from ..protocol.errors import TopError
from ..protocol.forms import Upload
from ..protocol.json_form import parse_json, parse_tree
from ..protocol.messages import Inbound, Reply, SandboxBusy
from ..protocol.pictures import name_picture
from ..protocol.shapes import Items, Tree
from ..service.problem import exception_place
from ..storage.port import StoreUnavailable
from ..world.faults.fault_matching import FaultCandidate, FaultMatch
from ..world.faults.fault_types import Effect
from ..world.journal import CAPACITY, Entry, Journal
from ..world.picture_store import PicturesFull
from ..world.stored_sandbox import SandboxGone
from ..world.world import World
from .call import Call, read_call
from .call_entry import build_entry
from .call_reply import make_reply, write_text
from .checks import CHECKS, SandboxLookup
from .faults.read_effects import apply_read_effect
from .faults.reply_effects import apply_fault, fault_refusal, timeout_error
from .queries import QUERIES
from .query_context import QueryContext, requested_fields
from .write_context import WriteContext
from .writes import WRITES, note_write

__all__ = ["Gateway"]

_CALLS_OF_A_PROCESS = 2**24  # request ids of processes with other instance numbers do not meet


class Gateway:
    """Answer calls for every sandbox of a directory.

    `on_refusal` gets the entry of each call that was refused or failed, for the terminal's line.
    `journal` is the capacity of the journal of calls that belong to no sandbox.
    """

    def __init__(
        self,
        lookup: SandboxLookup,
        on_refusal: Callable[[Entry], None] = lambda entry: None,
        journal: int = CAPACITY,
    ) -> None:
        self.lookup = lookup
        self.journal = Journal(journal)
        self._on_refusal = on_refusal
        self._numbers = count(1)

    def answer(self, inbound: Inbound) -> Reply:
        """Return the reply to one call; platform errors and business failures are replies too.

        A call that the stop of the server overtakes gets platform error 10, without a look at any
        sandbox, whose lock may be held.

        Raises:
            SandboxBusy: the call may not wait, and its sandbox is at work; nothing has happened.
        """
        if inbound.stopping:
            return self._refuse_stopping(inbound)
        if not inbound.may_wait:
            if self.lookup.directory.store is not None:
                raise SandboxBusy  # a database may take its time
            with self._hold_sandbox(inbound):
                return self.answer(replace(inbound, may_wait=True))
        try:
            call, text = self._deliver(inbound, None)
        except SandboxGone:  # deleted by another process since it was looked up
            self.lookup.directory.refresh()
            call, text = self._deliver(inbound, None)
        except StoreUnavailable as unavailable:
            return self.refuse_without_store(inbound, unavailable)
        return (
            make_reply(call, text) if call.fault is None else self._disturb(call, call.fault, text)
        )

    @contextmanager
    def _hold_sandbox(self, inbound: Inbound) -> Iterator[None]:
        """Hold the lock of the call's sandbox, so that no unit of work inside waits for it."""
        sandbox = self._find_sandbox(read_call(inbound, ""))
        if sandbox is None:
            yield
            return
        if not sandbox.lock.acquire(blocking=False):
            raise SandboxBusy
        try:
            yield
        finally:
            sandbox.lock.release()

    def _find_sandbox(self, call: Call) -> World | None:
        """Note the caller's sandbox, and return the one in which the call is answered."""
        directory = self.lookup.directory
        texts = call.texts
        token = texts.get("session") or texts.get("code") or texts.get("refresh_token") or ""
        call.caller_sandbox = directory.find(token, texts.get("app_key", ""))[0]
        return call.caller_sandbox or directory.get(self.lookup.lax)

    def refuse_without_store(self, inbound: Inbound, unavailable: StoreUnavailable) -> Reply:
        """Return platform error 10: nothing that the call meant to do is stored."""
        number = next(self._numbers)
        call = read_call(inbound, self._new_request_id(number))
        error = TopError(
            10, sub_code="isp.service-unavailable", zh=unavailable.zh, en=unavailable.en
        )
        return self.refuse_call(call, error, number)

    def begin_call(self, inbound: Inbound) -> tuple[int, Call]:
        """Return a number and the call, read, with the caller's sandbox noted."""
        number = next(self._numbers)
        call = read_call(inbound, self._new_request_id(number))
        self._find_sandbox(call)
        return number, call

    def refuse_call(self, call: Call, error: TopError, number: int) -> Reply:
        """Return the error as the reply; the entry goes into the journal of the open unit."""
        call.cause = (error.cause_zh, error.cause_en)
        tree, directory = error.tree(), self.lookup.directory
        entry = build_entry(call, directory, tree, error, number=number, micros=0)
        if call.work is not None:
            call.work.record_call(entry)
        else:
            self.journal.add(entry)
        self._on_refusal(entry)
        return make_reply(call, write_text(call, "error_response", tree))

    def _refuse_stopping(self, inbound: Inbound) -> Reply:
        call = read_call(inbound, self._new_request_id(next(self._numbers)))
        error = TopError(10, sub_code="isp.service-unavailable")
        return make_reply(call, write_text(call, "error_response", error.tree()))

    def number_call(self) -> tuple[int, str]:
        """Return number and request id of a call that another door answers."""
        number = next(self._numbers)
        return number, self._new_request_id(number)

    def _new_request_id(self, number: int) -> str:
        return _request_id(self.lookup.directory.instance() * _CALLS_OF_A_PROCESS + number)

    def _disturb(self, call: Call, fault: FaultMatch, text: str) -> Reply:
        """Return the reply as the fault lets it leave; the call is in the journal already."""
        if fault.fault.declared.effect is Effect.TWICE:
            return make_reply(*self._deliver(call.inbound, replace(fault, again=True)))
        timeout = timeout_error(fault)
        if timeout is not None:
            text = write_text(call, "error_response", timeout.tree())
        return apply_fault(make_reply(call, text), fault)

    def _deliver(self, inbound: Inbound, repeated_by: FaultMatch | None) -> tuple[Call, str]:
        """Carry out one delivery of a request and return the call with the text of its reply.

        `repeated_by` is the fault that delivers the request a second time.
        """
        started = perf_counter_ns()
        number = next(self._numbers)
        directory = self.lookup.directory
        call = read_call(inbound, self._new_request_id(number))
        call.fault = repeated_by
        sandbox = self._find_sandbox(call)
        with nullcontext() if sandbox is None else sandbox.unit_of_work() as call.work:
            text, tree, error = self._try(call)
            micros = (perf_counter_ns() - started) // 1000
            entry = build_entry(call, directory, tree, error, number=number, micros=micros)
            if call.work is not None and (call.world or call.caller_sandbox):
                call.work.record_call(entry)
            else:
                self.journal.add(entry)
        if entry.outcome != "ok":
            self._on_refusal(entry)
        return call, text

    def _try(self, call: Call) -> tuple[str, Tree, TopError | None]:
        """Return text and members of the reply, and the platform error if it is one."""
        try:
            root, tree = self._carry_out(call)
            return write_text(call, root, tree), tree, None
        except TopError as refused:
            error = refused
        except Exception as broken:  # the door: the caller gets the platform's own error
            error = _internal_error(broken)
        call.cause = (error.cause_zh, error.cause_en)
        tree = error.tree()
        return write_text(call, "error_response", tree), tree, error

    def _carry_out(self, call: Call) -> tuple[str, Tree]:
        for check in CHECKS:
            check(call, self.lookup)
        work = call.work
        assert work is not None
        if call.fault is None and work.view.faults():
            call.fault = work.next_fault(_fault_candidate(call))
            if call.fault is not None and (error := fault_refusal(call.fault)) is not None:
                raise error
        if call.method is None:
            return _stubbed_reply(call)
        if call.fault is not None and call.fault.fault.declared.effect is Effect.FAIL:
            call.msg_code = call.fault.fault.text("msg_code")
            message = call.fault.fault.text("message")
            call.cause = (message, message)
            members = _place_failure(call, (call.msg_code, message))
            return call.method.wrapper, members
        try:
            members = _answer_method(call, call.method)
        except DomainError as refusal:
            members = _refuse(call, refusal)
        return call.method.wrapper, members


def _answer_method(call: Call, method: Method) -> Tree:
    """Return the members of the reply: of a move, a write or a query."""
    if method.move:
        return _move(call)
    if not method.write:
        return _query(call, method)
    query = _query_context(call, method)
    assert call.app is not None and call.work is not None
    members = {name: getattr(query, name) for name in query.__struct_fields__}
    tree = WRITES[method.write](
        WriteContext(**members, app=call.app, work=call.work, warnings=call.warnings)
    )
    if method.replays:
        note_write(call, method)
    return tree


def _query_context(call: Call, method: Method) -> QueryContext:
    work = call.work
    assert work is not None
    shop = call.session.shop if call.session else ""
    return QueryContext(
        method, work.view, work.now, shop, call.session, call.arguments, _record_view(call)
    )


def _query(call: Call, method: Method) -> Tree:
    query, work = _query_context(call, method), call.work
    assert work is not None
    if call.fault is not None and call.fault.fault.declared.effect is Effect.READ:
        query = apply_read_effect(work, query, call.fault)
    return QUERIES[method.query](query)


def _move(call: Call) -> Tree:
    method, world, session = call.method, call.world, call.session
    assert method is not None and method.move is not None
    assert world is not None and session is not None
    values = dict(call.arguments)
    uploads: tuple[Upload, ...] = values.pop("message_pics", ()) or values.pop(PICTURES_FIELD, ())  # type: ignore[assignment]  # bound as files
    files = {name_picture(upload.content): upload.content for upload in uploads}
    values["pics" if method.move is LeaveMessage else PICTURES_FIELD] = tuple(files)
    fields = method.move.__struct_fields__
    move = method.move(**{name: value for name, value in values.items() if name in fields})
    try:
        outcome, message = world.move(
            call.arguments["dispute_id"],  # type: ignore[arg-type]  # bound as int
            move,
            session.role,
            session=session,
            shop=session.shop,
            pictures=files,
        )
    except PicturesFull as full:
        raise make_invalid_error(uploads[0].name, full.zh, full.en) from None
    evidence = world.view.table.rows_by_name[outcome.rule].evidence_under(outcome.exchange.ruleset)
    call.rule = f"{outcome.rule} ({evidence.grade.value})"
    call.warnings += outcome.warnings
    names, view = requested_fields(method, call.arguments), _record_view(call)
    if method.move is LeaveMessage:
        record = build_message_record(message, names, RecordKind.MESSAGE_ADDED, view)
        return {"result": {"results": Items("refund_message", [record])}}
    record = build_exchange_record(outcome.exchange, names, RecordKind.WRITE, view)
    texts = _success_texts(world.view.rules.text("success_text"))
    return {"result": dict(sorted({"exchange": record, "success": True, **texts}.items()))}


def _success_texts(rule: str) -> Tree:
    """Return what a write says on success by rule `success_text`, beside `success`."""
    texts = {"message": "SUCCESS", "msg_code": "OP_SUCC"}
    return {name: text for name, text in texts.items() if rule in (name, "both")}


def _refuse(call: Call, refusal: DomainError) -> Tree:
    """Return the business failure that a refused move or query is answered with."""
    assert call.method is not None and call.world is not None
    name = f"msg_code.{refusal.failure}"
    call.msg_code = call.world.view.rules.text(name)
    call.rule = f"{refusal.failure} ({RULES[name].evidence.grade.value})"
    call.cause = (refusal.zh, refusal.en)
    call.refusal = refusal
    timeline = call.world.view.timeline(call.arguments.get("dispute_id"))  # type: ignore[arg-type]  # bound as int
    if isinstance(refusal, IllegalMove) and any(
        event.move == refusal.move.name() for event in timeline
    ):
        call.warnings.append(
            "重复提交：此前同样的操作已经成功，这是第二次调用"
            " (a repeated write: the same move has succeeded before)"
        )
    return _place_failure(call, find_sub_code(refusal, call.msg_code))


def _place_failure(call: Call, sub: tuple[str, str]) -> Tree:
    """Return the failure `call.msg_code` and its cause, where the sandbox's rules put failures.

    Raises:
        TopError: 15 with `sub` as sub_code and sub_msg, under rule `failure_shape: error15`.
    """
    assert call.method is not None and call.world is not None
    rules, (zh, en) = call.world.view.rules, call.cause
    if rules.text("failure_shape") == "error15":
        raise TopError(15, sub_code=sub[0], sub_msg=sub[1], zh=zh, en=en)
    members = _business_failure(call.method, call.msg_code, zh)
    place = rules.text("dispute_not_exist")
    if call.msg_code != rules.text("msg_code.not_exist") or place == "inside":
        return members
    beside = {"message": zh, "msg_code": call.msg_code}
    return {**beside, **(members if place == "both" else {})}


def _fault_candidate(call: Call) -> FaultCandidate:
    return FaultCandidate(
        call.texts["method"],
        call.method,
        call.texts.get("dispute_id", ""),
        call.session.label if call.session else "",
        call.arguments,
    )


def _stubbed_reply(call: Call) -> tuple[str, Tree]:
    assert call.stub is not None
    members = parse_json(call.stub).items()
    wrapper = response_wrapper(call.texts["method"])
    return wrapper, {name: parse_tree(member) for name, member in members}


def _business_failure(method: Method, code: str, message: str) -> Tree:
    """Return a business failure in the form that the method has for it."""
    if method.failure == "msg_code":
        return {"result": {"message": message, "msg_code": code, "success": False}}
    return {"result": {"error_code": code, "error_msg": message}}


def _internal_error(broken: Exception) -> TopError:
    place = exception_place(broken)
    return TopError(
        1,
        sub_code="isp.unknown-error",
        zh=f"本工具内部错误 {place}，请报告",
        en=f"our own fault: {place}",
    )


def _record_view(call: Call) -> RecordView:
    assert call.world is not None
    view, inbound = call.world.view, call.inbound
    names_request = view.rules["picture_host"] == "request" and inbound.requested_url
    return RecordView(
        view.rules,
        view.clock.aged,
        inbound.requested_url if names_request else inbound.base_url,
        call.world.id,
        view.table,
        view.rules["personal_data"] == "masked",
    )


def _request_id(number: int) -> str:
    """Return 12 lower-case hexadecimal digits, different for all numbers below 2^48.

    Neighbours look unlike: the odd factor is a permutation of the 48-bit numbers.
    """
    return f"{number * 0x9E3779B97F4B & 0xFFFFFFFFFFFF:012x}"
