"""Callbacks: any request has a defined answer, and only ids are queued."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from connector.services.messages import ChangeMessage, HintMessage
from proof.bad_input.endpoint import MAX_LINE_LENGTH, Endpoint
from proof.bad_input.trial import CaseResult, Target
from proof.strategies.callbacks import SECRET, CallbackCase, callback_cases

NAME = re.compile(r"[A-Za-z0-9][\w.:~+=@-]{0,63}", re.ASCII)
"""The format of Orderful's ids; nothing else may be part of a URL that gets our key."""

ANSWERS = {202, 401}
_BODY = {"received", "message"}


def target(endpoint: Endpoint) -> Target[CallbackCase]:
    """The target."""
    return Target(
        "A callback of any shape is answered 202 or 401 and queues nothing but names",
        callback_cases(),
        lambda case: fed(endpoint, case),
    )


def fed(endpoint: Endpoint, case: CallbackCase) -> CaseResult:
    """Send one request, twice."""
    answer, hints = endpoint.ask(case.event), endpoint.hints()
    status = answer["statusCode"]
    result = CaseResult(f"{status} {'hint' if hints else 'nothing'}")
    result.expect(status in ANSWERS, f"it was answered {status}")
    result.expect((status == 202) == case.knows, f"it was answered {status} although it is {case.knows} that it knows")
    result.expect(set(json.loads(answer["body"])) <= _BODY, f"it was answered {answer['body']}")
    result.expect(len(hints) <= (1 if status == 202 else 0), f"it queued {len(hints)} messages")
    for hint in hints:
        result.problems.extend(wrong_with(hint))
    lines = endpoint.log.new_lines()
    result.expect(lines and all(len(line) <= MAX_LINE_LENGTH for line in lines), f"the log says {str(lines)[:300]}")
    result.expect(not any(SECRET in line for line in lines), "the log holds the secret")
    result.expect((endpoint.ask(case.event), endpoint.hints()) == (answer, hints), "the second run ended otherwise")
    return result


def wrong_with(hint: dict[str, Any]) -> list[str]:
    """The problems of a queued hint."""
    found = msgspec.convert(hint, HintMessage | ChangeMessage)
    if not isinstance(found, HintMessage):
        return ["it queued a message that is no hint"]
    names = [found.transaction_id, *filter(None, [found.delivery_id])]
    return [f"it queued the name {name!r}" for name in names if not NAME.fullmatch(name)]
