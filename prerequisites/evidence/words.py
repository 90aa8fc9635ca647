"""How the entries of the record are told in an evidence record: full sentences, in the language that is active."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import Insurance, Sex
from prerequisites.models import Kind, Obstacle, Readiness, RequirementState

EVENTS: Mapping[str, str | Promise] = {
    "appointment.booked": gettext_lazy("Appointment found in the calendar for %(start)s"),
    "appointment.moved": gettext_lazy("Appointment moved from %(from)s to %(start)s"),
    "appointment.changed": gettext_lazy("Appointment changed in the calendar, now %(start)s"),
    "appointment.reappeared": gettext_lazy("Appointment is in the calendar again, for %(start)s"),
    "appointment.cancelled": gettext_lazy("Appointment of %(start)s cancelled"),
    "appointment.retyped": gettext_lazy("Type of the appointment recognised anew"),
    "appointment.joined": gettext_lazy("Appointment is the same as one in another calendar"),
    "appointment.parted": gettext_lazy("Appointment stands for itself again"),
    "case.joined": gettext_lazy("Preparation ended: the same appointment is prepared in another calendar"),
    "case.handed_over": gettext_lazy("Preparation goes on with the same appointment in another calendar"),
    "case.opened": gettext_lazy("Preparation begun by version %(version)s of the plan"),
    "case.follows": gettext_lazy("Preparation brought in line with the changed appointment"),
    "case.closed": gettext_lazy("Preparation ended: appointment cancelled"),
    "case.moved_to_version": gettext_lazy("Moved to another version of the plan"),
    "case.assigned": gettext_lazy("Somebody else cares for it"),
    "outcome.marked": gettext_lazy("What became of the appointment was noted"),
    "outcome.taken_back": gettext_lazy("What became of the appointment was taken back"),
    "link.shown": gettext_lazy("Link shown to staff"),
    "message.asked_for": gettext_lazy("Reminder asked for"),
    "case.set_aside": gettext_lazy("Preparation rests: no plan for the appointment"),
    "case.resumed": gettext_lazy("Preparation goes on"),
    "case.readiness": gettext_lazy("Now: %(readiness)s"),
    "plan.published": gettext_lazy("Version %(version)s of the plan published"),
    "plan.signed_off": gettext_lazy("Plan signed off by a physician"),
    "requirement.submitted": gettext_lazy("%(what)s: handed in"),
    "requirement.acknowledged": gettext_lazy("%(what)s: confirmed as read and understood"),
    "requirement.cannot_get": gettext_lazy("%(what)s: reported as not to be had"),
    "requirement.will_bring": gettext_lazy("%(what)s: will be brought along"),
    "requirement.accepted": gettext_lazy("%(what)s: reviewed and accepted"),
    "requirement.rejected": gettext_lazy("%(what)s: reviewed and asked for again"),
    "requirement.waived": gettext_lazy("%(what)s: waived"),
    "requirement.received": gettext_lazy("%(what)s: in place, noted by the practice"),
    "requirement.held": gettext_lazy("%(what)s: done, noted by the practice"),
    "requirement.undone": gettext_lazy("%(what)s: decision taken back"),
    "requirement.added": gettext_lazy("%(what)s: needed from now on"),
    "requirement.withdrawn": gettext_lazy("%(what)s: needed no longer"),
    "requirement.returned": gettext_lazy("%(what)s: needed again, as it stood"),
    "requirement.lapsed": gettext_lazy("%(what)s: no longer valid for the appointment, asked for again"),
    "requirement.restored": gettext_lazy("%(what)s: valid again for the appointment"),
    "requirement.reused": gettext_lazy("%(what)s: in place from another appointment"),
    "requirement.fallen": gettext_lazy("%(what)s: what it stood on was taken back"),
    "document.scanned": gettext_lazy("File checked for viruses: %(verdict)s"),
    "link.opened": gettext_lazy("Link opened"),
    "link.identified": gettext_lazy("Date of birth given and confirmed"),
    "link.wrong_birth_date": gettext_lazy("Wrong date of birth given"),
    "link.locked": gettext_lazy("Link locked after five wrong dates of birth"),
    "link.disowned": gettext_lazy("Said on the page: this is not me. Link locked"),
    "link.unlocked": gettext_lazy("Link unlocked"),
    "link.revoked": gettext_lazy("Link replaced by a new one"),
    "link.birth_date_noted": gettext_lazy("Date of birth given, none known yet"),
    "link.birth_date_confirmed": gettext_lazy("Date of birth confirmed by the practice"),
    "link.birth_date_rejected": gettext_lazy("Date of birth given found not to be the patient's"),
    "message.queued": gettext_lazy("Message written (%(occasion)s, %(channel)s)"),
    "message.accepted": gettext_lazy("Message sent (%(occasion)s, %(channel)s)"),
    "message.delivered": gettext_lazy(
        "Message delivered, reported by the provider (%(occasion)s, %(channel)s)"
    ),
    "message.opened": gettext_lazy("Opened: the patient acted on the page (%(occasion)s, %(channel)s)"),
    "message.no_echo": gettext_lazy(
        "Message neither reported as delivered nor opened in time (%(occasion)s, %(channel)s)"
    ),
    "message.reply": gettext_lazy("Patient wrote back (%(channel)s)"),
    "message.failed": gettext_lazy("Message not delivered (%(occasion)s, %(channel)s)"),
    "message.put_off": gettext_lazy("Message tried in vain, tried again later (%(occasion)s, %(channel)s)"),
    "message.unknown": gettext_lazy(
        "Message uncertain: not known whether it went out (%(occasion)s, %(channel)s)"
    ),
    "message.suppressed": gettext_lazy("Message not allowed (%(occasion)s, %(channel)s)"),
    "message.cancelled": gettext_lazy("Message called off before it was sent (%(occasion)s, %(channel)s)"),
    "patient.opted_out": gettext_lazy("Patient wants no more messages"),
    "patient.opted_in": gettext_lazy("Patient wants messages again"),
    "patient.whatsapp_on": gettext_lazy("Patient wants messages by WhatsApp"),
    "patient.whatsapp_off": gettext_lazy("Patient wants no more messages by WhatsApp"),
    "patient.created": gettext_lazy("Patient taken over from the calendar"),
    "patient.completed": gettext_lazy("Patient's details completed from the calendar"),
    "patient.asked": gettext_lazy("Question asked on the page"),
    "helper.made": gettext_lazy("Link made for somebody who helps"),
    "helper.used": gettext_lazy("Link of a helper used"),
    "helper.ended": gettext_lazy("Link of a helper ended"),
    "patient.named": gettext_lazy("Patient named by the practice"),
    "patient.contact": gettext_lazy("Contact changed"),
    "patient.facts": gettext_lazy("Sex or insurance changed"),
    "patient.merged": gettext_lazy("Two entries of the patient put together by the practice"),
    "patient.unmerged": gettext_lazy("Two entries of the patient taken apart again"),
    "patients.apart": gettext_lazy("Found by the practice to be another person than one alike"),
    "patient.birth_date": gettext_lazy("Date of birth entered"),
    "escalation.started": gettext_lazy("Escalation began"),
    "escalation.step": gettext_lazy("Escalation: next step"),
    "escalation.resumed": gettext_lazy("Not ready the day before: the steps go on"),
    "escalation.acknowledged": gettext_lazy("Taken over by the practice"),
    "escalation.ended": gettext_lazy("Escalation ended"),
    "task.opened": gettext_lazy("Task for the practice opened"),
    "task.done": gettext_lazy("Task done"),
    "task.taken": gettext_lazy("Task taken over"),
    "task.given_back": gettext_lazy("Task given back"),
    "task.put_off": gettext_lazy("Task put off"),
    "task.tried": gettext_lazy("Task tried without success"),
    "task.undone": gettext_lazy("“Done” taken back"),
    "task.closed": gettext_lazy("Task no longer needed"),
    "operator.viewed": gettext_lazy("Looked at by Treffa's operators"),
    "operator.changed": gettext_lazy("Changed by Treffa's operators"),
    "evidence.made": gettext_lazy("Evidence record made"),
}
# What messaging calls its occasions and channels in the record; this room may not import it.
CODES: Mapping[str, str | Promise] = {
    "request": gettext_lazy("Request"),
    "reminder": gettext_lazy("Reminder"),
    "rejected": gettext_lazy("Asked again"),
    "added": gettext_lazy("Something more is needed"),
    "moved": gettext_lazy("Appointment moved"),
    "cancelled": gettext_lazy("Appointment cancelled"),
    "last_call": gettext_lazy("Last call"),
    "thanks": gettext_lazy("Thanks"),
    "staff": gettext_lazy("Notice to the practice"),
    "sms": gettext_lazy("SMS"),
    "whatsapp": gettext_lazy("WhatsApp"),
    "email": gettext_lazy("E-mail"),
    "clean": gettext_lazy("nothing found"),
    "infected": gettext_lazy("refused"),
}
HOW: Mapping[str, str | Promise] = {
    "link": gettext_lazy("over the link"),
    "referrer": gettext_lazy("from the referring practice"),
    "changed": gettext_lazy("changed by the patient"),
    "fax": gettext_lazy("by fax"),
    "post": gettext_lazy("by post"),
    "in_person": gettext_lazy("in person"),
    "phone": gettext_lazy("on the phone"),
    "staff": gettext_lazy("done by the practice"),
}
ACTORS: Mapping[str, str | Promise] = {
    "system": gettext_lazy("Treffa"),
    "patient": gettext_lazy("Patient"),
    "provider": gettext_lazy("Provider"),
    "operator": gettext_lazy("Operator of Treffa"),
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """An entry of the record, read from its text."""

    id: int
    at: str
    event: str
    actor_kind: str
    actor_id: int | None
    data: dict[str, Any]
    personal: dict[str, Any]
    closed: bool

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Event":
        """`closed`: there is a personal part that nobody can open any more."""
        content, told = json.loads(entry["text"]), entry["told"]
        return cls(
            id=content[0],
            at=content[2],
            event=content[3],
            actor_kind=content[4],
            actor_id=content[5],
            data=content[8],
            personal=json.loads(told["text"]) if told else {},
            closed=told is None and content[9] is not None,
        )

    @property
    def requirement(self) -> int | None:
        return self.data.get("requirement")


@dataclass(frozen=True, kw_only=True)
class Words:
    """Tells the entries of one evidence record."""

    facts: Mapping[str, Any]

    def moment(self, at: str | None) -> str:
        """By the practice's clock, to the second."""
        if not at:
            return "–"
        local = datetime.fromisoformat(at).astimezone(ZoneInfo(self.facts["time_zone"]))
        # Translators: a date format of Django, for evidence
        return formats.date_format(local, _("j F Y, H:i:s"))

    def said(self, texts: Mapping[str, str]) -> str:
        """In the practice's language, else in German, else in any."""
        return texts.get(self.facts["language"]) or texts.get("de") or next(iter(texts.values()), "")

    def title(self, requirement_id: int | None) -> str:
        """Also of what was taken over: it is of another appointment, and counts for this one."""
        named = [one for one in self.facts["requirements"] if requirement_id is not None]
        found = (one for one in named if requirement_id in (one["id"], one["reused_from"]))
        title = next((self.said(one["title"]) for one in found), "")
        return title or _("Something")

    def what(self, event: Event) -> str:
        """What happened."""
        if event.event not in EVENTS:
            return event.event
        data = event.data
        return str(EVENTS[event.event]) % {
            "what": self.title(event.requirement),
            "start": self.moment(data.get("start")),
            "from": self.moment(data.get("from")),
            "version": data.get("version", "–"),
            "readiness": _label(Readiness, data.get("readiness")),
            "verdict": _word(data.get("verdict")),
            "occasion": _word(data.get("occasion")),
            "channel": _word(data.get("channel")),
        }

    def person(self, user_id: object) -> str:
        """A person of the practice by name."""
        return str(self.facts["people"].get(str(user_id), _("The practice")))

    def who(self, event: Event) -> str:
        """Who did it, by name where it was a person of the practice."""
        if event.actor_kind == "staff":
            return self.person(event.actor_id)
        return str(ACTORS.get(event.actor_kind, event.actor_kind))

    def more(self, event: Event) -> Iterator[tuple[str, str]]:
        """What else the entry says: (name, text), exact wordings and answers in full."""
        data, personal = event.data, event.personal
        if event.closed:
            yield (
                "",
                _("[The personal part can't be opened: it was erased with the patient's key, or changed.]"),
            )
        if data.get("held_by"):
            yield _("Carried out by"), self.person(data["held_by"])
            yield _("Carried out on"), self.moment(data.get("held_at"))
        elif data.get("how") in HOW:
            yield _("How"), str(HOW[data["how"]])
        sums = data.get("sha256", ())
        for sum_ in [sums] if isinstance(sums, str) else sums:
            yield "SHA-256", str(sum_)
        for name, label in (
            ("version", _("Wording")),
            ("provider_id", _("Provider's number")),
            ("code", _("Code")),
        ):
            if event.event.startswith("message.") and data.get(name):
                yield label, str(data[name])
        if data.get("reason"):
            yield _("Reason"), _label(Obstacle, data["reason"])
        yield from self._personal(event, personal)

    def _personal(self, event: Event, personal: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        labels = {
            "to": _("To"),
            "subject": _("Subject"),
            "text": _("Text"),
            "reason": _("Reason"),
            "name": _("Name"),
            "birth_date": _("Date of birth"),
            "phone": _("Phone"),
            "email": _("E-mail"),
        }
        for name, label in labels.items():
            if isinstance(personal.get(name), str) and personal[name]:
                yield label, personal[name]
        for name, choices, label in (("sex", Sex, _("Sex")), ("insurance", Insurance, _("Insurance"))):
            if name in personal:
                yield label, _label(choices, personal[name])
        for name in ("title", "text"):
            if isinstance(personal.get(name), dict):
                yield (_("Confirmed") if name == "title" else _("Text")), self.said(personal[name])
        if isinstance(personal.get("answers"), dict):
            yield from self._answers(event, personal["answers"])

    def _answers(self, event: Event, answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Question by question, those unanswered too."""
        asked = next((one for one in self.facts["requirements"] if one["id"] == event.requirement), None)
        questions = {question["key"]: question for question in asked["questions"]} if asked else {}
        for key in [*questions, *(key for key in answers if key not in questions)]:
            question = questions.get(key, {"label": {}, "choices": {}, "unit": ""})
            yield self.said(question["label"]) or key, self._answer(question, answers.get(key))

    def _answer(self, question: Mapping[str, Any], answer: Any) -> str:
        if answer in (None, "", []):
            return _("[no answer]")
        plain = {"yes": _("Yes"), "no": _("No")}
        choices = question["choices"]
        spoken = [
            self.said(choices[one]) if one in choices else plain.get(one, str(one))
            for one in (answer if isinstance(answer, list) else [answer])
        ]
        return f"{', '.join(spoken)} {question['unit'] or ''}".strip()


def state(requirement: Mapping[str, Any]) -> str:
    return _label(RequirementState, requirement["state"])


def kind(requirement: Mapping[str, Any]) -> str:
    return _label(Kind, requirement["kind"])


def _label(choices: Any, value: Any) -> str:
    return str(choices(value).label) if value in choices.values else str(value or "–")


def _word(code: Any) -> str:
    return str(CODES.get(code, code or "–"))
