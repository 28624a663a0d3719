"""The doctor of signatures, met over a socket by clients that each make one mistake, or two.
Source: protocol page 2.

The clients sign with hashlib and hmac alone; the product's own signing has no part in it.
"""

import hashlib
import hmac
import json
from base64 import b64encode
from http.client import HTTPConnection
from urllib.parse import quote, quote_plus, urlencode

import pytest

from mockserver import Server

FORM = "application/x-www-form-urlencoded;charset=UTF-8"
KEY, SECRET = "1012345678", "5f2c7a9d3e1b4860c7f5a2d9e0b4c6d8"
OTHER_KEY, OTHER_SECRET = "1099887766", "another-app-s-secret-0123456789ab"
SESSION, SUB_SESSION = (
    "6100123abcdef0000000000000000000000000000000000000000aaa",
    "6100123abcdef0000000000000000000000000000000000000000bbb",
)
NOW = "2026-03-01 10:00:00"
NICK = "桂花+拿铁 01"
PARAMS = {
    "method": "tmall.exchange.receive.get",
    "app_key": KEY,
    "session": SESSION,
    "timestamp": NOW,
    "v": "2.0",
    "format": "json",
    "sign_method": "md5",
    "partner_id": "client-1",
    "page_no": "1",
    "fields": "dispute_id, status,modified",
    "buyer_nick": NICK,
    "logistic_no": "",
}
SYSTEM = (
    "method",
    "app_key",
    "session",
    "timestamp",
    "v",
    "format",
    "sign_method",
    "partner_id",
    "simplify",
)


@pytest.fixture(scope="module")
def server():
    """A server whose default sandbox has two apps, two sessions, and a clock that stands still."""
    document = {
        "clock": NOW,
        "apps": [
            {"app_key": KEY, "app_secret": SECRET},
            {"app_key": OTHER_KEY, "app_secret": OTHER_SECRET},
        ],
        "shops": [
            {
                "nick": "店",
                "session": SESSION,
                "subs": [{"nick": "店:小张", "session": SUB_SESSION}],
            }
        ],
    }
    with Server(document=document) as running:
        yield running


def sign(
    texts,
    *,
    method="md5",
    secret=SECRET,
    order=sorted,
    pair="{}{}",
    between="",
    codec="utf-8",
    write=None,
    head="",
    body=b"",
    ends=(True, True),
    tail="",
    hashed="",
    form=str.upper,
):
    """A signature by the documentation; every keyword is a step that a client may get wrong."""
    key = secret.encode(codec)
    joined = between.join(
        pair.format(name, texts[name]) for name in order([name for name in texts if name != "sign"])
    )
    encode = write or (lambda text: text.encode(codec, "replace"))
    data = encode(head + joined) + body
    algorithm = hashed or {"md5": "md5", "hmac": "md5", "hmac-sha256": "sha256"}[method]
    if method.startswith("hmac"):
        return form(hmac.new(key, data, algorithm).hexdigest())
    return form(
        hashlib.new(
            algorithm, key * ends[0] + data + (key if ends[1] else b"") + tail.encode()
        ).hexdigest()
    )


