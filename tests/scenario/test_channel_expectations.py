"""`expect: {messages: {pushed: …}}` and `resend`: what is compared, and what is a mistake."""

import pytest

from mockserver.scenario.reader import read_scenario
from mockserver.scenario.yaml_text import InvalidFile

HEAD = "scenario: x\nsteps:\n"
CREATED, AGREED = "taobao_dispute_RefundCreated", "taobao_dispute_ExchangeAgree"


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ("{pushed: 2}", True),
        ("{pushed: 1}", False),
        (f"{{pushed: [{CREATED}, {AGREED}]}}", True),
        (f"{{pushed: [{AGREED}, {CREATED}]}}", False),
        (f"{{pushed: [{CREATED}]}}", False),
        (f"{{pushed: {{last: {AGREED}}}}}", True),
        (f"{{pushed: {{last: {CREATED}}}}}", False),
        (f"{{pushed: {{any: {CREATED}}}, queued: 2, confirmed: 0, failed: 0}}", True),
        (f"{{pushed: {{contains: {AGREED}}}}}", True),
        (f"{{confirmed: {{contains: {AGREED}}}}}", False),
        ("{queued: {count: {above: 1}}}", True),
        ("{queued: {count: {above: 2}}}", False),
        ("{queued: {first: {content: {refund_id: $it}}}}", True),
        ("{queued: {first: {content: {refund_id: 1}}}}", False),
        ("{failed: []}", True),
        ("1", False),
        ("2", True),
    ],
)
def test_what_holds_of_the_channel(run_text, expected, holds):
    """A number, topics, members and operators compare the exchange's messages, oldest first."""
    result = run_text(
        f"{HEAD}  - buyer: apply\n  - seller: agree\n  - expect: {{messages: {expected}}}\n"
    )
    assert result.ok is holds


@pytest.mark.parametrize(
    ("expected", "meant"),
    [
        ("{pushd: 1}", "pushed"),
        ("{pushed: [taobao_dispute_ExchangeAgre]}", AGREED),
        ("{pushed: {last: taobao_dispute_ExchangeAgre}}", AGREED),
        (f"{{queued: [{{topc: {AGREED}}}]}}", "topic"),
        ("{queued: [{topic: taobao_dispute_ExchangeAgre}]}", AGREED),
        ("{queued: [{content: {created: x}}]}", "create"),
    ],
)
def test_a_name_that_no_message_has_is_a_mistake(expected, meant):
    """Parts, topics, members and members of the payload are checked before anything runs."""
    with pytest.raises(InvalidFile) as wrong:
        read_scenario(
            f"{HEAD}  - buyer: apply\n    expect: {{messages: {expected}}}\n", "story.yaml"
        )
    [mistake] = wrong.value.mistakes
    assert f"是否想写 {meant}？" in mistake.zh
    assert mistake.line == 4


@pytest.mark.parametrize("expected", ["{pushed: many}", "{pushed: {absent: 1}}", "{queued: 1.5}"])
def test_a_part_is_a_number_or_a_list(expected):
    """Anything else is a mistake."""
    with pytest.raises(InvalidFile):
        read_scenario(
            f"{HEAD}  - buyer: apply\n    expect: {{messages: {expected}}}\n", "story.yaml"
        )


@pytest.mark.parametrize("message", ["later", "[1]", "{a: 1}", "$nothing", "''"])
def test_resend_takes_an_id(message):
    """A text that is no number and no reference is a mistake."""
    with pytest.raises(InvalidFile):
        read_scenario(f"{HEAD}  - buyer: apply\n  - resend: {message}\n", "story.yaml")


def test_a_message_that_is_not_there_cannot_be_sent_again(run_text):
    """The run says which id there is not."""
    result = run_text(f"{HEAD}  - buyer: apply\n  - resend: 12345\n")
    assert not result.ok
    assert "12345" in str(result)
