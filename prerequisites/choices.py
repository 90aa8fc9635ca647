"""The words that plans, cases and requirements are described with."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PlanState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Retired")


class Kind(models.TextChoices):
    """What has to be handed in, or done."""

    DOCUMENT = "document", _("Document")
    FORM = "form", _("Questions")
    ACKNOWLEDGEMENT = "acknowledgement", _("Instruction to confirm")
    STAFF_CHECK = "staff_check", _("Check by the practice")
    INFORMATION = "information", _("Information")


class Audience(models.TextChoices):
    """Who has to see to it."""

    PATIENT = "patient", _("Patient")
    REFERRER = "referrer", _("Referring practice")
    PRACTICE = "practice", _("The practice itself")


class Readiness(models.TextChoices):
    """The state of a case, computed in one place (rules.readiness) and stored."""

    NEEDS_CONTACT = "needs_contact", _("Contact missing")
    WAITING = "waiting", _("Waiting for answer")
    TO_REVIEW = "to_review", _("To review")
    READY = "ready", _("Ready")
    AT_RISK = "at_risk", _("At risk")
    OVERDUE = "overdue", _("Overdue")
    NOT_PERFORMABLE = "not_performable", _("Not performable")
    WAIVED = "waived", _("Waived")
    CLOSED = "closed", _("Closed")


class RequirementState(models.TextChoices):
    OPEN = "open", _("Missing")
    SUBMITTED = "submitted", _("To review")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Asked again")
    WAIVED = "waived", _("Waived")
    WITHDRAWN = "withdrawn", _("No longer needed")


class Obstacle(models.TextChoices):
    """Why a patient can't get something."""

    SURGERY_CLOSED = "surgery_closed", _("The surgery is closed")
    LOST = "lost", _("It is lost")
    UNCLEAR = "unclear", _("I don't know what it is")
    OTHER = "other", _("Something else")


class ScanState(models.TextChoices):
    PENDING = "pending", _("Not yet checked")
    CLEAN = "clean", _("Checked")
    INFECTED = "infected", _("Refused by the virus scanner")
