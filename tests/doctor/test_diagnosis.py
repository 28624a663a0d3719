"""What the journal says of refused calls besides the sign, and the wire does not.

Source: issue (doctor for 31, 29, 27, 26, 11, 12 …; never on the wire, never a secret in any
output).
"""

import json
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import pytest

from mockserver.domain.moves import MOVES
from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway

GET, LIST, AGREE, SHIP = (
    "tmall.exchange.get",
    "tmall.exchange.receive.get",
    "tmall.exchange.agree",
    "tmall.exchange.consigngoods",
)


@pytest.fixture
def read_entry(world, gateway):
    """The newest journal entry as shown, its findings by id.

    No secret and no session may stand in it.
    """

    def read(journal=None):
        entry = (journal or world.journal).select({}, 1)[1][0].serialize()
        text = json.dumps(entry, ensure_ascii=False)
        for app in world._state.apps.values():
            assert app.app_secret not in text
        for token in world._state.sessions:
            assert token not in text
        return entry, {finding["id"]: finding for finding in entry["diagnosis"]["findings"]}

    return read


@pytest.fixture
def diagnose(top, read_entry):
    """Sends a signed call with changes; its findings by id."""

    def ask(method=GET, **changes):
        top.send(top.params(method, **{"dispute_id": 1, "fields": "status", **changes}))
        return read_entry()[1]

    return ask


def only(findings, name):
    """The one finding, which has this name, in both languages."""
    assert list(findings) == [name]
    assert findings[name]["zh"] and findings[name]["en"]
    return findings[name]


# 31


@pytest.mark.parametrize(
    ("hours", "name"),
    [(-8, "zone_utc"), (8, "zone_added"), (1, "zone_other"), (-5.5, "zone_other")],
)
def test_another_zone_is_recognised(world, diagnose, hours, name):
    """A time that is whole or half hours off was made in another zone.

    Eight hours are a container in UTC.
    """
    stamp = (world.directory.real() + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S")
    findings = diagnose(timestamp=stamp)
    assert next(iter(findings)) == name
    if name == "zone_utc":
        assert "8 小时" in findings[name]["zh"] and "UTC" in findings[name]["zh"]


def test_any_other_skew_is_reported_in_seconds(world, diagnose, read_entry):
    """A time that is off for no known reason is reported with the server's and the allowance.

    Two clocks are reported where they differ.
    """
    findings = diagnose(timestamp="2026-03-01 12:17:00")
    assert list(findings) == ["time_off", "two_clocks"]
    assert findings["time_off"]["at"]["seconds"] == 17 * 60
    assert "10m" in findings["time_off"]["zh"]
    assert read_entry()[0]["diagnosis"]["zh"].startswith(findings["time_off"]["zh"])


@pytest.mark.parametrize(
    ("now", "written"), [("2026-03-01 15:20:05", "03:20:05"), ("2026-03-01 00:20:05", "12:20:05")]
)
def test_a_twelve_hour_clock_is_recognised(world, diagnose, now, written):
    """An hour of 1 to 12 that is twelve hours off, padded or not, was written by hh."""
    world.set_clock(running=False, now=datetime.fromisoformat(f"{now}+08:00"))
    finding = diagnose(timestamp=f"2026-03-01 {written}")["clock_12"]
    assert "HH" in finding["zh"] and "%H" in finding["en"]
    findings = diagnose(timestamp=f"2026-03-01 {written.lstrip('0')}")
    assert "clock_12" in findings


@pytest.mark.parametrize("written", ["2026-03-01 13:20:05", "2026-03-02 00:00:00"])
def test_an_honest_clock_that_is_off_has_no_twelve_hours(world, diagnose, written):
    """Who writes hours above 12, or none, has a clock of 24 hours that is only off."""
    now = datetime.fromisoformat(f"{written}+08:00") - timedelta(hours=12)
    world.set_clock(running=False, now=now)
    assert "clock_12" not in diagnose(timestamp=written)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("2026-03-01T10:00:00", "time_form"),
        ("2026-03-01T02:00:00Z", "time_form"),
        ("2026/03/01 10:00:00", "time_form"),
        ("2026-03-01+10:00:00", "time_form"),
        ("2026-03-01%2010%3A00%3A00", "time_form"),
        ("20260301100000", "time_form"),
        ("2026-03-01T10:00:00.123+08:00", "time_form"),
        (" 2026-03-01 10:00:00 ", "time_form"),
    ],
)
def test_another_form_of_time_is_rewritten(diagnose, written, name):
    """A time in another form is shown as it should be written."""
    assert only(diagnose(timestamp=written), name)["at"]["meant"] == "2026-03-01 10:00:00"


