"""What staff searched for. A name stands in no address (logs, history): it is kept in the session, sealed with the
practice's key, and the address carries a short code for it, so that tabs, reload and the back button keep their own."""

import secrets
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag

from practices import vault
from treffa.dashboard.staff import StaffRequest

SESSION = "searches"
KEPT = 20
LONGEST = 80


def keep(request: StaffRequest, given: str) -> str:
    """The code of a search by the practice in scope; "" for nothing to search for. The oldest are forgotten."""
    words = given.replace("\x00", "").strip()[:LONGEST]
    if not words:
        return ""
    kept: dict[str, str] = dict(request.session.get(SESSION, {}))
    code = next((code for code in kept if find(request, code) == words), "") or secrets.token_urlsafe(6)
    sealed = vault.seal(key=request.practice.key(), plaintext=words.encode(), context=_context(code))
    kept.pop(code, None)
    kept[code] = b64encode(sealed).decode()
    request.session[SESSION] = dict(list(kept.items())[-KEPT:])
    return code


def find(request: StaffRequest, code: str) -> str:
    """The words of a search of this session and practice; "" for any other code."""
    sealed = request.session.get(SESSION, {}).get(code)
    if sealed is None:
        return ""
    try:
        return vault.unseal(
            key=request.practice.key(), sealed=b64decode(sealed), context=_context(code)
        ).decode()
    except InvalidTag:  # another practice's
        return ""


def _context(code: str) -> str:
    return f"search:{code}"
