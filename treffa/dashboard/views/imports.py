"""Importing contacts: give a table, say what its columns mean, see what becomes of each row, take it over. All or nothing."""

from django.contrib import messages as notes
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import contacts_import
from appointments.contacts_table import LARGEST, TableError, read_table
from appointments.models import ContactImport
from practices import clock, tenancy
from practices.middleware import own_scope
from treffa.dashboard import imports
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page


@require_safe
@may_manage
def begin(request: StaffRequest) -> HttpResponse:
    """GET /contacts/import/ — where a table is given; `wrong` is the code of why the last one was refused."""
    refused = imports.REFUSED.get(request.GET.get("wrong", ""), "")
    return _closed(page(request, "dashboard/import_begin.html", {"area": "feeds", "refused": refused}))


@own_scope
@require_POST
@may_manage
def upload(request: StaffRequest) -> HttpResponse:
    """POST /contacts/import/table/ — a file or pasted text. It is read whole before a transaction opens."""
    file, pasted = request.FILES.get("file"), request.POST.get("text", "")
    if file is not None and (file.size or 0) > LARGEST:
        return redirect(f"{reverse('dashboard:import')}?wrong=too_large")
    if file is None and not pasted.strip():
        return redirect(f"{reverse('dashboard:import')}?wrong=nothing")
    try:
        table = read_table(file.read() if file is not None else pasted.encode())
    except TableError as refused:
        return redirect(f"{reverse('dashboard:import')}?wrong={refused.code}")
    with tenancy.scope(request.membership.practice_id):
        held = contacts_import.begin(table=table, user_id=request.user.pk, now=clock.now())
    return redirect("dashboard:import_table", held.pk)


@require_http_methods(["GET", "POST"])
@may_manage
def show(request: StaffRequest, import_id: int) -> HttpResponse:
    """GET and POST /contacts/import/<id>/ — columns and rows. A POST chooses columns or (do=import) takes it over."""
    now = clock.now()
    mine = _mine(request, import_id)
    held = mine.first()
    if held is None:
        raise Http404
    if request.method == "POST" and held.result is None:
        _choose(request, held)
        if request.POST.get("do") == "import":
            same = [tuple(map(int, said.split(":"))) for said in request.POST.getlist("same") if _pair(said)]
            contacts_import.take_over(
                import_id=held.pk, same=[(line, pk) for line, pk in same], by=actor(request), now=now
            )
            notes.success(request, _("Taken over."))
        return redirect("dashboard:import_table", held.pk)
    context = {"area": "feeds", "held": held, "fields": imports.FIELDS.items()}
    if held.result is None:
        context["shown"] = imports.view(held, now=now)
    else:
        context["left"] = imports.left(held.result)
    return _closed(page(request, "dashboard/import.html", context))


def _mine(request: StaffRequest, import_id: int) -> QuerySet[ContactImport]:
    found = ContactImport.objects.select_related("practice")
    return found.filter(pk=import_id, user_id=request.user.pk, expires_at__gt=clock.now())


def _choose(request: StaffRequest, held: ContactImport) -> None:
    columns: dict[str, int] = {}
    for number in range(len(contacts_import.table_of(held).header)):
        field = request.POST.get(f"column-{number}", "")
        if field in imports.FIELDS:
            columns.setdefault(field, number)
    contacts_import.choose(
        import_id=held.pk, columns=columns, overwrite=request.POST.get("overwrite") == "yes"
    )


def _pair(said: str) -> bool:
    line, _colon, patient = said.partition(":")
    return line.isdecimal() and patient.isdecimal() and len(said) < 40


def _closed(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