class Client:
    """Sends calls over a socket and reads what the journal says of them."""

    def __init__(self, server):
        self.server = server

    def ask(self, verb, path, body=b"", kind=FORM, **headers):
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        connection.request(verb, path, body, {"Content-Type": kind, **headers})
        reply = connection.getresponse()
        answer = reply.headers, reply.read()
        connection.close()
        return answer

    def post(self, body, query="", kind=FORM):
        """Posts to the gateway; the journal entry."""
        headers, self.wire = self.ask("POST", f"/router/rest?{query}", body, kind)
        self.text = self.ask(
            "GET",
            f"/_sandbox/requests/{headers['X-Sandbox-Request-Id']}",
            Authorization=f"Bearer {self.server.token}",
        )[1].decode()
        return json.loads(self.text)

    def call(self, signed=PARAMS, sent=PARAMS, *, encode=urlencode, **how):
        """Signs one set of parameters and sends another, as a form."""
        return self.post(encode({**sent, "sign": sign(signed, **how)}).encode())

    def split(self, signed, body=b"", **how):
        """System parameters and sign go in the query, business parameters in the body."""
        query = {name: PARAMS[name] for name in SYSTEM if name in PARAMS}
        form = urlencode(
            {name: text for name, text in PARAMS.items() if name not in SYSTEM}
        ).encode()
        return self.post(
            form, urlencode({**query, "sign": sign(signed, body=form if body else b"", **how)})
        )

    def raw_json(self, extra, *, signed_body, kind="application/json;charset=utf-8", text="数据"):
        """All parameters go in the query, beside a raw JSON body."""
        body = json.dumps({"biz": text, "n": 1}, ensure_ascii=False, separators=(",", ":")).encode()
        texts = {**PARAMS, "sign": sign({**PARAMS, **extra}, body=body if signed_body else b"")}
        return self.post(body, urlencode(texts), kind)

    def picture(self, value, content=b"\x89PNG\r\n\x1a\n\xff"):
        """A call with a picture, whose parameter is signed with a value."""
        texts = {**PARAMS, "sign": sign({**PARAMS, "leave_message_pics": value})}
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
            for name, text in texts.items()
        ]
        head = (
            '--b\r\nContent-Disposition: form-data; name="leave_message_pics"; '
            'filename="凭证.png"\r\nContent-Type: image/png\r\n\r\n'
        )
        return self.post(
            b"".join([*parts, head.encode(), content, b"\r\n--b--\r\n"]),
            kind="multipart/form-data; boundary=b",
        )


@pytest.fixture
def client(server):
    """A client of the platform."""
    return Client(server)


def but(**changes):
    """The parameters with some changed, or left out where None."""
    return {name: text for name, text in {**PARAMS, **changes}.items() if text is not None}


def every(alter):
    """The parameters with every value altered."""
    return {name: alter(text) for name, text in PARAMS.items()}


def only(keep):
    """The parameters that pass."""
    return {name: text for name, text in PARAMS.items() if keep(name, text)}


