"""What is stored of a call: nothing private anywhere, and what identifies the call.

Source: issue (Journal: secrets, sessions and personal data masked at capture).
"""

import json
from base64 import b64encode
from urllib.parse import quote, urlencode

import pytest

from mockserver.control.har import build_har
from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.protocol.messages import Inbound
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.world import World


@pytest.fixture
def journal_text(world, gateway):
    """All that the journals show, as one text."""
    return lambda: json.dumps(
        [
            entry.serialize()
            for journal in (world.journal, gateway.journal)
            for entry in journal.select({}, 100)[1]
        ],
        ensure_ascii=False,
    )


@pytest.fixture
def newest(world):
    """The newest entry of the sandbox."""
    return lambda: world.journal.select({}, 1)[1][0]


@pytest.mark.parametrize(
    "place",
    [
        "sid",
        "auth",
        "method",
        "app_key",
        "dispute_id",
        "sign",
        "sign_method",
        "format",
        "v",
        "timestamp",
    ],
)
@pytest.mark.parametrize("which", ["session", "sub_session", "app_secret"])
def test_sessions_and_secrets_are_known_wherever_they_stand(top, journal_text, place, which):
    """A session or secret sent in another parameter is masked there and in the sentence."""
    token = top.app.app_secret if which == "app_secret" else getattr(top, which)
    top.send(
        top.params(
            **{"method": "tmall.exchange.get", "dispute_id": 1, "fields": "status", place: token}
        )
    )
    assert token not in journal_text()
    assert token[:40] not in journal_text()


@pytest.mark.parametrize(
    "wrapped", ["Bearer {}", '{{"session":"{}"}}', "status,{}", "{}x", "a b {} c"]
)
def test_the_callers_own_session_and_secret_are_known_within_a_value(top, journal_text, wrapped):
    """The caller's session and secret are masked also as part of a longer value."""
    for token in (top.session, top.app.app_secret):
        top("tmall.exchange.get", dispute_id=1, fields="status", auth=wrapped.format(token))
        assert token not in journal_text()
    top(
        "tmall.exchange.get",
        session="nobody-knows-this",
        sid="x nobody-knows-this",
        dispute_id=1,
        fields="status",
    )
    assert "nobody-knows-this" not in journal_text()


def test_a_session_sent_as_a_name_is_not_kept(top, send, journal_text):
    """A body that is nothing but the session, which reads as a parameter's name, is kept masked."""
    send(body=top.session.encode())
    send(query=f"app_key={top.app.app_key}&{top.session}".encode())
    assert top.session not in journal_text()
    assert journal_text().count("***") == 2


def test_tokens_of_other_sandboxes_are_known_too(world, top, journal_text):
    """Another sandbox's session is masked in this one's journal."""
    other = type(world)(world.directory, world.document, id="other")
    world.directory.add(other)
    token = next(iter(other._state.sessions))
    top("taobao.time.get", sid=token)
    assert token not in journal_text()
    world.directory.drop(other)
    secret = next(iter(world._state.apps.values())).app_secret
    top("taobao.time.get", sid=secret)
    assert secret not in journal_text()


def test_a_lax_warning_quotes_no_secret(world, top):
    """A lax server that takes a secret for an app key does not quote it in its warning."""
    caller = type(top)(Gateway(SandboxLookup(world.directory, "default")), world)
    caller("taobao.time.get", app_key=top.app.app_secret)
    entry = world.journal.select({}, 1)[1][0]
    assert entry.serialize()["warnings"]
    assert top.app.app_secret[:20] not in json.dumps(entry.serialize(), ensure_ascii=False)


@pytest.mark.parametrize(
    "name",
    [
        "receiver_phone",
        "buyerMobile",
        "contactTel_phone",
        "email",
        "userNick",
        "receiverAddr",
        "messageText",
        "idCard",
        "buyer_content",
    ],
)
def test_undocumented_personal_names_are_masked(top, newest, name):
    """A parameter that nobody documents is masked when its name speaks of a person."""
    top("taobao.time.get", **{name: "某人"})
    assert newest().serialize()["params"][name] == "***"


