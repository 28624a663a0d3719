"""Every choice of the rules can be overridden, within its bounds, all of a patch or none of it."""

from datetime import timedelta

import pytest

from mockserver.domain.evidence import Grade
from mockserver.domain.rules import DEFAULTS, RULES, BadRule
from tests.oracle import DEADLINE_TEXTS, FAILURE_CODES, STATUS_TEXTS

DEFAULT = {
    **{f"deadline.{status}": text for status, text in DEADLINE_TEXTS.items()},
    **{f"text.{status}": text for status, text in STATUS_TEXTS.items()},
    "fields_required": True,
    "modify_to": 1,
    "strict_logistics": False,
    **{f"msg_code.{failure}": code for failure, code in FAILURE_CODES.items()},
    "page_size_max": 100,
    "message_max_bytes": 400,
    "picture_max_bytes": 5 * 1024 * 1024,
    "message_picture_max_bytes": 500 * 1024,
    "pictures_max": 10_000,
    "pictures_max_bytes": 64 * 1024 * 1024,
    "picture_limits": "warn",
    "modify_after_agreement": False,
    "failure_shape": "result",
    "dispute_not_exist": "inside",
    "success_text": "absent",
    "timestamp_tolerance": "10m",
    "seconds_timestamp": True,
    "picture_host": "server",
    "personal_data": "masked",
}


@pytest.mark.parametrize(("name", "value"), DEFAULT.items())
def test_every_documented_choice_has_its_default(name, value):
    """The durations, texts, codes and limits of the rules stand as the rules say."""
    assert DEFAULTS.to_dict()[name] == value


@pytest.mark.parametrize(
    ("name", "grade"),
    [
        ("deadline.1", "assumed"),
        ("deadline.2", "inferred"),
        ("deadline.3", "inferred"),
        ("deadline.6", "inferred"),
        ("deadline.12", "inferred"),
        ("deadline.13", "assumed"),
        ("modify_to", "inferred"),
        ("page_size_max", "inferred"),
        ("message_max_bytes", "inferred"),
        ("picture_max_bytes", "inferred"),
        ("message_picture_max_bytes", "inferred"),
        ("pictures_max", "assumed"),
        ("pictures_max_bytes", "assumed"),
        ("picture_limits", "assumed"),
        ("modify_after_agreement", "assumed"),
        ("failure_shape", "assumed"),
        ("dispute_not_exist", "inferred"),
        ("success_text", "inferred"),
        ("timestamp_tolerance", "documented"),
        ("seconds_timestamp", "inferred"),
        ("picture_host", "assumed"),
        ("personal_data", "inferred"),
        ("fields_required", "documented"),
        ("strict_logistics", "assumed"),
        ("msg_code.not_exist", "inferred"),
        *(
            (f"msg_code.{name}", "assumed")
            for name in (
                "wrong_state",
                "no_stock",
                "unknown_address",
                "unknown_reason",
                "bad_waybill",
                "wrong_flow",
                "flow_over",
                "unknown_carrier",
            )
        ),
    ],
)
def test_choices_say_how_they_are_known(name, grade):
    """Of the business codes only DISPUTE_NOT_EXIST was seen.

    Lengths are inferred or assumed as the rules say.
    """
    assert RULES[name].evidence.grade is Grade(grade)


@pytest.mark.parametrize(
    ("name", "value", "json_value"),
    [
        ("deadline.2", "7d", "7d"),
        ("deadline.12", "120h", "5d"),
        ("text.14", "换货单关闭,请退款", "换货单关闭,请退款"),
        ("fields_required", False, False),
        ("modify_to", 3, 3),
        ("strict_logistics", True, True),
        ("msg_code.no_stock", "B150", "B150"),
        ("deadline.1", timedelta(days=5), "5d"),
        ("page_size_max", 200, 200),
    ],
)
def test_a_choice_can_be_overridden(name, value, json_value):
    """A patch changes the named choice and no other; the choices before it stay."""
    changed = DEFAULTS.with_changes({name: value}).to_dict()

    assert changed == {**DEFAULTS.to_dict(), name: json_value}
    assert DEFAULTS.to_dict()[name] == DEFAULT[name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deadline.2", "soon"),
        ("deadline.2", 7),
        ("deadline.2", ""),
        ("deadline.2", None),
        ("deadline.2", "-1d"),
        ("deadline.2", True),
        ("deadline.4", "7d"),
        ("deadline", "7d"),
        ("text.14", ""),
        ("text.14", 14),
        ("text.14", None),
        ("text.11", "换货结束"),
        ("fields_required", 1),
        ("fields_required", "true"),
        ("fields_required", None),
        ("modify_to", 2),
        ("modify_to", "3"),
        ("modify_to", True),
        ("modify_to", 3.0),
        ("strict_logistics", 0),
        ("msg_code.no_stock", ""),
        ("msg_code.no_stock", ["x"]),
        ("msg_code.other", "X"),
        ("page_size_max", 0),
        ("page_size_max", -1),
        ("page_size_max", True),
        ("message_max_bytes", 0),
        ("picture_max_bytes", 0),
        ("STRICT_LOGISTICS", True),
        ("", "x"),
    ],
)
def test_a_wrong_name_or_value_is_refused(name, value):
    """The refusal names the rule and what it could be; no choice has changed."""
    with pytest.raises(BadRule) as bad:
        DEFAULTS.with_changes({"modify_to": 3, name: value})

    assert bad.value.name == name
    assert DEFAULTS.to_dict()["modify_to"] == 1


def test_an_unknown_name_is_reported_the_known_ones():
    """The refusal of a misspelt rule lists the rules there are."""
    with pytest.raises(BadRule, match=r"strict_logistics"):
        DEFAULTS.with_changes({"strict_logistic": True})


def test_what_is_shown_can_be_patched_back():
    """A dump of the rules is itself a valid patch."""
    changed = DEFAULTS.with_changes(
        {"deadline.12": "73h", "text.14": "换货转退款", "strict_logistics": True}
    )

    assert DEFAULTS.with_changes(changed.to_dict()).to_dict() == changed.to_dict()


def test_a_rule_is_read_as_text():
    """The wording of a status comes as it was set; a number comes as its digits."""
    rules = DEFAULTS.with_changes({"text.14": "换货转退款"})

    assert rules.text("text.14") == "换货转退款"
    assert rules.text("page_size_max") == "100"


def test_an_unknown_rule_says_what_was_meant():
    """A misspelt name comes with the similar one; a name like no other with the list alone."""
    with pytest.raises(BadRule) as near:
        DEFAULTS.with_changes({"deadlne.2": "1d"})
    assert near.value.zh.startswith("没有规则 deadlne.2；是否想写 deadline.2？可用：")
    assert near.value.en.startswith("no rule deadlne.2; did you mean deadline.2? use: ")
    with pytest.raises(BadRule) as far:
        DEFAULTS.with_changes({"x" * 100_000: 1})
    assert "是否想写" not in far.value.zh
