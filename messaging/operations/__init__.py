"""Writes about messages: decide and write down, send, and take in what became of them."""

from messaging.operations.delivery import deliver
from messaging.operations.inbound import last_written_to, take
from messaging.operations.opening import mark_opened
from messaging.operations.optouts import opt_in, opt_out
from messaging.operations.owntexts import RefusedTextError, reset_text, save_text
from messaging.operations.reminding import remind_otherwise
from messaging.operations.requests import queue_requests
from messaging.operations.results import apply_callback
from messaging.operations.switching import switch_sending
from messaging.operations.writing import insert_new, queue_staff_notice

__all__ = [
    "RefusedTextError",
    "apply_callback",
    "deliver",
    "insert_new",
    "last_written_to",
    "mark_opened",
    "opt_in",
    "opt_out",
    "queue_requests",
    "queue_staff_notice",
    "remind_otherwise",
    "reset_text",
    "save_text",
    "switch_sending",
    "take",
]
