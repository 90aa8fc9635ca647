"""What becomes of a message: rules on the request, built-in numbers, and switches.

Built-in, as with Twilio's own test numbers (`To`):

    +15005550001  400, 21211 invalid number         +15005550002  400, 21612 cannot be routed
    +15005550003  400, 21408 no permission          +15005550004  400, 21610 unsubscribed
    +15005550009  400, 21614 not a mobile number

and for any number by its last five digits:

    99901  400, 21211       99904  400, 21610
    99903  undelivered, 30003 unreachable           99905  undelivered, 30005 unknown
    99907  undelivered, 30007 filtered              99908  undelivered, 30008 unknown error
    99910  is sent and never reported as delivered
    99924  WhatsApp only: undelivered, 63024        99949  WhatsApp only: undelivered, 63049

A WhatsApp message with a Body is undelivered with 63016 unless the number wrote to this sender within 24 hours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from treffa.sandbox.faults import Fault
from treffa.sandbox.twilio.messages import WHATSAPP

BEFORE_ANSWER = ("reject", "hang", "reset", "slow", "callback_first")
"""reject: `status` and `code`, `retry_after` in seconds. hang, reset: the message is kept, the answer never comes (`stored`: false keeps nothing).
slow: the answer comes after `seconds`. callback_first: all callbacks come before the answer."""
AFTERWARDS = ("never_delivered", "undelivered", "failed", "silent", "duplicate", "reorder")
"""undelivered, failed: with `code`. silent: no callback at all. duplicate: each callback `times` times.
reorder: delivered is reported before sent."""
FAULTS = (*BEFORE_ANSWER, *AFTERWARDS)

TEXTS = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    21211: "The 'To' number is not a valid phone number.",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21610: "Attempt to send to unsubscribed recipient",
    21612: "The 'To' phone number is not currently reachable using the 'From' phone number via SMS.",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit.",
    21619: "A text message body or media urls must be specified.",
    21655: "The ContentSid is Invalid",
    21656: "The ContentVariables Parameter is invalid",
    63007: "Twilio could not find a Channel with the specified From address",
}

_REFUSED_NUMBERS = {"+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408, "+15005550004": 21610, "+15005550009": 21614}  # fmt: skip
_REFUSED_ENDINGS = {"99901": 21211, "99904": 21610}
_UNDELIVERED_ENDINGS = {"99903": 30003, "99905": 30005, "99907": 30007, "99908": 30008}
_WHATSAPP_ENDINGS = {"99924": 63024, "99949": 63049}
_NEVER_DELIVERED_ENDING = "99910"


@dataclass(frozen=True)
class Refusal:
    """An answer with an error body."""

    status: int
    code: int
    message: str


@dataclass(frozen=True)
class Outcome:
    """The statuses that follow `queued`, and the error that goes with the last."""

    statuses: tuple[str, ...]
    error_code: int | None = None
    callbacks: bool = True
    copies: int = 1


def refusal(*, code: int, status: int = 400) -> Refusal:
    return Refusal(status=status, code=code, message=TEXTS.get(code, f"Error {code}"))


def judge(form: Mapping[str, str], *, unsubscribed: bool) -> Refusal | None:
    """Twilio's own checks of a message that is to be sent, in its order."""
    to, body, content = form.get("To", ""), form.get("Body", ""), form.get("ContentSid", "")
    sender = form.get("From") or form.get("MessagingServiceSid") or ""
    number = to.removeprefix(WHATSAPP)
    for wrong, code in (
        (not to, 21604),
        (not sender, 21603),
        (not body and not content, 21619),
        (len(body) > 1600, 21617),
        (bool(content) and not re.fullmatch(r"HX[0-9a-f]{32}", content), 21655),
        (to.startswith(WHATSAPP) != sender.startswith(WHATSAPP) and not sender.startswith("MG"), 63007),
        (not re.fullmatch(r"\+[1-9]\d{6,14}", number), 21211),
        (unsubscribed, 21610),
    ):
        if wrong:
            return refusal(code=code)
    built_in = _REFUSED_NUMBERS.get(number) or _REFUSED_ENDINGS.get(number[-5:])
    return refusal(code=built_in) if built_in else None


def outcome(*, to: str, free_form: bool, session_open: bool, fault: Fault | None) -> Outcome:
    """What becomes of an accepted message."""
    if fault is not None:
        return _by_fault(fault)
    number, whatsapp = to.removeprefix(WHATSAPP), to.startswith(WHATSAPP)
    code = _UNDELIVERED_ENDINGS.get(number[-5:])
    if whatsapp:
        code = _WHATSAPP_ENDINGS.get(number[-5:], code)
        if free_form and not session_open:
            code = 63016
    if code is not None:
        return Outcome(("sent", "undelivered"), error_code=code)
    if number.endswith(_NEVER_DELIVERED_ENDING):
        return Outcome(("sent",))
    return Outcome(("sent", "delivered"))


def _by_fault(fault: Fault) -> Outcome:
    if fault.kind == "undelivered":
        return Outcome(("sent", "undelivered"), error_code=fault.whole("code", 30003))
    if fault.kind == "failed":
        return Outcome(("failed",), error_code=fault.whole("code", 30008))
    if fault.kind == "never_delivered":
        return Outcome(("sent",))
    if fault.kind == "reorder":
        return Outcome(("delivered", "sent"))
    if fault.kind == "silent":
        return Outcome(("sent", "delivered"), callbacks=False)
    return Outcome(("sent", "delivered"), copies=fault.whole("times", 2))