@pytest.mark.parametrize(
    "name",
    [
        "address_id",
        "logistic_no",
        "post",
        "page_no",
        "partner_id",
        "tid",
        "biz_order_id",
        "whatever",
    ],
)
def test_documented_names_and_plain_ones_are_kept(top, newest, name):
    """Documented parameters that are not personal are kept, and unknown harmless ones."""
    top("taobao.time.get", **{name: "17"})
    assert newest().serialize()["params"][name] == "17"


def test_a_foreign_reply_is_masked_by_its_names(world, top, newest):
    """In a canned reply, members that sound private are masked, at any depth."""
    world.stub(
        "taobao.top.once.token.get",
        json.dumps(
            {
                "token_result": "{}",
                "user": {"user_nick": "某人", "num": 3},
                "rows": {"row": [{"mobile": "1", "id": 7}]},
                "session_info": {"id": 9},
            }
        ).encode(),
    )
    top("taobao.top.once.token.get")
    assert newest().serialize()["reply"] == {
        "token_result": "***",
        "user": {"user_nick": "***", "num": 3},
        "rows": {"row": [{"mobile": "***", "id": 7}]},
        "session_info": {"id": 9},
    }


def test_a_call_knows_where_its_parameters_came_from(top, send, newest):
    """Parameters of the query come first, those of the body after.

    Body size and content type are reported.
    """
    params = list(top.params("taobao.time.get").items())
    send(query=dict(params[:3]), body=dict(params[3:]))
    entry = newest()
    assert list(entry.serialize()["params"])[: entry.in_query] == [name for name, _ in params[:3]]
    assert entry.body_size == len(urlencode(params[3:]))
    assert entry.content_type.startswith("application/x-www-form-urlencoded")


def test_a_parameter_sent_twice_counts_once(send, newest, top):
    """A name twice in the query, and again in the body, counts as one of the query's."""
    send(query=f"app_key={top.app.app_key}&x=1&x=2".encode(), body=b"x=3&y=4")
    entry = newest()
    assert (list(entry.serialize()["params"]), entry.in_query) == (["app_key", "x", "y"], 2)


def test_files_are_reported_by_name_and_size(world, top, multipart, png, send, newest):
    """An uploaded picture is in the journal as parameter and size, without its file name."""
    [exchange] = world.open({})
    params = top.params(
        "tmall.exchange.message.add", dispute_id=exchange.dispute_id, content="图", fields="id"
    )
    body, kind = multipart(params, message_pics=png)
    send(body=body, kind=kind)
    assert newest().serialize()["files"] == [{"name": "message_pics", "bytes": len(png)}]


def test_marks_tell_equal_messages(world, top, newest):
    """Messages of the same content have the same mark, others another, other calls none."""
    [exchange] = world.open({})
    marks = []
    for content in ("同样的话", "同样的话", "另一句"):
        top.result(
            "tmall.exchange.message.add",
            dispute_id=exchange.dispute_id,
            content=content,
            fields="id",
        )
        marks.append(newest().mark)
    top.result("taobao.time.get")
    assert marks[0] == marks[1] != marks[2]
    assert newest().mark == 0
    assert str(marks[0]) not in json.dumps(newest().serialize())


def wrap_escapes(token):
    """Every letter as a JSON escape."""
    return "".join(f"\\u{ord(letter):04x}" for letter in token)