def test_seconds_are_a_mistake_only_where_the_rule_refuses_them(world, diagnose):
    """Ten digits near the clock pass; with the rule off they are shown as text."""
    assert diagnose(timestamp="1772330400") == {}
    world.patch_rules({"seconds_timestamp": False})
    finding = only(diagnose(timestamp="1772330400"), "time_seconds")
    assert finding["at"]["meant"] == "2026-03-01 10:00:00"


@pytest.mark.parametrize(
    "written", ["yesterday", "9" * 20, "2026-13-01 00:00:00", "0000000000"[:9], "9" * 400]
)
def test_what_is_no_time_at_all_gets_no_guess(diagnose, written):
    """Where nothing is known nothing is said."""
    assert diagnose(timestamp=written) == {}


# 28, 29


@pytest.mark.parametrize(
    ("key", "name", "listed"),
    [
        ("{key} ", "key_blanks", "{key}"),
        ('"{key}"', "key_blanks", "{key}"),
        ("\ufeff{key}", "key_blanks", "{key}"),
        ("{key}%20", "key_blanks", "{key}"),
        ("{bare}", "key_form", "{key}"),
        ("10{key}", "key_form", "{key}"),
        ("{typo}", "did_you_mean", "{key}"),
        ("999", "keys_known", "{key}"),
    ],
)
def test_an_unknown_key_is_compared_with_the_known(top, gateway, read_entry, key, name, listed):
    """Blanks, the other environment's form and a typing error are recognised.

    Else the known keys are listed.
    """
    own = top.app.app_key
    fill = {"key": own, "bare": own[2:], "typo": own[:4] + own[5] + own[4] + own[6:]}
    top.send(top.params(GET, app_key=key.format(**fill), session="x"))
    entry, findings = read_entry(gateway.journal)
    assert listed.format(**fill) in only(findings, name)["zh"]
    assert entry["code"] == 29


@pytest.mark.parametrize("which", ["app_secret", "session"])
def test_a_secret_or_session_as_key_is_recognised_and_not_quoted(top, gateway, read_entry, which):
    """Somebody who mixes up his credentials reads which one he sent, not its value."""
    token = top.app.app_secret if which == "app_secret" else top.session
    top.send(top.params(GET, app_key=token, session="x"))
    finding = only(read_entry(gateway.journal)[1], "mixed_up")
    assert ("密钥" if which == "app_secret" else "session") in finding["zh"]


# 26, 27


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (lambda token: token + "\n", "session_blanks"),
        (lambda token: f"'{token}'", "session_blanks"),
        (lambda token: token[:20], "session_cut"),
        (lambda token: token + "xyz", "session_longer"),
        (lambda token: token.upper(), "session_case"),
        (
            lambda token: quote(token[:1]) + "%" + f"{ord(token[1]):02x}" + token[2:],
            "session_encoded",
        ),
    ],
)
def test_a_session_that_nearly_is_one_is_recognised(top, diagnose, write, name):
    """A session with blanks, cut, recased or encoded is named by its owner, never shown."""
    assert only(diagnose(session=write(top.session)), name)["at"]["label"] == "main"


def test_a_key_or_secret_as_session_is_recognised(top, diagnose):
    """The app's key or secret in the session's place is reported."""
    assert set(diagnose(session=top.app.app_key)) == {"mixed_up", "sessions_known"}
    assert "密钥" in diagnose(session=top.app.app_secret)["mixed_up"]["zh"]


