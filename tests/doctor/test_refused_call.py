"""A refused call is a plain value.

The doctor examines it without a gateway, and nothing is changed.
"""

import json

from mockserver.doctor.diagnosis import Diagnosis, begin_diagnosis, explain_refusal
from mockserver.doctor.refused_call import RefusedCall
from mockserver.protocol.errors import CODES, TopError
from mockserver.protocol.messages import Inbound


def refuse(world, texts, error, **changes):
    """Return a call with these parameters that was refused with an error."""
    app = next(iter(world.view.apps()))
    call = {"texts": texts, "app": app, "world": world, "error": error, **changes}
    return RefusedCall(inbound=Inbound("POST"), directory=world.directory, **call)


def diagnose(call: RefusedCall) -> Diagnosis:
    """Return the whole diagnosis of a call, with the search for what is wrong with its sign."""
    diagnosis, search = begin_diagnosis(call)
    return search() if search is not None else diagnosis


def test_a_plain_call_is_diagnosed(world):
    """The finding replaces the general cause of its code."""
    general = (CODES[22].zh, CODES[22].en)
    call = refuse(world, {"method": "tmall.exchange.gett"}, TopError(22), cause=general)

    diagnosis = diagnose(call)

    [finding] = json.loads(diagnosis.findings)
    assert (finding["id"], finding["at"]["meant"]) == ("did_you_mean", "tmall.exchange.get")
    assert diagnosis.cause == (finding["zh"], finding["en"])
    assert diagnosis.warnings == ()
    assert call.cause == general


def test_a_cause_of_its_own_is_kept(world):
    """The finding follows a cause that says more than its code."""
    call = refuse(world, {"method": "tmall.exchange.gett"}, TopError(22), cause=("原因", "cause"))

    cause_zh, cause_en = diagnose(call).cause

    assert cause_zh.startswith("原因；") and cause_en.startswith("cause; ")


def test_what_a_lax_server_lets_pass_is_a_warning(world):
    """A tolerated error has findings and warnings, and no cause."""
    texts = {"method": "tmall.exchange.get", "sign_method": "HMAC_SHA256", "sign": "0"}

    diagnosis = diagnose(refuse(world, texts, None, tolerated=TopError(25)))

    assert [finding["id"] for finding in json.loads(diagnosis.findings)] == ["did_you_mean"]
    assert len(diagnosis.warnings) == 1 and diagnosis.warnings[0].startswith("lax：")
    assert diagnosis.cause == ("", "")


def test_a_planned_error_has_no_finding(world):
    """Who met a planned fault has made no mistake."""
    call = refuse(world, {"method": "tmall.exchange.gett"}, TopError(22), planned=True)

    assert explain_refusal(call) == []