SHAPES = {
    "plain": str,
    "percent escapes": lambda token: "".join(f"%{ord(letter):02x}" for letter in token),
    "encoded twice": lambda token: quote("".join(f"%{ord(letter):02x}" for letter in token)),
    "JSON escapes": wrap_escapes,
    "hex": lambda token: token.encode().hex(),
    "Base64": lambda token: b64encode(f"x:{token}".encode()).decode(),
    "Bearer": lambda token: f"Bearer {token}",
    "JSON": lambda token: json.dumps({"a": token}),
    "URL": lambda token: f"http://h/?a={token}&b=1",
    "split": lambda token: f"{token[:20]}\r\n\t{token[20:]}",
}
PLACES = {
    "value": lambda texts, made: (urlencode({**texts, "sid": made}), FORM),
    "documented value": lambda texts, made: (urlencode({**texts, "fields": made}), FORM),
    "method": lambda texts, made: (urlencode({**texts, "method": made}), FORM),
    "name": lambda texts, made: (urlencode({**texts, made: "1"}), FORM),
    "repeated name": lambda texts, made: (
        f"{urlencode(texts)}&{quote(made)}=1&{quote(made)}=2",
        FORM,
    ),
    "semicolons": lambda texts, made: (f"{urlencode(texts).replace('&', ';')};sid={made}", FORM),
    "form encoded twice": lambda texts, made: (quote(urlencode({**texts, "sid": made})), FORM),
    "JSON with BOM as a form": lambda texts, made: ("\ufeff" + json.dumps({"a": made}), FORM),
    "JSON encoded as a form": lambda texts, made: (quote(json.dumps({"a": made})), FORM),
    "inner boundary": lambda texts, made: (
        f'--a\r\nContent-Disposition: form-data; name="x"\r\n\r\n--b{made}\r\n--a--\r\n',
        "multipart/form-data; boundary=a",
    ),
    "name of a file": lambda texts, made: (
        f"--a\r\nContent-Disposition: file; name={quote(made)}; filename=x\r\n\r\n\r\n--a--\r\n",
        "multipart/form-data; boundary=a",
    ),
    "Content-Type": lambda texts, made: (urlencode(texts), f"{FORM}; x={made}"),
    "after a long text": lambda texts, made: (
        urlencode({**texts, "sid": "x" * 1990 + " " + made}),
        FORM,
    ),
}
FORM = "application/x-www-form-urlencoded"


def forms_of(token):
    """What must not be readable: pieces of the secret itself, of its hex and of its Base64."""
    hexed, coded = token.encode().hex(), b64encode(token.encode()).decode()
    pieces = [form[at : at + 16].lower() for form in (token, hexed, coded) for at in (0, 8, 20)]
    return [piece for piece in pieces if len(piece) == 16]


@pytest.mark.parametrize("own", ["", "session"], ids=["without a session", "with one"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_secret_is_readable_in_any_shape_at_any_place(
    gateway, world, journal_text, shape, place, own
):
    """Sessions, another sandbox's, app secrets and the control token are masked by value.

    Neither the journal nor the HAR shows a piece of them, of their hex or their Base64.
    """
    other = World(
        world.directory,
        read_document(
            {
                "apps": [{"app_key": "777", "app_secret": "other-secret-0123456789abcdef"}],
                "shops": [{"nick": "别家", "session": "6100" + "7e" * 26}],
            },
            WorldDocument,
        ),
        id="other",
    )
    world.directory.add(other)
    world.directory.secrets.add("control-token-0123456789")
    app = next(iter(world.view.apps()))
    tokens = (
        next(iter(world.view.sessions())).token,
        next(iter(other.view.sessions())).token,
        app.app_secret,
        "other-secret-0123456789abcdef",
        "control-token-0123456789",
    )
    for token in tokens:
        texts = {"method": "tmall.exchange.get", "app_key": app.app_key, "format": "json"}
        if own:
            texts["session"] = tokens[0]
        body, kind = PLACES[place](texts, SHAPES[shape](token))
        gateway.answer(Inbound("POST", b"", kind, body.encode(), f"http://{token}"))
        entries = [
            entry
            for journal in (world.journal, gateway.journal)
            for entry in journal.select({}, 100)[1]
        ]
        text = journal_text() + json.dumps(build_har(entries), ensure_ascii=False)
        for form in forms_of(token):
            assert form not in text.lower(), (token, form)


def test_a_phone_is_masked_wherever_else_it_stands(top, journal_text):
    """Personal data that a private parameter holds is masked in unknown parameters, too."""
    top.send(
        top.params(
            "tmall.exchange.get",
            dispute_id=1,
            fields="status",
            buyer_phone="13812345678",
            note="call 138 1234 5678 or %31%33812345678",
        )
    )
    assert "13812345678" not in journal_text() and "138 1234 5678" not in journal_text()
    assert "%31%33812345678" not in journal_text()