def test_an_unknown_session_gets_the_accounts(diagnose):
    """A session like no other is answered with the accounts there are."""
    assert only(diagnose(session="6100nobody"), "sessions_known")["at"]["known"] == "main、sub"


def test_a_session_of_another_sandbox_names_it(world, diagnose):
    """The sandbox where the session belongs is named, with the key it goes with."""
    other = type(world)(world.directory, world.document, id="other")
    world.directory.add(other)
    finding = only(diagnose(session=next(iter(other._state.sessions))), "session_elsewhere")
    assert (finding["at"]["sandbox"], finding["at"]["known"]) == (
        "other",
        next(iter(other._state.apps)),
    )


def test_an_expired_session_tells_since_when(world, diagnose):
    """The end of the session stands beside the sandbox's now."""
    token, session = next(iter(world._state.sessions.items()))
    world._state.sessions[token] = type(session)(
        **{
            **{name: getattr(session, name) for name in session.__struct_fields__},
            "expires": world.now - timedelta(hours=1),
        }
    )
    finding = only(diagnose(), "session_ended")
    assert (finding["at"]["ended"], finding["at"]["now"]) == (
        "2026-03-01 09:00:00",
        "2026-03-01 10:00:00",
    )


def test_a_missing_session_is_looked_for(top, diagnose):
    """A session sent under another name is reported, beside the accounts."""
    findings = diagnose(session=None, access_token=top.session)
    assert list(findings) == ["other_name", "sessions_known"]
    assert findings["other_name"]["at"] == {"name": "session", "given": "access_token"}


# what did not arrive


@pytest.mark.parametrize(
    ("name", "other_name"),
    [
        ("method", "api_name"),
        ("app_key", "appKey"),
        ("timestamp", "time"),
        ("v", "version"),
        ("sign", "signature"),
        ("dispute_id", "disputeId"),
        ("fields", "field"),
    ],
)
def test_a_parameter_under_another_name_is_found(world, gateway, top, read_entry, name, other_name):
    """A required parameter that came under another name is named with it."""
    texts = top.params(GET, dispute_id=1, fields="status")
    if name in ("dispute_id", "fields"):
        texts = top.params(
            GET, **{"dispute_id": 1, "fields": "status", name: None, other_name: "status"}
        )
    else:
        texts[other_name] = texts.pop(name)
    if name == "app_key":
        texts.pop("session")
    top.send(texts)
    journal = gateway.journal if name == "app_key" else world.journal
    assert only(read_entry(journal)[1], "other_name")["at"] == {"name": name, "given": other_name}


def test_an_empty_parameter_is_reported_so(diagnose):
    """A parameter without value did arrive."""
    assert only(diagnose(dispute_id=""), "sent_empty")["at"] == {"name": "dispute_id"}


def test_a_file_in_a_texts_place_is_reported_so(signed, send, multipart, read_entry):
    """A text sent as a file is no text."""
    body, kind = multipart(signed(GET, fields="status"), dispute_id=b"1")
    send(body=body, kind=kind)
    assert list(read_entry()[1]) == ["sent_as_file"]


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", ""])
def test_parameters_in_a_json_body_are_found(gateway, send, top, read_entry, kind):
    """Who posts JSON reads that TOP reads forms."""
    send(body=json.dumps(top.params(GET)).encode(), kind=kind)
    assert only(read_entry(gateway.journal)[1], "json_body")["at"] == {"name": "method"}


def test_a_call_without_anything_is_reported_so(gateway, send, read_entry):
    """The finding says that a request has no parameter."""
    send()
    assert list(read_entry(gateway.journal)[1]) == ["nothing_sent"]


# 22, 23, 25, 47


@pytest.mark.parametrize(
    ("changes", "meant"),
    [
        ({"method": "tmall.exchange.recieve.get"}, LIST),
        ({"method": "tmall_exchange_receive_get"}, LIST),
        ({"method": "Tmall.Exchange.Get"}, GET),
        ({"method": "tmall.exchange.get_response"}, GET),
        ({"format": "JSON"}, "json"),
        ({"format": "jsom"}, "json"),
        ({"sign_method": "MD5"}, "md5"),
        ({"sign_method": "HMAC_MD5"}, "hmac"),
        ({"sign_method": "HMAC-SHA256"}, "hmac-sha256"),
        ({"sign_method": "sha256"}, "hmac-sha256"),
    ],
)
def test_a_value_of_few_is_asked_for(diagnose, changes, meant):
    """A method, format or sign_method that nearly is one gets a question."""
    assert only(diagnose(**changes), "did_you_mean")["at"]["meant"] == meant


