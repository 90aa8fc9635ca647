"""The page of a case and the acts on its requirements. An act on a state that has changed is refused with a sentence."""

from collections.abc import Callable
from datetime import date, datetime

from django.contrib import messages as notes
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from messaging import told
from practices import clock, record
from prerequisites import links, operations, queries
from prerequisites.models import Case, PatientLink, RequirementState
from prerequisites.queries import RequirementRow
from treffa.dashboard import case_page, dates
from treffa.dashboard.forms import ContactForm, FactsForm, PatientForm
from treffa.dashboard.requirements import RECEIVED_BY, phrase, seen
from treffa.dashboard.staff import StaffRequest, View, actor, may_work, page
from treffa.dashboard.version import unchanged, version

_REFUSALS: dict[str, str | Promise] = {
    "reason_missing": gettext_lazy("Not done: say why, in a sentence."),
    "physician_only": gettext_lazy("Not done: only a physician may decide on this."),
    "not_scanned": gettext_lazy("Not yet: the virus check is still under way. Try again in a moment."),
}
_REFUSED = gettext_lazy("Not done: this can't be done here.")
Act = Callable[[StaffRequest, RequirementRow, datetime], None]


@require_safe
def show(request: StaffRequest, case_id: int) -> HttpResponse:
    """GET /cases/<id>/ — the page of a case; asked for news of what it knows, 304 if there is none."""
    now = clock.now()
    code = version(request.user.pk, get_language(), case_id, now=now)
    if request.GET.get("known") == code:
        return unchanged(code)
    return render(request, case_id, code=code, now=now)


def render(
    request: StaffRequest, case_id: int, *, code: str, now: datetime, **shown_otherwise: object
) -> HttpResponse:
    """The page of a case, whole or its partial for htmx; 404 if there is none."""
    try:
        detail = queries.case_detail(case_id)
    except Case.DoesNotExist as missing:
        raise Http404 from missing
    messages = told.messages_of_case(case_id)
    shown = case_page.build(
        detail, messages, member=request.membership, language=get_language() or "", now=now
    )
    partial = request.htmx and not request.htmx.history_restore_request
    template = "dashboard/case.html#case" if partial else "dashboard/case.html"
    context = {
        "area": "board",
        "page": shown,
        "poll_url": f"{reverse('dashboard:case', args=[case_id])}?known={code}",
        "received_by": RECEIVED_BY,
        "may_work": request.membership.may_work,
        "contact_form": _contact_form(detail.case),
        "facts_form": _facts_form(detail.case),
        "patient_form": PatientForm(),
        "today": timezone.localdate(now).isoformat(),
        **shown_otherwise,
    }
    response = page(request, template, context)
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "HX-Request"
    return response


def _act(done: str | Promise, aim: str = "") -> Callable[[Act], View]:
    """A POST on one requirement: refuses what the page no longer shows truly, then does it and shows the case. `aim` is
    the state that it leads to."""

    def decorate(act: Act) -> View:
        @require_POST
        @may_work
        def view(request: StaffRequest, case_id: int, requirement_id: int) -> HttpResponse:
            now = clock.now()
            row = _row(case_id, requirement_id)
            try:
                if request.POST.get("seen") != seen(row):
                    raise operations.StaleError
                act(request, row, now)
            except operations.StaleError:
                _say_stale(request, _row(case_id, requirement_id), aim)
            except operations.NotAllowedError as refused:
                problem = dates.refusal(refused.code, refused.params)
                if problem:
                    typed = request.POST.get("document_date", "")[:10]
                    given = {"id": requirement_id, "problem": problem, "typed": typed}
                    return render(request, case_id, code="", now=now, date_refused=given)
                notes.warning(request, str(_REFUSALS.get(refused.code, _REFUSED)))
            else:
                notes.success(request, str(done))
            return back(request, case_id, anchor=f"requirement-{requirement_id}", now=now)

        return view

    return decorate


def back(request: StaffRequest, case_id: int, *, anchor: str, now: datetime) -> HttpResponse:
    """After an act: the fresh case for htmx, a redirect to it for a form."""
    if request.htmx:
        code = version(request.user.pk, get_language(), case_id, now=now)
        return render(request, case_id, code=code, now=now)
    return HttpResponseRedirect(f"{reverse('dashboard:case', args=[case_id])}#{anchor}")


def _row(case_id: int, requirement_id: int) -> RequirementRow:
    try:
        rows = queries.case_detail(case_id).requirements
    except Case.DoesNotExist as missing:
        raise Http404 from missing
    row = next((row for row in rows if row.requirement.pk == requirement_id), None)
    if row is None:
        raise Http404
    return row


def _say_stale(request: StaffRequest, row: RequirementRow, aim: str) -> None:
    """Who was quicker; to oneself (a double click, the back button) that it is done."""
    requirement = row.requirement
    if aim and requirement.state == aim and requirement.decided_by == request.user:
        notes.success(request, _("You have done this already."))
        return
    who = requirement.decided_by or _("somebody else")
    notes.warning(
        request,
        _("Not done: this was changed meanwhile by %(who)s. You see how it stands now.") % {"who": who},
    )


@_act(gettext_lazy("Accepted."), aim=RequirementState.ACCEPTED)
def accept(request: StaffRequest, row: RequirementRow, now: datetime) -> None:
    """Looked at, in order; a document that can be too old with its own date."""
    operations.accept(
        requirement_id=row.requirement.pk,
        by=actor(request),
        now=now,
        document_date=_document_date(request),
        as_physician=request.membership.is_physician,
    )


