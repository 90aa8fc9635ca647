"""The scope: which practice this transaction works for.

`scope(practice_id)` opens a transaction and tells Postgres the practice by `set_config(..., true)`, so that the setting
ends with the transaction and can't leak through the pool. Managers of tenant tables fail outside a scope, and
row-level security holds below them. The operator's role works without a scope and sees all practices.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import connection, transaction

_current: ContextVar[int | None] = ContextVar("treffa_practice", default=None)


class ScopeError(RuntimeError):
    """A tenant table was used without a scope, or a scope was opened inside another practice's."""


@contextmanager
def scope(practice_id: int) -> Iterator[None]:
    """One transaction for one practice. Joins an open scope of the same practice; another practice's is an error."""
    held = _current.get()
    if held is not None:
        if held != practice_id:
            raise ScopeError("a scope of another practice is open")
        yield
        return
    nested = connection.in_atomic_block
    token = _current.set(practice_id)
    try:
        with transaction.atomic():
            _tell_postgres(str(practice_id))
            yield
            if nested:
                _tell_postgres("")
    finally:
        _current.reset(token)


def current() -> int:
    """The practice of the open scope. ScopeError outside of one."""
    practice_id = _current.get()
    if practice_id is None:
        raise ScopeError("no practice: open tenancy.scope(practice_id) first")
    return practice_id


def current_or_none() -> int | None:
    """The practice of the open scope, or None."""
    return _current.get()


def sees_all() -> bool:
    """Whether this process has the operator's database role, which sees every practice."""
    return settings.DATABASE_ROLE == "operator"


def forbid_scope() -> None:
    """For code that is about to talk to the outside world: no transaction of a practice may be open."""
    if _current.get() is not None:
        raise ScopeError("commit first: the outside world is never called inside a scope")


def _tell_postgres(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('treffa.practice', %s, true)", [value])
