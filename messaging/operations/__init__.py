"""Writes about messages: decide and write down, send, and take in what became of them."""

from messaging.operations.delivery import deliver
from messaging.operations.reminding import remind_otherwise
from messaging.operations.requests import queue_requests
from messaging.operations.results import apply_callback
from messaging.operations.writing import insert_new, queue_staff_notice

__all__ = [
    "apply_callback",
    "deliver",
    "insert_new",
    "queue_requests",
    "queue_staff_notice",
    "remind_otherwise",
]
