"""Callbacks: whatever is sent to the function is answered as agreed, and only names get onto the queue."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from connector.services.messages import ChangeMessage, HintMessage
from proof.bad_input.endpoint import LONGEST_LINE, Door
from proof.bad_input.trial import CaseResult, Target
from proof.strategies.callbacks import SECRET, CallbackCase, callback_cases

NAME = re.compile(r"[A-Za-z0-9][\w.:~+=@-]{0,63}", re.ASCII)
"""What Orderful's ids look like; nothing else gets into an address that is asked with our key."""

ANSWERS = {202, 401}
_BODY = {"received", "message"}


def target(door: Door) -> Target[CallbackCase]:
    """The target."""
    return Target(
        "A callback of any shape is answered 202 or 401 and queues nothing but names",
        callback_cases(),
        lambda case: fed(door, case),
    )


def fed(door: Door, case: CallbackCase) -> CaseResult:
    """Send one request, twice."""
    answer, hints = door.ask(case.event), door.hints()
    status = answer["statusCode"]
    ending = CaseResult(f"{status} {'hint' if hints else 'nothing'}")
    ending.expect(status in ANSWERS, f"it was answered {status}")
    ending.expect((status == 202) == case.knows, f"it was answered {status} although it is {case.knows} that it knows")
    ending.expect(set(json.loads(answer["body"])) <= _BODY, f"it was answered {answer['body']}")
    ending.expect(len(hints) <= (1 if status == 202 else 0), f"it queued {len(hints)} messages")
    for hint in hints:
        ending.problems.extend(wrong_with(hint))
    lines = door.log.heard()
    ending.expect(lines and all(len(line) <= LONGEST_LINE for line in lines), f"the log says {str(lines)[:300]}")
    ending.expect(not any(SECRET in line for line in lines), "the log holds the secret")
    ending.expect((door.ask(case.event), door.hints()) == (answer, hints), "the second time it ended in another way")
    return ending


def wrong_with(hint: dict[str, Any]) -> list[str]:
    """What a queued hint has that it must not have."""
    found = msgspec.convert(hint, HintMessage | ChangeMessage)
    if not isinstance(found, HintMessage):
        return ["it queued something that is no hint"]
    names = [found.transaction_id, *filter(None, [found.delivery_id])]
    return [f"it queued the name {name!r}" for name in names if not NAME.fullmatch(name)]
