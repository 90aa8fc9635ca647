"""What nobody knows of a patient though something may hang on it: in words, with what hangs on it, and its form."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.models import Insurance, Patient, Sex
from prerequisites import conditions, plan_queries
from prerequisites.models import Case, Kind, Prerequisite
from prerequisites.ruled import asked_of
from treffa.dashboard.forms import FactsForm

WORDS: Mapping[str, str | Promise] = {
    "sex": gettext_lazy("Sex"),
    "insurance": gettext_lazy("Insurance"),
    "age": gettext_lazy("Date of birth"),
}


def named(facts: Iterable[str]) -> str:
    """The facts that somebody can say, in words."""
    known = set(facts)
    return ", ".join(str(word) for fact, word in WORDS.items() if fact in known)


def unknown(patient: Patient) -> set[str]:
    """What nobody knows of the patient."""
    known = {
        "sex": patient.sex != Sex.UNKNOWN,
        "insurance": patient.insurance != Insurance.UNKNOWN,
        "age": patient.birth_date is not None,
    }
    return {fact for fact, is_known in known.items() if not is_known}


def to_enter(case: Case) -> list[str]:
    """What is to be entered for the case: not what was entered a moment ago, and is being worked out."""
    patient = case.appointment.patient
    missing = unknown(patient).intersection(case.facts_missing) if patient else ()
    return [fact for fact in WORDS if fact in missing]


def sentence(case: Case, hanging: Sequence[str]) -> str:
    """ "Not known: Sex. It decides about: Pregnancy test"."""
    said = {"facts": named(to_enter(case)), "what": ", ".join(hanging)}
    return _("Not known: %(facts)s. It decides about: %(what)s") % said


def form_of(case: Case) -> FactsForm | None:
    """The form for what is to be entered; None where nothing is."""
    patient, wanted = case.appointment.patient, to_enter(case)
    return FactsForm.of(patient, case_id=case.pk, only=wanted) if patient and wanted else None


def hanging_on(cases: Iterable[Case], *, language: str) -> dict[int, list[str]]:
    """What hangs on the missing facts of the cases, by case, in one query; in none where all is known."""
    asking = [case for case in cases if case.facts_missing]
    held = plan_queries.asked_by({case.plan_id for case in asking}) if asking else []
    uses = {one: _facts(one) for one in held if one.condition and one.kind != Kind.INFORMATION}
    return {
        case.pk: [
            one.said("title", language)
            for one, facts in uses.items()
            if one.plan_id == case.plan_id and not facts.isdisjoint(case.facts_missing)
        ]
        for case in asking
    }


def _facts(one: Prerequisite) -> frozenset[str]:
    return conditions.facts_used(asked_of(one).condition)
