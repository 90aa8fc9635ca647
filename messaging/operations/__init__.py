"""Writes about messages: decide and write down, send, and take in what became of them."""

from messaging.operations.delivery import deliver
from messaging.operations.inbound import last_written_to, take
from messaging.operations.opening import mark_opened
from messaging.operations.optouts import opt_in, opt_out
from messaging.operations.owntexts import RefusedTextError, reset_text, save_text
from messaging.operations.requests import queue_requests
from messaging.operations.results import apply_callback
from messaging.operations.switching import switch_sending
from messaging.operations.writing import queue_staff_notice

__all__ = [
    "RefusedTextError",
    "apply_callback",
    "deliver",
    "last_written_to",
    "mark_opened",
    "opt_in",
    "opt_out",
    "queue_requests",
    "queue_staff_notice",
    "reset_text",
    "save_text",
    "switch_sending",
    "take",
]
