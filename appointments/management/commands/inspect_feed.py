"""`manage.py inspect_feed PATH_OR_URL --json`: what Treffa reads in a calendar. Needs neither database nor broker."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from appointments import fetch, ical
from appointments.ical.zones import named
from practices import clock

REFUSED = 3


class Command(BaseCommand):
    help = "Shows what Treffa reads in a calendar: one line an event, the verdict last. Exit 3: refused."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="PATH_OR_URL")
        parser.add_argument("--zone", default="Europe/Berlin", help="the practice's time zone")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *, source: str, zone: str, json: bool, **options: Any) -> None:
        if named(zone) is None:
            raise CommandError(f"--zone: {zone} is no time zone")
        write = self._as_json if json else self._as_text
        body, reason = _load(source)
        calendar = ical.Calendar(refused=None) if reason else ical.read(body, zone=zone, window=None)
        reason = reason or (calendar.refused.value if calendar.refused else "")
        for event in calendar.events:
            write(_event(event))
        for lost in calendar.quarantined:
            write({"quarantined": lost.reason, "uid": lost.uid, "excerpt": lost.excerpt})
        write(
            {
                "verdict": "refused" if reason else "ok",
                "reason": reason,
                "events": len(calendar.events),
                "quarantined": len(calendar.quarantined),
            }
        )
        if reason:
            raise SystemExit(REFUSED)

    def _as_json(self, line: dict[str, object]) -> None:
        self.stdout.write(json.dumps(line, ensure_ascii=False))

    def _as_text(self, line: dict[str, object]) -> None:
        self.stdout.write(
            "  ".join(f"{name}={value}" for name, value in line.items() if value not in ("", []))
        )


def _load(source: str) -> tuple[bytes, str]:
    """(the calendar's bytes, why there are none)."""
    if "://" in source:
        allowed = settings.FEED_ALLOWED_ADDRESSES
        response = fetch.fetch(source, allowed_addresses=allowed, now=clock.now())
        if isinstance(response, fetch.Body):
            return response.content, ""
        return b"", response.reason.value if isinstance(response, fetch.Failed) else "unexpected_status"
    path = Path(source)
    try:
        if path.stat().st_size > ical.MAX_BYTES:
            return b"", ical.Refusal.TOO_LARGE.value
        return path.read_bytes(), ""
    except OSError:
        return b"", "unreadable_file"


def _event(event: ical.Event) -> dict[str, object]:
    return {
        "uid": event.uid,
        "recurrence_id": event.recurrence_id,
        "start": event.day.isoformat() if event.day else _utc(event.start),
        "end": event.last_day.isoformat() if event.last_day else _utc(event.end),
        "all_day": event.all_day,
        "status": event.status,
        "sequence": event.sequence,
        "summary": event.summary,
        "problems": list(event.problems),
    }


def _utc(moment: datetime) -> str:
    return f"{moment.year:04d}{moment.astimezone(UTC):-%m-%dT%H:%M:%SZ}"
