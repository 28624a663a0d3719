"""One client of the message channel, without sockets: frames in, frames out.

The model.  A client sends CONNECT first; its sign is the md5 request sign over app_key, group_name
and timestamp (whose value is not looked at: clients send milliseconds or .NET ticks).  The answer
carries the flag that came, and none if none came: official clients wait for theirs, or lose step at
one they did not ask for.  With the token of that answer the client pulls, confirms, reports
failures and publishes; a frame with another token ends the connection.

Two connections of one app key and group share token and queue, as they do with polling.

An app key may stand in several sandboxes.  To the platform they would be shops of one app, so a
connection gets the messages of all of them, and a confirm goes to the sandbox whose message it
names.  Each sandbox counts its messages by itself; so that no id means two, those of all sandboxes
but the key's first go out shifted by a slot that follows from the sandbox's id.

A refused CONNECT gets a code and a phrase and leaves the connection open, as the platform does;
which ones the platform sends is unknown, these are the gateway's.  What the client did wrong stands
in the journal of its sandbox.

Source: docs/spec/top-protocol.md#top-7.5, #top-7.6, #top-7.7.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from msgspec import Struct

from ..protocol.errors import CODES
from ..protocol.signing import sign
from ..world.channel import Channel
from ..world.directory import Directory
from ..world.identity import App
from ..world.journal import Entry, Journal
from ..world.masking import CallMask, encode_clipped
from ..world.notifications import DEFAULT_GROUP, FIRST_NUMBER, MessageGroup, Notification
from ..world.unit_of_work import UnitOfWork
from ..world.world import World
from .frames import BadFrame, Byte, Frame, FrameKind, FrameValue, read_frame, write_frame

__all__ = ["PUSH_AT_ONCE", "ClientSession", "PushDoor", "Rejected"]

_SLOT = 10**10  # ids of one sandbox
_SLOTS = 400_000  # ids stay below 2^53: the Node client keeps one in a double
MAX_ERROR_CHARACTERS = 128  # of a client's own sentence about a failure
PUSH_AT_ONCE = 64
_CONNECT_FIELDS = ("app_key", "group_name", "timestamp", "sdk")
_SIGNED_FIELDS = ("app_key", "group_name", "timestamp")
_PULL, _CONFIRM, _DATA, _FAILED = 1, 2, 3, 20


class Rejected(Exception):
    """A frame after which the connection is closed; says why."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en
        super().__init__(f"{zh} ({en})")


class PushDoor(Struct, frozen=True):
    """What the sessions of one server share.

    `lax` names the sandbox where unknown app keys land, empty for none.  `unassigned` is the
    journal of clients that belong to no sandbox; `number_call` gives a number and a request id.
    """

    directory: Directory
    unassigned: Journal
    number_call: Callable[[], tuple[int, str]]
    lax: str = ""


