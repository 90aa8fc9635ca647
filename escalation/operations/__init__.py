"""Writes about escalations and tasks: the stage that looks at cases, and what people do."""

from escalation.operations.acts import (
    LONGEST_SNOOZE,
    acknowledge,
    finish_task,
    give_back,
    put_off,
    take_over,
    undo,
)
from escalation.operations.sweeping import advance

__all__ = [
    "LONGEST_SNOOZE",
    "acknowledge",
    "advance",
    "finish_task",
    "give_back",
    "put_off",
    "take_over",
    "undo",
]