def test_chinese_in_gbk_is_recognised(send, signed, read_entry):
    """The finding names the encoding of a request in GBK."""
    texts = "&".join(
        f"{name}={quote(value)}" for name, value in signed(LIST, fields="status").items()
    )
    send(body=f"{texts}&buyer_nick={quote('桂花拿铁'.encode('gbk'))}".encode())
    assert only(read_entry()[1], "not_utf8")["at"] == {"codec": "GBK"}


# 11, 12


def test_rights_are_listed(make_world, caller_of):
    """A missing right is reported with what the caller may call, and where to change that."""
    world = make_world(apps=[{"methods": [LIST, AGREE]}], shops=[{"subs": [{"methods": [LIST]}]}])
    caller = caller_of(world)
    for session, code, name in (
        (caller.session, 11, "app_methods"),
        (caller.sub_session, 12, "session_methods"),
    ):
        caller.send(
            caller.params(
                GET if code == 11 else AGREE, dispute_id=1, fields="status", session=session
            )
        )
        entry = world.journal.select({}, 1)[1][0].serialize()
        [finding] = entry["diagnosis"]["findings"]
        assert (entry["code"], finding["id"]) == (code, name)
        assert LIST in finding["zh"] and "PATCH" in finding["zh"]


# 41


@pytest.mark.parametrize(
    ("method", "changes", "name", "said"),
    [
        (GET, {"dispute_id": "3.0000000000002e+17"}, "rounded_number", "2^53"),
        (GET, {"dispute_id": "12.0"}, "rounded_number", "12.0"),
        (GET, {"dispute_id": " 12"}, "argument_blanks", "空白"),
        (LIST, {"start_created_time": "2026-03-01T10:00:00"}, "time_form", "2026-03-01 10:00:00"),
        (LIST, {"end_gmt_modifed_time": "1772330400000"}, "time_form", "2026-03-01 10:00:00"),
        (LIST, {"dispute_status_array": "待买家退货"}, "status_words", "待买家退货 2"),
        (LIST, {"dispute_status_array": "WAIT_SELLER_AGREE"}, "status_words", "换货待处理 1"),
        (LIST, {"dispute_status_array": "1，2"}, "list_commas", "逗号"),
        (
            "taobao.logistics.companies.get",
            {"is_recommended": "True", "dispute_id": None},
            "boolean_word",
            "true",
        ),
    ],
)
def test_a_wrong_value_is_recognised(diagnose, method, changes, name, said):
    """A value of a wrong form is reported with the right form.

    Floats, blanks, other forms of time, words for numbers and other commas.
    """
    assert said in only(diagnose(method, **changes), name)["zh"]


def test_a_repeated_parameter_is_counted(send, signed, read_entry):
    """Where each copy of a repeated parameter came from is reported."""
    texts = signed(GET, dispute_id=1, fields="status")
    send(query=b"fields=status&fields=x", body=urlencode(texts).encode())
    assert only(read_entry()[1], "repeated_where")["at"] == {
        "name": "fields",
        "count": 3,
        "where": "query × 2 + body × 1",
    }


def test_a_session_sent_twice_as_a_name_is_not_quoted(top, send, signed, read_entry):
    """A session that comes twice as a parameter's name is counted without being shown."""
    send(
        body=(
            f"{urlencode(signed(GET, dispute_id=1, fields='status'))}&{top.session}=1&"
            f"{top.session}=2"
        ).encode()
    )
    assert only(read_entry()[1], "repeated_where")["at"]["count"] == 2


def test_a_personal_value_is_not_quoted(diagnose, read_entry):
    """A message that is too long is refused without a word of it."""
    diagnose(AGREE, address_id=1, leave_message="私密留言" * 100)
    assert "私密" not in json.dumps(read_entry()[0], ensure_ascii=False)