class ClientSession:
    """What one connection of a client knows: before CONNECT nothing, after it app and group."""

    def __init__(self, door: PushDoor) -> None:
        self._door = door
        self.world: World | None = None
        self.app_key = ""
        self.group = ""
        self.token = ""

    @property
    def connected(self) -> bool:
        """Whether a CONNECT was accepted."""
        return bool(self.token)

    def worlds(self) -> tuple[World, ...]:
        """Return the sandboxes whose messages go to this connection, the key's first one first."""
        if self.world is None:
            return ()
        return self._door.directory.find_all(self.app_key) or (self.world,)

    def read(self, raw: bytes) -> Frame:
        """Return the frame that came.

        Raises:
            Rejected: it is none, and the connection has to be closed; the journal says why.
        """
        try:
            return read_frame(raw)
        except BadFrame as wrong:
            raise self._reject("tmc.frame", wrong.zh, wrong.en) from None

    def find_world(self, frame: Frame) -> World | None:
        """Return the sandbox that a frame is for; None: no sandbox has to be waited for."""
        worlds, custom = self.worlds(), frame.custom
        number, session = custom.get("id"), custom.get("session")
        if isinstance(number, int):
            slot = _find_slot(number)
            return next((world for world in worlds if slot == _slot_of(world.id)), self.world)
        if isinstance(session, str):
            knowing = (world for world in worlds if world.view.session(session) is not None)
            return next(knowing, self.world)
        return self.world

    def receive(self, frame: Frame) -> list[bytes]:
        """Take one frame and return the frames that answer it.

        What waits for the client is not among them: `next_frames` gives it.

        Raises:
            Rejected: the connection has to be closed; the journal says why.
        """
        if frame.kind is FrameKind.CONNECT:
            return [write_frame(self._connect(frame))]
        if frame.kind is not FrameKind.SEND:
            raise self._reject(
                "tmc.frame",
                f"客户端不发 {frame.kind.name}",
                f"a client does not send {frame.kind.name}",
            )
        if not self.token or frame.token != self.token:
            raise self._reject(
                "tmc.frame",
                "token 缺少或不对：先 CONNECT，再用应答里的 token",
                "token is missing or wrong: CONNECT first, then use the token of its answer",
            )
        return self._carry_out(frame)

    def next_frames(self, world: World, limit: int = PUSH_AT_ONCE) -> list[bytes]:
        """Return what waits for this client in a sandbox, at most `limit` frames, and count it as
        sent."""
        shift = 0 if world is self.worlds()[0] else _slot_of(world.id) * _SLOT
        with world.unit_of_work() as work:
            channel = work.channel
            fields = work.view.rules.text("message_fields")
            return [
                write_frame(self._push(channel, notification, fields, shift))
                for notification in channel.take(self.app_key, self.group, limit)
            ]

    def note(self, zh: str, en: str) -> None:
        """Write into the journal that the connection was closed, and why."""
        self._record("tmc.close", {}, "refused", (zh, en))

    def _connect(self, frame: Frame) -> Frame:
        texts = {
            name: value
            for name, value in frame.custom.items()
            if isinstance(value, str) and len(value) <= MAX_ERROR_CHARACTERS
        }
        key, group = texts.get("app_key", ""), texts.get("group_name", "") or DEFAULT_GROUP
        directory = self._door.directory
        world, app, _ = directory.find("", key)
        if app is None and self._door.lax:
            world = directory.get(self._door.lax)
            app = next(iter(world.view.apps())) if world is not None else None
        self.world, self.token = world, ""
        refusal = self._find_refusal(world, app, group, texts)
        params = {name: texts[name] for name in _CONNECT_FIELDS if name in texts}
        if refusal is not None or app is None:
            code, zh, en = refusal or (29, "app_key 未知", "unknown app_key")
            self._record("tmc.connect", params, "refused", (zh, en), code)
            phrase = CODES[code].wire if code != 41 else f"{CODES[41].wire}:group_name"
            return Frame(FrameKind.CONNECTACK, flag=frame.flag, code=code, phrase=phrase)
        self.app_key, self.group = app.app_key, group
        self.token = _make_token(app, group)
        self._record("tmc.connect", params, "ok")
        return Frame(FrameKind.CONNECTACK, flag=frame.flag, token=self.token)

    def _find_refusal(
        self, world: World | None, app: App | None, group: str, texts: Mapping[str, str]
    ) -> tuple[int, str, str] | None:
        """Return code and cause of why a CONNECT is refused, None if it is not."""
        if not texts.get("app_key"):
            return 28, "CONNECT 缺少 app_key", "CONNECT has no app_key"
        if world is None or app is None:
            return 29, "app_key 未知", "unknown app_key"
        signed = {name: texts[name] for name in _SIGNED_FIELDS if name in texts}
        if texts.get("sign", "") != sign(signed, app.app_secret) and not self._door.lax:
            return (
                25,
                "sign 应为 md5，覆盖 app_key、group_name、timestamp",
                "sign is md5 over app_key, group_name and timestamp",
            )
        with world.unit_of_work() as work:
            if not work.channel.has_group(app.app_key, group) and not any(
                isinstance(one, MessageGroup) and (one.app_key, one.name) == (app.app_key, group)
                for other in self._door.directory.find_all(app.app_key)
                for one in other.view.channel_setup()
            ):
                names = "、".join(one.name for one in work.channel.groups(app.app_key)) or "无"
                return (
                    41,
                    f"没有分组 {group}；可用：default，另有：{names}",
                    f"no group {group}; use default or: {names}",
                )
        return None

    def _carry_out(self, frame: Frame) -> list[bytes]:
        world = self.find_world(frame)
        assert world is not None
        kind = frame.custom.get("__kind")
        if kind == _PULL:
            return []
        with world.unit_of_work() as work:
            if kind in (_CONFIRM, _FAILED):
                self._finish(work.channel, frame, failed=kind == _FAILED)
                return []
            if kind == _DATA:
                return [write_frame(self._publish(work, frame))]
        raise self._reject(
            "tmc.frame",
            f"__kind 为 {kind!r}；可用 1 拉取、2 确认、3 发布、20 失败",
            f"__kind is {kind!r}; use 1 pull, 2 confirm, 3 publish, 20 failed",
        )

    def _finish(self, channel: Channel, frame: Frame, *, failed: bool) -> None:
        number = frame.custom.get("id")
        if not isinstance(number, int):
            raise self._reject("tmc.confirm", "id 应为 Int64", "id is an Int64")
        number -= _find_slot(number) * _SLOT
        error = str(frame.custom.get("msg") or "")[:MAX_ERROR_CHARACTERS]
        queue = self.app_key, self.group
        unknown = (
            channel.fail(*queue, [number], error) if failed else channel.confirm(*queue, [number])
        )
        method = "tmc.failed" if failed else "tmc.confirm"
        if unknown:
            cause = (
                f"本分组没有消息 {number}；连接保持",
                f"no message {number} in this group; the connection stays",
            )
            self._record(method, {"id": str(number)}, "failed", cause)
        elif failed:
            self._record(method, {"id": str(number), "msg": error}, "ok")

    def _publish(self, work: UnitOfWork, frame: Frame) -> Frame:
        topic, content = frame.custom.get("topic"), frame.custom.get("content")
        if not (isinstance(topic, str) and topic and isinstance(content, str) and content):
            cause = "发布需要 topic 与 content", "to publish takes topic and content"
            self._record("tmc.publish", {}, "refused", cause, 40)
            return Frame(FrameKind.SENDACK, flag=frame.flag, token=self.token, code=40,
                         phrase=CODES[40].wire)  # fmt: skip
        session = frame.custom.get("session")
        publisher = work.view.session(session) if isinstance(session, str) else None
        shop = publisher.shop if publisher is not None else next(iter(work.view.shops())).nick
        work.channel.publish(app_key=self.app_key, shop=shop, topic=topic, content=content)
        self._record("tmc.publish", {"topic": topic}, "ok")
        return Frame(FrameKind.SENDACK, flag=frame.flag, token=self.token)

    def _push(self, channel: Channel, notification: Notification, fields: str, shift: int) -> Frame:
        number = notification.number + shift
        published = channel.show(notification.published)
        millis = int(published.timestamp() * 1000)
        until = published + channel.retention
        every: dict[str, FrameValue] = {
            "topic": notification.topic,
            "userid": notification.user_id,
            "__kind": Byte(_DATA),
            "publisher": notification.publisher,
            "retried": Byte(min(notification.deliveries - 1, 255)),
            "content": channel.content(notification),
            "id": number,
            "data_id": number,
            "time": published,
            "nick": notification.user_nick,
            "dataid": number,
            "born_time": millis,
            "outtime": until,
        }
        if fields == "node":  # its decoder reads strings and 64-bit numbers only
            every = {
                name: value
                for name, value in every.items()
                if not isinstance(value, Byte | datetime)
            }
        return Frame(FrameKind.SEND, token=self.token, custom=every)

    def _reject(self, method: str, zh: str, en: str) -> Rejected:
        self._record(method, {}, "refused", (zh, en))
        return Rejected(zh, en)

    def _record(
        self,
        method: str,
        params: Mapping[str, str],
        outcome: str,
        cause: tuple[str, str] = ("", ""),
        code: int = 0,
    ) -> None:
        """Write what happened into the journal of the sandbox, masked."""
        number, request_id = self._door.number_call()
        directory, world = self._door.directory, self.world
        mask = CallMask(params, directory.secrets).mask_text
        real = directory.real()
        entry = Entry(
            number=number,
            request_id=request_id,
            sandbox=world.id if world else "none",
            at=(world.now if world else real).timestamp(),
            real=real.timestamp(),
            verb="TMC",
            method=method,
            caller="",
            dispute_id="",
            outcome=outcome,
            code=code,
            sub_code="",
            msg_code="",
            rule="",
            micros=0,
            params=encode_clipped({name: mask(text) for name, text in params.items()}),
            reply=b"{}",
            cause_zh=mask(cause[0]),
            cause_en=mask(cause[1]),
        )
        (world.journal if world else self._door.unassigned).add(entry)


def _slot_of(sandbox: str) -> int:
    """Return the slot of a sandbox's ids, from 1."""
    return int.from_bytes(blake2b(sandbox.encode(), digest_size=8).digest()) % _SLOTS + 1


def _find_slot(number: int) -> int:
    """Return the slot of an id, 0 for one that is not shifted."""
    return max(number - FIRST_NUMBER, 0) // _SLOT


def _make_token(app: App, group: str) -> str:
    """Return the token of an app key and group: a UUID text that only this server can make."""
    content = f"{app.app_secret}\n{app.app_key}\n{group}".encode()
    return str(UUID(bytes=blake2b(content, digest_size=16).digest()))
