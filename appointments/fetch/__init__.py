"""The only place of this room that talks HTTP: one GET for a feed, safe to point anywhere.

A feed's address comes from a person, and answers come from anyone. So: https only (and what the operator allows
by exact host:port); each address judged when it is connected to and pinned, so that a name that answers
differently the second time gains nothing; redirects by hand, each judged again; one deadline for everything,
because a read timeout is no limit for a slow drip; caps on the bytes as sent and as expanded.
"""

from appointments.fetch.addresses import endpoint, is_public, may_be_asked, normal
from appointments.fetch.request import (
    Body,
    Failed,
    NotModified,
    Reason,
    Response,
    Validators,
    fetch,
    post,
    retry_after,
)

__all__ = [
    "Body",
    "Failed",
    "NotModified",
    "Reason",
    "Response",
    "Validators",
    "endpoint",
    "fetch",
    "is_public",
    "may_be_asked",
    "normal",
    "post",
    "retry_after",
]
