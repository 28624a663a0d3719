"""The methods of the message channel (TMC) over HTTP: who is permitted to what, groups, polling.

They write and know no exchange: each names a `write` of gateway/channel_writes.py.  Polling
takes from the same queues as a connection of the push port does.

Source: docs/spec/top-protocol.md#top-7.1, docs/spec/neighbours.yaml.
"""

from ..domain.evidence import Evidence, documented
from ..protocol.shapes import Field, Param, ValueKind
from .declaration import BOOLEAN, DATE, NUMBER, OBJECT, STRING, STRINGS, Method

__all__ = ["CHANNEL_METHODS"]


def _evidence() -> Evidence:
    return documented("top", "evidence", note="top-7.1; evidence-5.3")


def _field(name: str, kind: ValueKind, zh: str = "") -> Field:
    return Field(name=name, kind=kind, zh=zh)


_GROUP = Param(name="group_name", kind=STRING, zh="分组名，不填为 default")
_NEEDED_GROUP = Param(name="group_name", kind=STRING, required=True, zh="分组名，至多 32 字符")
_PLATFORM = Param(name="user_platform", kind=STRING, zh="用户所属平台，接受，不起作用")
_TOPICS_OF_GROUP = Param(name="topics", kind=STRINGS, required=True, limit=20, zh="消息主题")
_SUCCESS = _field("is_success", BOOLEAN, "是否成功")
_RESULT = _field("result", BOOLEAN, "是否成功")
_MESSAGE = (
    _field("id", NUMBER),
    _field("topic", STRING),
    _field("pub_app_key", STRING),
    _field("pub_time", DATE),
    _field("user_id", NUMBER),
    _field("user_nick", STRING),
    _field("content", STRING),
)
_USER = (
    _field("created", DATE),
    _field("group_name", STRING),
    _field("is_valid", BOOLEAN),
    _field("modified", DATE),
    Field(name="topics", kind=STRINGS, item="string"),
    _field("user_id", NUMBER),
    _field("user_nick", STRING),
    _field("user_platform", STRING),
)
_PRODUCED = (
    _field("is_success", BOOLEAN),
    _field("error_code", STRING),
    _field("error_message", STRING),
)