def _document_date(request: StaffRequest) -> date | None:
    """What is no date is as none."""
    try:
        return date.fromisoformat(request.POST.get("document_date", ""))
    except ValueError:
        return None


@_act(gettext_lazy("Asked for again. The patient is told with your reason."), aim=RequirementState.REJECTED)
def reject(request: StaffRequest, row: RequirementRow, now: datetime) -> None:
    """Asks the patient again: a reason of one's own, else the chosen phrase in the patient's language."""
    reason = request.POST.get("reason", "").strip() or phrase(row, request.POST.get("phrase", ""))
    operations.reject(requirement_id=row.requirement.pk, reason=reason[:1000], by=actor(request), now=now)


@_act(gettext_lazy("Waived, with your reason in the record."), aim=RequirementState.WAIVED)
def waive(request: StaffRequest, row: RequirementRow, now: datetime) -> None:
    """Goes without it."""
    operations.waive(
        requirement_id=row.requirement.pk,
        reason=request.POST.get("reason", "").strip()[:1000],
        by=actor(request),
        may_waive_blocking=request.membership.may_waive_blocking,
        now=now,
    )


@_act(gettext_lazy("Noted as received."), aim=RequirementState.ACCEPTED)
def receive(request: StaffRequest, row: RequirementRow, now: datetime) -> None:
    """It came by another way."""
    how = request.POST.get("how", "")
    if how not in RECEIVED_BY:
        raise operations.NotAllowedError("how")
    operations.mark_received(
        requirement_id=row.requirement.pk,
        how=how,
        by=actor(request),
        now=now,
        document_date=_document_date(request),
        as_physician=request.membership.is_physician,
    )


@_act(gettext_lazy("Taken back."))
def undo(request: StaffRequest, row: RequirementRow, now: datetime) -> None:
    """Takes a decision back."""
    operations.undo(requirement_id=row.requirement.pk, by=actor(request), now=now)


def _contact_form(case: Case) -> ContactForm | None:
    patient = case.appointment.patient
    return ContactForm.of(patient, case_id=case.pk) if patient else None


def _facts_form(case: Case) -> FactsForm | None:
    patient = case.appointment.patient
    return FactsForm.of(patient, case_id=case.pk) if patient else None


@require_POST
@may_work
def unlock_link(request: StaffRequest, case_id: int) -> HttpResponse:
    """After a call: the patient's link gets five new tries."""
    now = clock.now()
    links.unlock(link_id=_link_of(case_id), by=actor(request), now=now)
    notes.success(request, _("The link is open again: five new tries."))
    return _back_from_link(request, case_id, anchor="link", now=now)


@require_POST
@may_work
def renew_link(request: StaffRequest, case_id: int) -> HttpResponse:
    """The link came into wrong hands: it opens nothing any more, and a new one goes out."""
    now = clock.now()
    _link_of(case_id)
    links.revoke(case_id=case_id, by=actor(request), now=now)
    notes.success(
        request, _("The old link opens nothing any more. A new one goes out to the contact shown here.")
    )
    return back(request, case_id, anchor="contact", now=now)


@require_POST
@may_work
def show_link(request: StaffRequest, case_id: int) -> HttpResponse:
    """The patient's link, shown once to be passed on by hand; that it was shown is in the record."""
    now = clock.now()
    case = Case.objects.select_related("appointment").filter(pk=case_id, closed_at=None).first()
    if case is None or case.appointment.patient_id is None:
        raise Http404
    record.write(
        record.Entry(
            event="link.shown",
            at=now,
            actor=actor(request),
            case_id=case_id,
            patient_id=case.appointment.patient_id,
        )
    )
    return render(request, case_id, code="", now=now, link_shown=links.url_for(case))


@require_POST
@may_work
def birth_date(request: StaffRequest, case_id: int) -> HttpResponse:
    """The date of birth that the patient told is theirs (`decision` confirm), or it is not."""
    now, link_id = clock.now(), _link_of(case_id)
    try:
        told = date.fromisoformat(request.POST.get("told", ""))
    except ValueError as invalid:
        raise Http404 from invalid
    confirms = request.POST.get("decision") == "confirm"
    decide = links.confirm_birth_date if confirms else links.reject_birth_date
    if not decide(link_id=link_id, birth_date=told, by=actor(request), now=now):
        notes.warning(request, _("Not done: this was decided or changed meanwhile."))
    elif confirms:
        notes.success(request, _("Date of birth confirmed."))
    else:
        notes.success(
            request, _("The page asks for it again. What was handed in may come from somebody else: call.")
        )
    return _back_from_link(request, case_id, anchor="contact", now=now)


def _link_of(case_id: int) -> int:
    link_id = PatientLink.objects.filter(case_id=case_id).values_list("pk", flat=True).first()
    if link_id is None:
        raise Http404
    return link_id


def _back_from_link(request: StaffRequest, case_id: int, *, anchor: str, now: datetime) -> HttpResponse:
    """Back to the inbox for an act that began there, else to the case."""
    if request.POST.get("from") == "tasks":
        return HttpResponseRedirect(reverse("dashboard:tasks"))
    return back(request, case_id, anchor=anchor, now=now)
