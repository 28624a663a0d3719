"""The check of `fuzz_control` that what a schema allows is taken, with what no schema can say.

Loaded by schemathesis in its own environment (SCHEMATHESIS_HOOKS), which has not our package.
"""

import re
from typing import Any

import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

# Refusals (400) of what a schema allows: the operations (a pattern of their ids), the problem's
# `detail`, and why JSON Schema cannot say it.  Any other refusal of what is allowed is a schema
# that says too little.
_DURATIONS = "(_clock_advance|_clock_age|_rules|_robots|_faults|_faults_fault_id|_sandboxes)$"
UNSAYABLE = (
    ("", "Invalid (RFC3339|ISO8601|base64|duration)", "formats only annotate"),
    ("", "yyyy-MM-dd HH:mm:ss$", "29 February of a year that has none"),
    ("^get_.*requests", "is for one sandbox|wait goes with after", "parameters that go together"),
    (_DURATIONS, "a duration|expected 3d12h", "parts of a duration are added, then bounded"),
    ("_sandboxes$", "no goods|there is no|have one shop", "names in one document"),
    ("_(webhooks|subscriptions)$", "^unknown|no such", "apps and shops of the sandbox"),
    ("_sandboxes$", "there are more than", "counts of one document are added, then bounded"),
    ("_sandboxes$", "no such shop|^unknown|beyond the years", "parts of one document"),
    (
        "_(sandboxes|snapshots_name)$",
        r"(is|are) (missing|given twice|out of)|cannot be empty|stands twice|only one|no \w+",
        "parts of one document fit",
    ),
    (
        "_(sandboxes|snapshots_name)$",
        "none of exchange|one plan for|less reserved|with a zone|not a (JSON object|picture)",
        "the same",
    ),
    ("_moves$", "a picture as data:|JPG, GIF or PNG", "bytes of a picture"),
    ("_faults_fault_id$", "^unknown", "options of the fault that is planned"),
    ("_play$", "did you mean|^unknown", "names of stories, listed at /_sandbox/stories"),
    ("_tokens$", "sandbox", "a scope needs a sandbox or has none"),
    ("_play$", "mistakes in the scenario", "the language of scenarios is a text"),
    ("_exchanges$", "differs from", "two names of one id are equal"),
    ("_exchanges$", "earlier than created", "two instants are compared"),
    ("_exchanges$", "cannot be given with a count", "a number excludes another member"),
)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Let no call wait long, for the fuzzer gives up soon; write whole numbers as integers, which
    1.0 is to JSON Schema, but to nobody who sends JSON."""
    wait = str((case.query or {}).get("wait"))
    if re.fullmatch("[1-9][0-9]?(\\.[0-9]+)?", wait) and float(wait) <= 30:
        case.query["wait"] = "0.01"
    if case.meta.generation.mode.is_positive and isinstance(case.body, dict | list):
        case.body = _write_integers(case.body)


def _write_integers(value: Any) -> Any:
    """Return the JSON value with integers instead of floats without a fraction."""
    if isinstance(value, dict):
        return {key: _write_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_write_integers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schemathesis.check
def taken_if_allowed(ctx: Any, response: Any, case: Any) -> None:
    """Fail if a call that fits its schema is refused, except as UNSAYABLE lists."""
    if response.status_code == 400:
        operation = case.operation.definition.raw.get("operationId", "")
        detail = response.json().get("detail", "")
        for operations, sentence, _ in UNSAYABLE:
            if re.search(operations, operation) and re.search(sentence, detail):
                return
    positive_data_acceptance(ctx, response, case)
