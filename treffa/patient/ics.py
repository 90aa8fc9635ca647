"""The appointment for the patient's own calendar, with a title that gives nothing away."""

from datetime import datetime

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from appointments.models import Appointment
from practices.models import Practice


def calendar_file(appointment: Appointment, practice: Practice, *, now: datetime) -> bytes:
    """An RFC 5545 calendar with one event in UTC. The title holds the practice's neutral name only."""
    event = Event()
    event.add("uid", f"appointment-{appointment.practice_id}-{appointment.pk}@treffa")
    event.add("sequence", appointment.revision)
    event.add("dtstamp", now)
    event.add("dtstart", appointment.start)
    event.add("dtend", appointment.end)
    event.add("summary", _("Appointment: %(practice)s") % {"practice": practice.sender_name})
    if practice.address:
        event.add("location", practice.address)
    calendar = Calendar()
    calendar.add("prodid", "-//Treffa//Treffa//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