def camel(name):
    """`page_no` as `pageNo`."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def careless(texts):
    """A form whose `+` is not encoded."""
    return "&".join(f"{name}={quote(text, safe='+')}" for name, text in texts.items())


def business_twice(texts):
    """A form whose business values are encoded twice."""
    return urlencode(
        {
            name: text if name in (*SYSTEM, "sign") else quote(text, safe="")
            for name, text in texts.items()
        }
    )


def apart(names):
    """System parameters sorted, then business parameters sorted."""
    return sorted(name for name in names if name in SYSTEM) + sorted(
        name for name in names if name not in SYSTEM
    )


# finding: what such a client signs, while it sends PARAMS
SIGNED = {
    "session_unsigned": but(session=None),
    "sign_method_unsigned": but(sign_method=None),
    "business_unsigned": only(lambda name, text: name in SYSTEM),
    "system_unsigned": only(lambda name, text: name not in SYSTEM),
    "empty_unsigned": only(lambda name, text: text),
    "empty_signed": but(start_gmt_modified_time=""),
    "null_signed": but(logistic_no="null"),
    "constant_unsent": but(simplify="true"),
    "session_changed": but(session=SUB_SESSION),
    "setting_changed": but(format="xml"),
    "added_later": but(partner_id=None),
    "name_case": {camel(name): text for name, text in PARAMS.items()},
    "wire_signed": every(quote_plus),
    "urlencoded": every(lambda text: quote(text, safe="!'()*")),
    "plus_sent": but(buyer_nick="桂花 拿铁 01"),
    "line_end": but(session=SESSION + "\n"),
    "time_written": but(timestamp="2026-03-01T10:00:00"),
    "time_zone": but(timestamp="2026-03-01 02:00:00"),
    "time_twice": but(timestamp="2026-03-01 09:59:59"),
    "list_blanks": but(fields="dispute_id,status,modified"),
    "escaped": but(buyer_nick=json.dumps(NICK)[1:-1]),
    "mojibake": but(buyer_nick=NICK.encode().decode("latin-1")),
    "escaped_letters": but(buyer_nick=NICK.encode("ascii", "xmlcharrefreplace").decode()),
    "normal_form": every(
        lambda text: text.translate(dict(zip(range(48, 58), "０１２３４５６７８９", strict=True)))
    ),
    "blanks_changed": every(lambda text: text.replace(" ", "")),
}
# finding: how such a client signs
SEALED = {
    "unsorted": {"order": list},
    "sorted_apart": {"order": apart},
    "other_order": {"order": lambda names: sorted(names, reverse=True)},
    "query_style": {"pair": "{}={}", "between": "&"},
    "values_only": {"pair": "{1}"},
    "gbk": {"codec": "gbk"},
    "latin1": {"codec": "latin-1"},
    "utf16": {"codec": "utf-16-le"},
    "other_encoding": {"codec": "big5"},
    "low_bytes": {"write": lambda text: text.encode("utf-16-le")[::2]},
    "characters_dropped": {"write": lambda text: text.encode("ascii", "ignore")},
    "string_nul": {"tail": "\0"},
    "other_method": {"method": "hmac"},
    "secret_front": {"ends": (True, False)},
    "secret_back": {"ends": (False, True)},
    "secret_absent": {"ends": (False, False)},
    "secret_parameter": {
        "pair": "{}={}",
        "between": "&",
        "ends": (False, False),
        "tail": f"&key={SECRET}",
    },
    "other_hash": {"hashed": "sha1"},
    "hash_line_end": {"tail": "\n"},
    "other_secret": {"secret": OTHER_SECRET},
    "secret_form": {"secret": f"sandbox{SECRET[7:]}"},
    "secret_blanks": {"secret": SECRET + "\n"},
    "secret_quoted": {"secret": f'"{SECRET}"'},
    "secret_bom": {"secret": "\ufeff" + SECRET},
    "secret_case": {"secret": SECRET.upper()},
    "secret_cut": {"secret": SECRET[:-1]},
    "secret_mixed_up": {"secret": KEY},
    "lower_hex": {"form": str.lower},
    "base64_sign": {"form": lambda text: b64encode(bytes.fromhex(text)).decode()},
    "short_sign": {"form": lambda text: text.upper()[8:24]},
    "sign_blanks": {"form": lambda text: f"{text.upper()}\n"},
}
# finding: a client whose mistake is in the sending too
CLIENTS = {
    "raw_body_unsigned": lambda client: client.raw_json({}, signed_body=False),
    "json_members_signed": lambda client: client.raw_json(
        {"biz": "数据", "n": "1"}, signed_body=False
    ),
    "body_unsigned": lambda client: client.split(only(lambda name, text: name in SYSTEM)),
    "query_unsigned": lambda client: client.split(only(lambda name, text: name not in SYSTEM)),
    "body_type": lambda client: client.raw_json({}, signed_body=True, kind=FORM, text="1+1=2&3"),
    "form_appended": lambda client: client.split(PARAMS, body=b"appended"),
    "session_unsent": lambda client: client.call(PARAMS, but(session=None)),
    "file_signed": lambda client: client.picture("凭证.png"),
    "sign_signed": lambda client: client.call(
        {**PARAMS, "sign": ""}, order=lambda names: sorted([*names, "sign"])
    ),
    "encoded_twice": lambda client: client.call(encode=business_twice),
    "plus_bare": lambda client: client.call(encode=careless),
    "value_blanks": lambda client: client.call(but(buyer_nick="拿铁"), but(buyer_nick=" 拿铁 ")),
    "line_breaks": lambda client: client.call(but(buyer_nick="一\n二"), but(buyer_nick="一\r\n二")),
    "value_bom": lambda client: client.call(but(buyer_nick="拿铁"), but(buyer_nick="\ufeff拿铁")),
    "prefixed": lambda client: client.call(head="/router/rest"),
    "string_bom": lambda client: client.call(head="\ufeff"),
    "at_unsigned": lambda client: client.call(but(buyer_nick=None), but(buyer_nick="@拿铁")),
    "emoji_lost": lambda client: client.call(but(buyer_nick="拿铁"), but(buyer_nick="拿铁😀")),
    "cesu8": lambda client: client.call(
        but(buyer_nick="拿铁😀"),
        but(buyer_nick="拿铁😀"),
        write=lambda text: text.replace("😀", "\ud83d\ude00").encode("utf-8", "surrogatepass"),
    ),
    "several_unsigned": lambda client: client.call(but(v=None, timestamp=None, partner_id=None)),
    "several_unsent": lambda client: client.call(but(simplify="true"), but(sign_method=None)),
    "boolean_case": lambda client: client.call(but(page_no="True"), but(page_no="true")),
    "secret_in_hmac": lambda client: client.call(
        but(sign_method="hmac"),
        but(sign_method="hmac"),
        method="hmac",
        head=SECRET,
        body=SECRET.encode(),
    ),
    **{name: lambda client, signed=signed: client.call(signed) for name, signed in SIGNED.items()},
    **{name: lambda client, how=how: client.call(**how) for name, how in SEALED.items()},
}


def ids(entry):
    """What was found, in order."""
    return [finding["id"] for finding in entry["diagnosis"]["findings"]]


def test_every_known_mistake_has_a_client():
    """No row of the doctor is without a client that makes the mistake."""
    from mockserver.doctor.signature_mistakes import MISTAKES, SIGN_FORM_MISTAKES

    assert {row.id for row in (*MISTAKES, *SIGN_FORM_MISTAKES)} == set(CLIENTS)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_mistake_is_named(client, name):
    """The journal names the mistake, says in both languages how the sign would match, and shows no
    secret."""
    entry = CLIENTS[name](client)
    assert (entry["code"], ids(entry)) == (25, [name])
    assert (
        entry["diagnosis"]["zh"].startswith("如果") and "签名就对得上" in entry["diagnosis"]["zh"]
    )
    assert entry["diagnosis"]["en"].startswith("your sign matches if you ")
    for private in (SECRET, OTHER_SECRET, SESSION, SUB_SESSION, "桂花", "拿铁"):
        assert private not in client.text
    assert client.wire.startswith(
        b'{"error_response":{"code":25,"msg":"Invalid signature","request_id":"'
    )


@pytest.mark.parametrize("method", ["hmac", "hmac-sha256"])
@pytest.mark.parametrize(
    "name",
    [
        "session_unsigned",
        "time_twice",
        "wire_signed",
        "unsorted",
        "secret_blanks",
        "other_secret",
        "gbk",
        "lower_hex",
        "query_style",
    ],
)
def test_a_mistake_is_named_under_hmac(client, method, name):
    """The doctor knows the mistakes whatever digest is asked for."""
    sent = but(sign_method=method)
    signed = {
        **SIGNED.get(name, PARAMS),
        "sign_method": "hmac-sha256" if method == "hmac-sha256" else "hmac",
    }
    assert ids(client.call(signed, sent, method=method, **SEALED.get(name, {}))) == [name]


@pytest.mark.parametrize(
    ("declared", "used"),
    [("md5", "hmac-sha256"), ("hmac", "md5"), ("hmac-sha256", "md5"), (None, "hmac-sha256")],
)
def test_another_digest_is_named(client, declared, used):
    """A client that digests otherwise than its sign_method says, or says nothing, reads what it
    used."""
    texts = but(sign_method=declared)
    entry = client.call(texts, texts, method=used)
    assert ids(entry) == ["other_method"]
    assert used in entry["diagnosis"]["en"]


@pytest.mark.parametrize("one", SIGNED)
def test_two_mistakes_are_named_together(client, one):
    """What is signed wrongly and then sealed wrongly is reported as both.

    Where one mistake makes up for the other, it is reported as less.
    """
    for two, how in SEALED.items():
        names = ids(client.call(SIGNED[one], **how))
        fewer = {"": sign(PARAMS), one: sign(SIGNED[one]), two: sign(PARAMS, **how)}
        assert set(names) == {one, two} or fewer["".join(names)] == sign(SIGNED[one], **how), (
            two,
            names,
        )


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("session_unsigned", "sign_method_unsigned"),
        ("session_unsigned", "empty_unsigned"),
        ("session_unsigned", "wire_signed"),
        ("empty_unsigned", "time_twice"),
        ("sign_method_unsigned", "urlencoded"),
    ],
)
def test_two_mistakes_in_what_is_signed(client, one, two):
    """Two mistakes about the parameters are reported together."""
    first, second = SIGNED[one], SIGNED[two]
    signed = {name: second[name] for name in first if name in second}
    assert sorted(ids(client.call(signed))) == sorted([one, two])


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("unsorted", "secret_back"),
        ("query_style", "secret_absent"),
        ("other_order", "other_secret"),
        ("gbk", "secret_blanks"),
        ("unsorted", "secret_quoted"),
    ],
)
def test_two_mistakes_in_how_it_is_signed(client, one, two):
    """Two mistakes about the way are reported together."""
    assert sorted(ids(client.call(**{**SEALED[one], **SEALED[two]}))) == sorted([one, two])


def test_the_first_differing_place_is_shown(client):
    """The place is a parameter, the character of the string to sign, and both sides of it."""
    [finding] = client.call(every(quote_plus))["diagnosis"]["findings"]
    assert finding["at"] == {
        "where": "buyer_nick",
        "position": len("app_key1012345678"),
        "after": "app_key1012345678",
        "signed": "buyer_nick***",
        "wanted": "buyer_nick***",
    }
    [finding] = client.call(SIGNED["time_twice"])["diagnosis"]["findings"]
    assert (finding["at"]["where"], finding["at"]["signed"], finding["at"]["wanted"]) == (
        "timestamp",
        "timestamp2026-03-01 09:59:59",
        f"timestamp{NOW}",
    )
    [finding] = client.call(SIGNED["session_unsigned"])["diagnosis"]["findings"]
    assert (finding["at"]["where"], finding["at"]["signed"], finding["at"]["wanted"]) == (
        "session",
        "sign_methodmd5",
        "session***",
    )
    [finding] = client.call(**SEALED["secret_back"])["diagnosis"]["findings"]
    assert (finding["at"]["where"], finding["at"]["position"]) == ("secret", 0)


def test_an_unknown_sign_shows_the_string_to_sign(client):
    """What nothing explains is called unknown, with the string that should be signed to compare,
    masked."""
    entry = client.post(urlencode({**PARAMS, "sign": "0123456789ABCDEF0123456789ABCDEF"}).encode())
    [finding] = entry["diagnosis"]["findings"]
    assert finding["id"] == "unknown"
    expected = "".join(
        name + ("***" if name in ("session", "buyer_nick") else PARAMS[name])
        for name in sorted(PARAMS)
    )
    assert finding["at"]["wanted"] == expected
    assert SECRET not in client.text and SESSION not in client.text


def test_a_right_sign_has_no_findings(client):
    """A call that is answered has nothing to be explained."""
    entry = client.call()
    assert (entry["outcome"], entry["diagnosis"]) == ("ok", {"zh": "", "en": "", "findings": []})
