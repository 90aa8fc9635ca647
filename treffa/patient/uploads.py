"""What comes in with a form: how large it may be, and its files, checked before any scope is opened."""

from dataclasses import dataclass, field

from django.http import HttpRequest

from prerequisites import documents

MAX_FILES = 10
MAX_REQUEST_BYTES = 80 * 1024 * 1024
DRAINED_BYTES = 512 * 1024 * 1024
CHUNK = 1 << 16
TOGETHER_TOO_LARGE = "together_too_large"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why it can't be taken: a code of documents.RefusedError, or missing, too_many_files, together_too_large.
    `name` is what the patient called the file."""

    code: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """The files of one form as documents, the pictures of one sheet in one; `pages` are they one by one, each with what is
    hard to read in it; and what is wrong with the others."""

    files: list[documents.CheckedFile] = field(default_factory=list)
    pages: list[documents.CheckedFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def hard_to_read(self) -> bool:
        return any(page.findings for page in self.pages)

    @property
    def unread(self) -> bool:
        """The form was too large to be read at all, its own token included: nothing may be done by it."""
        return any(problem.code == TOGETHER_TOO_LARGE for problem in self.problems)


def fits(request: HttpRequest) -> bool:
    """Whether the body is small enough to be read. One that is not is read away, so that the answer gets through."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length <= MAX_REQUEST_BYTES:
        return True
    left = min(length, DRAINED_BYTES)
    while left > 0 and (chunk := request.read(min(left, CHUNK))):
        left -= len(chunk)
    return False


def read(request: HttpRequest, *, fits: bool, trusted: bool, hard_too: bool = False) -> Upload:
    """The checked files of the field `files`. Pictures are decoded for those only who told their date of birth. What is hard
    to read becomes a document with `hard_too` only."""
    if not fits:
        return Upload(problems=[Problem(code=TOGETHER_TOO_LARGE)])
    given = request.FILES.getlist("files")
    if not trusted or not given:
        return Upload(problems=[Problem(code="missing")])
    if len(given) > MAX_FILES:
        return Upload(problems=[Problem(code="too_many_files")])
    checked: list[documents.CheckedFile] = []
    problems: list[Problem] = []
    for file in given:
        name = str(file.name or "")
        try:
            checked.append(documents.check_upload(file, name=name))
        except documents.RefusedError as refused:
            problems.append(Problem(code=refused.code, name=name))
    hard = any(page.findings for page in checked) and not hard_too
    files = [] if hard else documents.put_together(map(documents.Part.of, checked))
    return Upload(files=files, pages=checked, problems=problems)
