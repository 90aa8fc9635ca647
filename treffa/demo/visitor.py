"""Somebody with a browser that knows links and forms, but no script: reads pages, fills in forms, sends them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

TIMEOUT = 30
Upload = tuple[str, bytes, str]


@dataclass(kw_only=True)
class Form:
    """A form as it stands on the page: hidden and ready-filled fields, names of all fields."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer: where one has arrived, the text, and what can be followed or filled in."""

    url: str
    status: int
    html: str
    text: str
    forms: list[Form]
    links: list[str]

    def form(self, *, with_field: str = "", action: str = "") -> Form:
        """The first form with that field, or whose action ends so. LookupError, with the page's text, if there is none."""
        for form in self.forms:
            if (with_field and with_field in form.names) or (action and form.action.endswith(action)):
                return form
        raise LookupError(
            f"no form {with_field or action!r} on {self.url} ({self.status}): {self.text[:400]}"
        )


class Visitor:
    """One browser session."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, address: str) -> Page:
        """Opens an address, relative ones from the base."""
        return _page(self._session.get(urljoin(self._base_url, address), timeout=TIMEOUT))

    def send(
        self,
        page: Page,
        form: Form,
        data: dict[str, str] | None = None,
        *,
        upload: dict[str, Upload] | None = None,
    ) -> Page:
        """Fills in a form and sends it."""
        return _page(self._sent(page, form, data, upload))

    def download(self, page: Page, form: Form) -> bytes:
        """Sends a form whose answer is a file. LookupError where it is none."""
        answer = self._sent(page, form, None, None)
        if answer.status_code != 200 or "attachment" not in answer.headers.get("Content-Disposition", ""):
            raise LookupError(f"{form.action} was answered with {answer.status_code} and no file")
        return answer.content

    def _sent(
        self, page: Page, form: Form, data: dict[str, str] | None, upload: dict[str, Upload] | None
    ) -> requests.Response:
        return self._session.request(
            form.method or "get",
            urljoin(page.url, form.action or page.url),
            data={**form.fields, **(data or {})},
            files=upload,
            headers={"Referer": page.url},
            timeout=TIMEOUT,
        )


def _page(answer: requests.Response) -> Page:
    reader = _Reader()
    reader.feed(answer.text)
    return Page(
        url=answer.url,
        status=answer.status_code,
        html=answer.text,
        text=" ".join(" ".join(reader.words).split()),
        forms=reader.forms,
        links=reader.links,
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._in_form = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(action=given.get("action", ""), method=given.get("method", "get")))
            self._in_form = True
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif self._in_form and tag in ("input", "select", "textarea", "button") and given.get("name"):
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given["name"]
        form.names.add(name)
        kind = given.get("type", "text")
        if tag == "input" and (kind not in ("radio", "checkbox", "file", "submit") or "checked" in given):
            form.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False

    def handle_data(self, data: str) -> None:
        self.words.append(data)