# business failures


def test_a_refused_move_says_how_near_it_was(world, top, read_entry):
    """State, way and deadline stand in the finding, instants as the sandbox shows them."""
    [exchange] = world.open({"status": 2})
    world.age(timedelta(hours=5))
    top(
        SHIP,
        dispute_id=exchange.dispute_id,
        fields="status",
        logistics_no="SF12345",
        logistics_type=200,
        logistics_company_name="顺丰快递",
    )
    entry, findings = read_entry()
    at = findings["near_miss"]["at"]
    assert entry["outcome"] == "failed"
    assert (at["status_now"], at["legal_from"]) == (2, [12])
    assert [(step["by"], step["move"]) for step in at["way"]] == [
        ("buyer", "ship_back"),
        ("seller", "returngoods_agree"),
    ]
    assert (at["deadline"]["to"], at["deadline"]["closes"]) == ([4], True)
    assert (
        at["deadline"]["at"]
        == top.result(GET, dispute_id=exchange.dispute_id, fields="time_out")["result"]["exchange"][
            "time_out"
        ]
    )


@pytest.mark.parametrize(
    ("changes", "status", "name", "said"),
    [
        ({"address_id": 5}, 1, "possible_values", "10000002"),
        ({}, 1, "stock_left", "0 件"),
        (
            {"method": "tmall.exchange.refuse", "seller_refuse_reason_id": 5},
            1,
            "possible_values",
            "1101",
        ),
        (
            {"method": "tmall.exchange.returngoods.refuse", "seller_refuse_reason_id": 1101},
            3,
            "possible_values",
            "118",
        ),
        (
            {
                "method": SHIP,
                "logistics_no": "SF12345",
                "logistics_type": 200,
                "logistics_company_name": "顺丰速递",
            },
            12,
            "possible_values",
            "顺丰速运",
        ),
    ],
)
def test_a_failed_condition_says_what_would_do(world, top, read_entry, changes, status, name, said):
    """An unknown address, reason or carrier and missing stock come with what there is."""
    world.patch_rules({"strict_logistics": True})
    [exchange] = world.open({"status": status})
    if name == "stock_left":
        world.put_stock("wanted", 0)
    arguments = {"method": AGREE, "address_id": 10000002, **changes}
    top(arguments.pop("method"), dispute_id=exchange.dispute_id, fields="status", **arguments)
    findings = read_entry()[1]
    assert said in findings[name]["zh"]
    assert findings["near_miss"]["at"]["way"] == []


@pytest.mark.parametrize("method", [GET, AGREE, "tmall.exchange.messages.get"])
def test_an_id_that_is_nearly_one_is_recognised(world, top, read_entry, method):
    """A rounded id, another shop's, another sandbox's, and a trade's are named as what they are."""
    [exchange] = world.open({})
    other = type(world)(world.directory, world.document, id="other")
    world.directory.add(other)
    [foreign] = other.open({"dispute_id": "777"})

    def ask(number):
        top(method, dispute_id=number, fields="status", address_id=1)
        return read_entry()[1]

    rounded = int(float(exchange.dispute_id))
    assert rounded != exchange.dispute_id
    assert only(ask(rounded), "rounded_id")["at"] == {
        "given": str(rounded),
        "known": str(exchange.dispute_id),
    }
    assert only(ask(exchange.tid), "trade_id")["at"]["known"] == str(exchange.dispute_id)
    assert only(ask(exchange.oid), "trade_id")["at"]["known"] == str(exchange.dispute_id)
    assert only(ask(foreign.dispute_id), "other_sandbox")["at"]["known"] == "other"
    assert ask(5) == {}


