"""Writes of the calendar's room: the sync, and what staff decide about feeds, types and contacts."""

from appointments.operations.answers import Answer, Answered, assign_type, forget_text
from appointments.operations.contacts import set_birth_date, set_contact, set_facts
from appointments.operations.feeds import (
    add_feed,
    ask_again,
    confirm_missing,
    dismiss_missing,
    end_alarm,
    ending,
    pause_feed,
    poll_now,
    remove_feed,
    rename_feed,
    resume_feed,
    sound_alarm,
)
from appointments.operations.invalid import InvalidInputError, StaleError
from appointments.operations.outcomes import mark_outcome, take_back_outcome
from appointments.operations.trials import accept_trial, begin_trial, keep_draft, replace_link
from appointments.operations.types import remove_type, save_type, set_needs_nothing
from appointments.syncing import FeedReport, SyncReport, sync_due_feeds

__all__ = [
    "Answer",
    "Answered",
    "FeedReport",
    "InvalidInputError",
    "StaleError",
    "SyncReport",
    "accept_trial",
    "add_feed",
    "ask_again",
    "assign_type",
    "begin_trial",
    "confirm_missing",
    "dismiss_missing",
    "end_alarm",
    "ending",
    "forget_text",
    "keep_draft",
    "mark_outcome",
    "pause_feed",
    "poll_now",
    "remove_feed",
    "remove_type",
    "rename_feed",
    "replace_link",
    "resume_feed",
    "save_type",
    "set_birth_date",
    "set_contact",
    "set_facts",
    "set_needs_nothing",
    "sound_alarm",
    "sync_due_feeds",
    "take_back_outcome",
]
