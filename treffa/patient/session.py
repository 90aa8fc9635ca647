"""What the phone remembers between two pages: one signed cookie, sent to the patient's pages only, and nothing else.

It holds no personal data. Forms carry a token made from the cookie's secret in place of a second cookie.
"""

import secrets
from dataclasses import asdict, dataclass, field
from typing import Literal

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

COOKIE = "treffa_visit"
PATH = "/p/"
FORM_FIELD = "form"
FORM_HEADER = "X-Form"
SALT = "treffa.patient.session"
SECONDS = 2 * 60 * 60

Identified = Literal["", "confirmed", "noted"]


@dataclass(frozen=True, kw_only=True)
class Session:
    """A visit by a link. `identified`: not yet, by the known date of birth, or by one that staff have to confirm; `helper`:
    the id of the helper's link by which it began, 0 for the patient's own."""

    practice_id: int
    link_id: int
    generation: int
    identified: Identified = ""
    language: str = ""
    helper: int = 0
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def form_token(self) -> str:
        return salted_hmac(SALT, self.secret, algorithm="sha256").hexdigest()[:40]

    def sent(self, request: HttpRequest) -> bool:
        """Whether the posted form, or the piece of a file (which says so in a header), is of this session. Reads the body."""
        told = request.headers.get(FORM_HEADER)
        if told is not None:
            return bool(request.body is not None and constant_time_compare(told, self.form_token))
        return constant_time_compare(request.POST.get(FORM_FIELD, ""), self.form_token)


def read(request: HttpRequest) -> Session | None:
    """The session of the request; None where there is none, or an old or forged one."""
    try:
        content = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=SECONDS)
        return Session(**content)
    except (signing.BadSignature, TypeError):
        return None


def write(response: HttpResponse, session: Session, *, path: str = PATH) -> None:
    """Sets the cookie, which holds for two hours from now and is sent to addresses below `path` only."""
    response.set_cookie(
        COOKIE,
        signing.dumps(asdict(session), salt=SALT),
        max_age=SECONDS,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