CHANNEL_METHODS: tuple[Method, ...] = (
    Method(
        name="taobao.tmc.user.permit",
        title="为已授权的用户开通消息服务",
        en="permit messages of the session's user",
        doc_id=21990,
        evidence=_evidence(),
        write="permit",
        params=(
            Param(name="topics", kind=STRINGS, limit=100, zh="消息主题，覆盖以前的；不填为全部"),
        ),
        reply=(_SUCCESS,),
    ),
    Method(
        name="taobao.tmc.user.cancel",
        title="取消用户的消息服务",
        en="end a user's messages",
        evidence=_evidence(),
        session=False,
        write="cancel",
        params=(Param(name="nick", kind=STRING, required=True, zh="用户昵称"), _PLATFORM),
        reply=(_SUCCESS,),
    ),
    Method(
        name="taobao.tmc.user.get",
        title="获取用户已开通消息",
        en="what a user is permitted to",
        doc_id=22554,
        evidence=_evidence(),
        session=False,
        write="user",
        record=_USER,
        params=(
            Param(name="fields", kind=STRING, required=True, zh="返回字段"),
            Param(name="nick", kind=STRING, required=True, zh="用户昵称"),
            _PLATFORM,
        ),
        reply=(Field(name="tmc_user", kind=OBJECT, of=_USER),),
    ),
    Method(
        name="taobao.tmc.user.topics.get",
        title="获取用户开通的 topic 列表",
        en="the topics of a user",
        evidence=_evidence(),
        session=False,
        write="user_topics",
        params=(Param(name="nick", kind=STRING, zh="用户昵称，不填为第一家店铺"),),
        reply=(
            _field("result_code", STRING),
            _field("result_message", STRING),
            Field(name="topics", kind=STRINGS, item="string"),
        ),
    ),
    Method(
        name="taobao.tmc.messages.consume",
        title="消费多条消息",
        en="take messages from a queue",
        doc_id=21986,
        evidence=_evidence(),
        session=False,
        write="consume",
        params=(
            _GROUP,
            Param(
                name="quantity",
                kind=NUMBER,
                least=10,
                most=200,
                default="100",
                zh="条数 10–200，默认值未公开",
            ),
        ),
        reply=(Field(name="messages", kind=OBJECT, item="tmc_message", of=_MESSAGE),),
    ),
    Method(
        name="taobao.tmc.messages.confirm",
        title="确认消费消息的状态",
        en="confirm messages",
        doc_id=21985,
        evidence=_evidence(),
        session=False,
        write="confirm",
        params=(
            _GROUP,
            Param(
                name="s_message_ids",
                kind=STRINGS,
                items=NUMBER,
                required=True,
                limit=200,
                zh="处理成功的消息",
            ),
            Param(
                name="f_message_ids",
                kind=STRINGS,
                items=NUMBER,
                limit=200,
                zh="处理失败的消息，已废弃",
            ),
        ),
        reply=(_SUCCESS,),
    ),
    Method(
        name="taobao.tmc.queue.get",
        title="获取消息队列积压情况",
        en="how many messages wait",
        evidence=_evidence(),
        session=False,
        write="queue",
        params=(_NEEDED_GROUP,),
        reply=(
            Field(
                name="datas",
                kind=OBJECT,
                item="tmc_queue_info",
                of=(
                    _field("name", STRING),
                    _field("broker_name", STRING),
                    _field("get_total", NUMBER, "已取出的条数"),
                    _field("put_toal", NUMBER, "已放入的条数(官方拼写如此)"),
                ),
            ),
        ),
    ),
    Method(
        name="taobao.tmc.group.add",
        title="为已开通用户添加用户分组",
        en="put users into a group",
        doc_id=21983,
        evidence=_evidence(),
        session=False,
        write="add_group",
        params=(
            _NEEDED_GROUP,
            Param(name="nicks", kind=STRINGS, required=True, limit=200, zh="用户昵称"),
            _PLATFORM,
        ),
        reply=(_field("created", DATE), _field("group_name", STRING)),
    ),
    Method(
        name="taobao.tmc.group.delete",
        title="删除指定的分组或分组下的用户",
        en="delete a group, or users of it",
        evidence=_evidence(),
        session=False,
        write="delete_group",
        params=(
            _NEEDED_GROUP,
            Param(name="nicks", kind=STRINGS, limit=200, zh="用户昵称，不填则删除分组"),
            _PLATFORM,
        ),
        reply=(_SUCCESS,),
    ),
    Method(
        name="taobao.tmc.groups.get",
        title="获取自定义用户分组列表",
        en="the app's groups",
        evidence=_evidence(),
        session=False,
        write="groups",
        params=(
            Param(name="group_names", kind=STRINGS, limit=200, zh="分组名，不填为全部"),
            Param(name="page_no", kind=NUMBER, least=1, default="1", zh="页码"),
            Param(name="page_size", kind=NUMBER, least=1, most=200, default="40", zh="每页条数"),
        ),
        reply=(
            Field(name="groups", kind=OBJECT, item="tmc_group", of=(_field("name", STRING),)),
            _field("total_results", NUMBER),
        ),
    ),
    Method(
        name="taobao.tmc.topic.group.add",
        title="topic 加入分组",
        en="put topics into a group",
        evidence=_evidence(),
        session=False,
        write="add_topics",
        params=(_NEEDED_GROUP, _TOPICS_OF_GROUP),
        reply=(_RESULT,),
    ),
    Method(
        name="taobao.tmc.topic.group.delete",
        title="topic 移出分组",
        en="take topics out of a group",
        evidence=_evidence(),
        session=False,
        write="delete_topics",
        params=(_NEEDED_GROUP, _TOPICS_OF_GROUP),
        reply=(_RESULT,),
    ),
    Method(
        name="taobao.tmc.message.produce",
        title="发布单条消息",
        en="publish a message",
        evidence=_evidence(),
        session=False,
        write="produce",
        params=(
            Param(name="topic", kind=STRING, required=True, zh="消息主题"),
            Param(name="content", kind=STRING, required=True, zh="消息内容，JSON"),
            Param(name="target_group", kind=STRING, zh="目标分组"),
            Param(name="delay_millis", kind=NUMBER, least=0, zh="延迟，接受，不起作用"),
            Param(name="expires_millis", kind=NUMBER, least=0, zh="过期，接受，不起作用"),
        ),
        reply=(
            _SUCCESS,
            _field("total", NUMBER),
            Field(name="msg_ids", kind=STRINGS, item="string"),
        ),
    ),
    Method(
        name="taobao.tmc.messages.produce",
        title="批量发布消息",
        en="publish messages",
        evidence=_evidence(),
        session=False,
        write="produce_all",
        params=(
            Param(
                name="messages",
                kind=STRING,
                required=True,
                zh="JSON 列表，至多 50 条：topic、content、target_group",
            ),
        ),
        reply=(
            _field("is_all_success", BOOLEAN),
            Field(name="results", kind=OBJECT, item="tmc_produce_result", of=_PRODUCED),
        ),
    ),
)
