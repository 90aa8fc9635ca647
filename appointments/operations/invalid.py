"""What an operation refuses."""


class StaleError(Exception):
    """Somebody else was quicker: what was seen is no more."""


class InvalidInputError(ValueError):
    """What was entered can't be used; `field` names it, `code` says why."""

    def __init__(self, *, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code
