"""Where the operators' process keeps its sessions: a table of its own, so that one written by the product is worth nothing there."""

from django.contrib.sessions.backends import db

from practices.models import OperatorSession


class SessionStore(db.SessionStore):
    """Django's sessions in the database, in the operators' table."""

    @classmethod
    def get_model_class(cls) -> type[OperatorSession]:
        return OperatorSession
