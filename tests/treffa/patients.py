"""A patient with a phone: taps the link, tells the date of birth, taps and types."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client

from appointments.models import AppointmentType
from practices import clock, tenancy
from practices.models import Practice
from prerequisites import links
from prerequisites.models import Case, Kind, Requirement
from tests import factories

BORN = {"born-day": "14", "born-month": "3", "born-year": "1947"}
MARK = 'name="form" value="'
WRONG = {"born-day": "15", "born-month": "3", "born-year": "1947"}


@dataclass(kw_only=True)
class Phone:
    """A browser without JavaScript. `page` is what it shows."""

    case: Case
    practice: Practice
    browser: Client = field(default_factory=Client)

    @property
    def address(self) -> str:
        with tenancy.scope(self.practice.pk):
            return urlsplit(links.url_for(self.case)).path

    def tap_link(self) -> Any:
        return self.browser.get(self.address, follow=True)

    def identify(self, **born: str) -> Any:
        """Taps the link and tells the date of birth (the right one, if none is given)."""
        self.tap_link()
        return self.send("/p/", **(born or BORN))

    def get(self, path: str) -> Any:
        return self.browser.get(path)

    def send(self, path: str, **data: Any) -> Any:
        """Posts a form as the page holds it, its hidden token included, and follows to the next page."""
        return self.browser.post(path, {"form": self.token(), **data}, follow=True)

    def answer(self, requirement_id: int, **answers: Any) -> Any:
        """Answers a form, question by question, looks it over and sends it; or the page that would not take an answer."""
        address = f"/p/{requirement_id}/"
        page = self.browser.get(address, follow=True)
        while "/questions/" in (here := page.request["PATH_INFO"]):
            name = "q-" + here.split("/questions/")[1].strip("/")
            given = {
                key: value for key, value in answers.items() if key == name or key.startswith(f"{name}-")
            }
            page = self.send(here, **given)
            if page.request["PATH_INFO"] == here:
                return page
        return self.send(f"{address}check/")

    def token(self) -> str:
        """The hidden token, from the first of the patient's pages that has a form."""
        with tenancy.scope(self.practice.pk):
            ids = list(Requirement.objects.filter(case=self.case).values_list("id", flat=True))
        pages = (text(self.browser.get(path, follow=True)) for path in ("/p/", *(f"/p/{pk}/" for pk in ids)))
        return next(page.split(MARK)[1].split('"')[0] for page in pages if MARK in page)


def text(response: HttpResponse) -> str:
    return response.content.decode()


def make_case(practice: Practice, *, known: bool = True, **patient: Any) -> Case:
    """A case in ten days of a patient whose page is in English; `known`: the calendar knows the date of birth."""
    now = clock.now()
    details = {"language": "en", **({} if known else {"birth_date": None}), **patient}
    with tenancy.scope(practice.pk):
        appointment = factories.AppointmentFactory(
            patient=factories.PatientFactory(**details),
            type=factories.AppointmentTypeFactory(name=f"CT Abdomen {AppointmentType.objects.count() + 1}"),
            start=now + timedelta(days=10),
            needs_planning=False,
        )
        case: Case = factories.CaseFactory(appointment=appointment)
    return case


def require(
    case: Case, kind: Kind = Kind.DOCUMENT, *, deadline: datetime | None = None, **details: Any
) -> Requirement:
    """One more thing that the case requires."""
    with tenancy.scope(case.practice_id):
        prerequisite = factories.PrerequisiteFactory(plan=case.plan, kind=kind, **details)
        requirement: Requirement = factories.RequirementFactory(
            case=case, prerequisite=prerequisite, deadline=deadline or clock.now() + timedelta(days=5)
        )
    return requirement
