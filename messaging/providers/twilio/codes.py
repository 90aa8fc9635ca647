"""What Twilio's codes mean for us, in one table. Meanings as of https://www.twilio.com/docs/api/errors (2026-11).

A code stands here once, whether it comes with the answer to a call or with a report afterwards.
"""

from datetime import timedelta

from messaging.providers.base import ACCOUNT, PERMANENT, TEMPORARY, Cause, Meaning

# A phone that is off, a network that is disturbed: soon again is in vain.
_LATER = Meaning(cause=Cause.TEMPORARY, pause=timedelta(minutes=30))
_TOO_FAST = Meaning(cause=Cause.RATE)
_UNUSABLE = Meaning(cause=Cause.PERMANENT, unusable=True)
_OPTED_OUT = Meaning(cause=Cause.PERMANENT, unusable=True, opted_out=True)
OURS = Meaning(cause=Cause.PERMANENT, alarm=True)

MEANINGS: dict[str, Meaning] = {
    # The account
    "20003": ACCOUNT,  # wrong credentials
    "20005": ACCOUNT,  # not active
    "30002": ACCOUNT,  # suspended after the message was queued
    "63007": ACCOUNT,  # no such WhatsApp sender
    # Too fast
    "20429": _TOO_FAST,  # too many requests at once: never processed
    "21611": _TOO_FAST,  # the sender's queue is full
    "30001": _TOO_FAST,  # the queue ran over
    "63018": _TOO_FAST,  # the channel's rate
    # The number
    "21211": _UNUSABLE,  # not a valid number
    "21214": _UNUSABLE,  # can't be reached
    "21217": _UNUSABLE,  # does not look like a number
    "21610": _OPTED_OUT,  # has written STOP to this sender
    "21612": _UNUSABLE,  # can't be reached from this sender
    "21614": _UNUSABLE,  # not a mobile number
    "30003": _LATER,  # the phone is off or out of reach
    "30004": _UNUSABLE,  # blocked: the phone or the network refuses it
    "30005": _UNUSABLE,  # the number does not exist (any more)
    "30006": _UNUSABLE,  # a landline, or a network out of reach
    "30007": Meaning(cause=Cause.PERMANENT, unusable=True, alarm=True),  # filtered: our texts look like spam
    "30008": _LATER,  # unknown error of the network
    "30450": _LATER,  # blocked for a quarter or half an hour
    "63003": _UNUSABLE,  # the channel does not know the address
    "63024": _UNUSABLE,  # not on WhatsApp
    # Not now, and not again: the other channel takes over, the address stays good
    "63049": PERMANENT,  # Meta chose not to deliver
    # Ours: no retry helps, somebody has to mend it
    "21408": OURS,  # the account may not write to that country
    "21602": OURS,  # no text
    "21603": OURS,  # no sender
    "21604": OURS,  # no recipient
    "21606": OURS,  # not a sender of this account
    "21617": OURS,  # too long
    "21655": OURS,  # no such template
    "21656": OURS,  # the template's variables are wrong
    "63016": OURS,  # free text outside of the 24 hours
}


def meaning_of_refusal(code: str, *, status: int) -> Meaning:
    """What an answer with an error means: by its code, else by its HTTP status."""
    known = MEANINGS.get(code)
    if known is not None:
        return known
    if status in (401, 403):
        return ACCOUNT
    return PERMANENT if 400 <= status < 500 else TEMPORARY


def meaning_of_failure(code: str) -> Meaning:
    """What a report of a failure means. One without a code, or with one that is not known, is taken as temporary."""
    return MEANINGS.get(code, _LATER)
