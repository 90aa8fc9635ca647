"""The pages of a document before they are handed in: they arrive in pieces, are put in order, turned, taken again."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.csrf import csrf_exempt

from practices import clock, record
from prerequisites import documents, uploads
from prerequisites.acts import NotAllowedError, StaleError
from prerequisites.models import Upload, UploadState
from treffa.patient import presenter, texts
from treffa.patient.access import Visit, see, with_link
from treffa.patient.uploads import Problem

KEY = re.compile(r"[0-9a-f]{8,32}")
LOOK_LATER_SECONDS = "4"


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A page as it is shown; `look`, `state` and `advice` say whether it can be read."""

    upload: Upload
    number: int
    first: bool
    last: bool
    look: str
    icon: str
    state: str
    advice: str

    @property
    def arrived(self) -> bool:
        return self.upload.state == UploadState.READY

    @property
    def percent(self) -> int:
        return 100 * self.upload.received // self.upload.size


def leaves(requirement_id: int) -> list[Leaf]:
    """The pages of a requirement that are not handed in yet."""
    found = uploads.uploads_of(requirement_id)
    return [
        Leaf(
            upload=upload,
            number=number,
            first=number == 1,
            last=number == len(found),
            **texts.page_words(upload),
        )
        for number, upload in enumerate(found, start=1)
    ]


@with_link()
def change(request: HttpRequest, visit: Visit, requirement_id: int, key: str = "") -> HttpResponse:
    """POST: begins an upload (`key`, `size`; the answer says how much of it is here), or turns, moves or removes a page."""
    shown = presenter.overview(visit).item(requirement_id)
    if request.method != "POST" or shown is None or not shown.takes_files or visit.over:
        return _back(requirement_id)
    if not key:
        return _begin(request, visit, requirement_id)
    upload = Upload.objects.filter(requirement_id=requirement_id, key=key).first()
    acts: dict[str, Callable[[Upload], None]] = {
        "turn": uploads.turn,
        "up": lambda page: uploads.move(page, up=True),
        "down": lambda page: uploads.move(page, up=False),
        "remove": uploads.remove,
    }
    act = acts.get(request.POST.get("act", ""))
    if upload is not None and act is not None:
        act(upload)
    return _back(requirement_id)


def _begin(request: HttpRequest, visit: Visit, requirement_id: int) -> HttpResponse:
    key, size = request.POST.get("key", ""), request.POST.get("size", "")
    if not KEY.fullmatch(key) or not size.isdecimal() or len(size) > 12:
        return HttpResponse(status=400)
    replaces = request.POST.get("replaces", "")[:32]
    try:
        upload = uploads.begin(
            requirement_id=requirement_id, key=key, size=int(size), replaces=replaces, now=visit.now
        )
    except NotAllowedError as refused:
        return _refused(refused.code, request.POST.get("name", ""))
    except StaleError:
        return HttpResponse(status=409)
    return JsonResponse({"received": upload.received, "ready": upload.state == UploadState.READY})


@csrf_exempt  # the two below ask for the session's own token
def piece(request: HttpRequest, requirement_id: int, key: str) -> HttpResponse:
    """POST with a piece of a file as its body, `?at=` where it begins: how much has come; once it is whole it is looked at,
    and the answer is the list of pages. 503: ask again with an empty piece."""
    stored = _store(request, requirement_id=requirement_id, key=key)
    whole: Upload | None = getattr(request, "whole", None)
    if whole is None:
        return stored
    try:
        new = uploads.look(practice_id=whole.practice_id, upload_id=whole.pk)
    except documents.RefusedError as refused:
        if refused.code == "busy":
            return HttpResponse(status=503, headers={"Retry-After": LOOK_LATER_SECONDS})
        return _not_taken(request, code=refused.code)
    return _list(request, requirement_id=requirement_id, again=not new)


@with_link()
def _store(request: HttpRequest, visit: Visit, requirement_id: int, key: str) -> HttpResponse:
    shown = presenter.overview(visit).item(requirement_id)
    upload = Upload.objects.filter(requirement_id=requirement_id, key=key).first()
    at = request.GET.get("at", "")
    if request.method != "POST" or shown is None or visit.over or upload is None or not at.isdecimal():
        return HttpResponse(status=409)
    try:
        received = uploads.add_piece(upload_id=upload.pk, at=int(at[:12]), piece=request.body, now=visit.now)
    except NotAllowedError:
        return HttpResponse(status=400)
    if received >= upload.size:
        request.whole = upload  # type: ignore[attr-defined]
    return JsonResponse({"received": received})


@with_link()
def _not_taken(request: HttpRequest, visit: Visit, *, code: str) -> HttpResponse:
    return _refused(code, request.GET.get("name", ""))


@with_link()
def _list(request: HttpRequest, visit: Visit, requirement_id: int, *, again: bool) -> HttpResponse:
    context = {
        "item": presenter.overview(visit).item(requirement_id),
        "leaves": leaves(requirement_id),
        "again": again,
    }
    return TemplateResponse(request, "patient/files.html#pages", context)


@csrf_exempt
def hand_in(request: HttpRequest, requirement_id: int) -> HttpResponse:
    """POST: these are all pages."""
    answer = _may_hand_in(request, requirement_id=requirement_id)
    visit: Visit | None = getattr(request, "handing_in", None)
    if visit is None:
        return answer
    try:
        uploads.hand_in(
            practice_id=visit.practice.pk, requirement_id=requirement_id, by=record.PATIENT, now=clock.now()
        )
    except (NotAllowedError, StaleError, documents.RefusedError):
        return _back(requirement_id)
    return answer


@with_link()
def _may_hand_in(request: HttpRequest, visit: Visit, requirement_id: int) -> HttpResponse:
    shown = presenter.overview(visit).item(requirement_id)
    if request.method != "POST" or shown is None or not shown.takes_files or visit.over:
        return _back(requirement_id)
    request.handing_in = visit  # type: ignore[attr-defined]
    return see(requirement_id)


def _refused(code: str, name: str) -> HttpResponse:
    """What is wrong with a file, in words: the script shows them beside it."""
    return JsonResponse({"problem": texts.file_problem(Problem(code=code, name=name[:60]))}, status=422)


def _back(requirement_id: int) -> HttpResponse:
    response = redirect("patient:item", requirement_id)
    response.status_code = 303
    return response