def test_another_shops_exchange_is_reported_so(make_world, caller_of):
    """An exchange that stands in the same sandbox under another shop is named, on no wire."""
    world = make_world(shops=[{"nick": "甲"}, {"nick": "乙"}])
    caller = caller_of(world)
    [exchange] = world.open({"shop": "乙"})
    reply = caller.result(GET, dispute_id=exchange.dispute_id, fields="status")["result"]
    [finding] = world.journal.select({}, 1)[1][0].serialize()["diagnosis"]["findings"]
    assert finding["id"] == "other_shop"
    assert reply["message"] == f"换货单 {exchange.dispute_id} 不存在"


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5, 6, 12, 13, 14])
@pytest.mark.parametrize(
    "method",
    [
        AGREE,
        "tmall.exchange.refuse",
        "tmall.exchange.returngoods.agree",
        "tmall.exchange.returngoods.refuse",
        SHIP,
        "tmall.exchange.confirm.consign",
        "tmall.exchange.message.add",
    ],
)
def test_every_refused_move_is_diagnosed(world, top, read_entry, method, status):
    """No state or method makes the diagnosis fail; every failed move has its near miss."""
    [exchange] = world.open({"status": status})
    top(
        method,
        dispute_id=exchange.dispute_id,
        fields="status",
        address_id=10000002,
        seller_refuse_reason_id=5,
        content="x",
        logistics_no="SF12345",
        logistics_type=200,
        logistics_company_name="顺丰快递",
    )
    entry, findings = read_entry()
    assert ("near_miss" in findings) is (entry["outcome"] == "failed")
    assert "own_fault" not in findings


# planned faults, lax, and the wire


@pytest.mark.parametrize(
    "code", [3, 7, 11, 12, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 40, 41, 47, 9999]
)
def test_a_planned_error_accuses_nobody(world, top, read_entry, code):
    """Where a fault was planned the caller has made no mistake, and none is found."""
    world.plan_faults({"fault": "platform_error", "code": code, "msg": "Odd"})
    assert top(GET, dispute_id=1, fields="status")["error_response"]["code"] == code
    entry, findings = read_entry()
    assert findings == {}
    assert "planned fault" in entry["diagnosis"]["en"]


def test_a_lax_server_diagnoses_and_answers(world, top):
    """What a lax server lets pass stands in the warnings and findings of an answered call."""
    lax = type(top)(Gateway(SandboxLookup(world.directory, "default")), world)
    texts = lax.params("taobao.time.get")
    signed = lax.params("taobao.time.get", session=None)["sign"]
    assert "time_get_response" in json.loads(lax.send({**texts, "sign": signed}).body)
    entry = world.journal.select({}, 1)[1][0].serialize()
    assert (entry["outcome"], [finding["id"] for finding in entry["diagnosis"]["findings"]]) == (
        "ok",
        ["session_unsigned"],
    )
    assert any("如果不把 session 算进签名" in warning for warning in entry["warnings"])


def test_warnings_ask_what_was_meant(diagnose, read_entry):
    """Unknown parameters and fields stand in the warnings of an answered call."""
    diagnose(
        LIST,
        dispute_id=None,
        end_gmt_modified_time="2026-03-01 10:00:00",
        fields="status,operation_constraint",
        colour="red",
    )
    warnings = "\n".join(read_entry()[0]["warnings"])
    assert all(
        word in warnings for word in ("end_gmt_modifed_time", "operation_constraint", "colour")
    )
    assert read_entry()[0]["outcome"] == "ok"


WIRE = {"code", "msg", "sub_code", "sub_msg", "request_id"}


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "2026-03-01 02:00:00"},
        {"timestamp": "x"},
        {"app_key": "404"},
        {"session": "x"},
        {"session": None},
        {"sign": "0" * 32},
        {"method": "tmall.exchange.gett"},
        {"dispute_id": "1.0"},
        {"dispute_id": None, "disputeId": 1},
        {"format": "json", "v": "1.0"},
    ],
)
def test_nothing_of_it_is_on_the_wire(top, changes):
    """A refusal carries what the platform sends and no more."""
    reply = json.loads(
        top.send(top.params(**{"method": GET, "dispute_id": 1, "fields": "status", **changes})).body
    )
    assert list(reply) == ["error_response"]
    assert set(reply["error_response"]) <= WIRE


def test_every_move_has_a_name_in_the_near_misses():
    """Findings name moves as users type them."""
    assert {"agree", "ship_back", "returngoods_agree"} <= set(MOVES)
