"""The evidence record to be read: a PDF in the practice's language. The same facts make the same bytes.

It tells nothing that record.json does not hold; each event has its number there. Letters that the font lacks (emoji) are
shown by their code point: what was written stands in record.json as it was.
"""

import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pymupdf_fonts
from django.utils import translation
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.fonts import TTFFont

from prerequisites.evidence import words
from prerequisites.evidence.words import Event, Words
from prerequisites.models import Kind

MARGIN, WIDTH, LABEL, WHO, NUMBER = 20.0, 170.0, 42.0, 38.0, 16.0
INK, QUIET, LINE = (26, 32, 44), (92, 102, 117), (205, 210, 217)
FONTS = {("", "text"): "figo", ("B", "text"): "figbo", ("", "mono"): "fimo"}


def draw(facts: Mapping[str, Any], *, fingerprint: str) -> bytes:
    """The PDF of the facts; `fingerprint` is the checksum of record.json, which stands on every page."""
    with translation.override(facts["language"]), tempfile.TemporaryDirectory() as folder:
        sheet = Sheet(facts, fingerprint=fingerprint, fonts=_font_files(Path(folder)))
        sheet.tell()
        return bytes(sheet.output())


class Sheet(FPDF):
    """The pages. Measures are in millimetres."""

    def __init__(
        self, facts: Mapping[str, Any], *, fingerprint: str, fonts: Mapping[tuple[str, str], Path]
    ) -> None:
        super().__init__(format="A4")
        self._facts, self._fingerprint = facts, fingerprint
        self._words = Words(facts=facts)
        self._events = [Event.of(entry) for entry in facts["entries"]]
        for (style, family), path in fonts.items():
            self.add_font(family, style, path)
        text = [self.fonts[key] for key in ("text", "textB")]
        self._known = frozenset.intersection(
            *(frozenset(font.cmap) for font in text if isinstance(font, TTFFont))
        )
        self.set_margins(MARGIN, 24, MARGIN)
        self.set_auto_page_break(True, margin=24)
        self.c_margin = 0
        self.set_creation_date(datetime.fromisoformat(facts["made_at"]))
        self.set_title(_("Evidence record"))
        self.set_creator("Treffa")
        self.set_lang(facts["language"])

    def tell(self) -> None:
        """All of it, in order."""
        self.add_page()
        self._head()
        self._required()
        self._said()
        self._all()
        self._how_to_check()

    # What stands on every page

    def header(self) -> None:
        self._font(8, color=QUIET)
        self.set_y(11)
        self.cell(WIDTH / 2, 4, self._clean(self._facts["practice"]["name"])[:70])
        self.cell(WIDTH / 2, 4, _("Evidence record"), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._rule(17)
        self.set_y(24)

    def footer(self) -> None:
        self._rule(281)
        self.set_y(283)
        self.set_font("mono", "", 6)
        self.set_text_color(*QUIET)
        self.cell(WIDTH * 0.8, 4, f"record.json SHA-256 {self._fingerprint}")
        self._font(8, color=QUIET)
        page = _("Page %(n)s of %(all)s") % {"n": self.page_no(), "all": "{nb}"}
        self.cell(WIDTH * 0.2, 4, page, align="R")

    # Sections

    def _head(self) -> None:
        facts, says = self._facts, self._words.moment
        patient, appointment, plan = facts["patient"], facts["appointment"], facts["plan"]
        self._text(_("Preparation of an appointment"), size=20, bold=True)
        self._gap(2)
        if patient is None:
            self._pair(_("Patient"), _("[not named in the calendar]"))
        elif patient.get("erased"):
            self._pair(_("Patient"), _("[The personal data was erased.]"))
        else:
            born = patient["birth_date"]
            self._pair(_("Patient"), patient["name"])
            self._pair(_("Date of birth"), self._day(born) if born else "–")
        self._pair(
            _("Appointment"), ", ".join(filter(None, (appointment["type"], says(appointment["start"]))))
        )
        self._pair(_("With"), appointment["practitioner"] or "–")
        self._pair(
            _("Practice"), ", ".join(filter(None, (facts["practice"]["name"], facts["practice"]["address"])))
        )
        self._pair(_("Plan"), _("%(name)s, version %(version)s") % plan)
        self._pair(_("Published"), says(plan["published_at"]))
        signed = (
            f"{plan['signed_off_by']}, {says(plan['signed_off_at'])}"
            if plan["signed_off_by"]
            else _("not signed off")
        )
        self._pair(_("Signed off"), signed)
        self._pair(_("Link first used"), says(facts["case"]["link_opened_at"]))
        self._pair(_("This file made"), f"{says(facts['made_at'])} ({facts['time_zone']})")

    def _required(self) -> None:
        self._section(_("What was required"))
        for requirement in self._facts["requirements"]:
            self._room(44)
            self._text(self._words.said(requirement["title"]), size=11, bold=True)
            binding = _("binding") if requirement["blocking"] else _("advisory")
            state = _("%(kind)s, %(binding)s. Stands at: %(state)s.") % {
                "kind": words.kind(requirement),
                "binding": binding,
                "state": words.state(requirement),
            }
            self._text(state, size=9, color=QUIET)
            self._pair(_("Asked for"), self._words.said(requirement["text"]) or "–")
            self._pair(_("Deadline"), self._words.moment(requirement["deadline"]))
            if requirement["document_date"]:
                self._pair(_("Date of the document"), self._day(requirement["document_date"]))
            if requirement["held_by"]:
                held = (
                    self._words.person(requirement["held_by"]),
                    self._words.moment(requirement["held_at"]),
                )
                self._pair(_("Carried out by"), ", ".join(held))
            if requirement["source"]:
                self._pair(_("Source of the rule"), requirement["source"])
            for file in requirement["documents"]:
                about = f"{file['type']}, {file['bytes']} B"
                self._pair(_("File %(n)s") % {"n": file["id"]}, about, more=file["sha256"])
            told = {requirement["id"]}
            if requirement["kind"] == Kind.DOCUMENT:  # a form's earlier answers were only proposed
                told |= {requirement["reused_from"]} - {None}
            self._events_of(event for event in self._events if event.requirement in told)
            self._gap(4)
        if not self._facts["requirements"]:
            self._text(_("Nothing was required."), size=9.5)

    def _said(self) -> None:
        """Message by message: the exact wording, then what became of it."""
        self._section(_("What was said to the patient"))
        told = [event for event in self._events if event.event.startswith("message.")]
        if not told:
            self._text(_("Nothing was sent."), size=9.5)
        for written in (event for event in told if event.event == "message.queued"):
            number = written.data.get("message")
            if written.data.get("occasion") != "staff":
                self._events_of(event for event in told if event.data.get("message") == number)
                self._gap(3)

    def _all(self) -> None:
        self._section(_("Everything, in order"))
        self._text(_("The number is that of the entry in record.json."), size=9, color=QUIET)
        self._gap(1)
        for event in self._events:
            self._brief(event)
            told_above = event.requirement is not None or "message" in event.data
            for label, text in () if told_above else self._words.more(event):
                self._told(label, text)

    def _how_to_check(self) -> None:
        self._section(_("What this proves, and how it is checked"))
        for text in (
            _(
                "Each entry was sealed within minutes into a chain of checksums, in which nothing can be changed, taken out "
                "or put in later without every later checksum changing. The chain's last checksum is mailed to the practice "
                "once a day: such a mail, compared with this file, is the witness outside."
            ),
            _(
                "The file that this sheet lies in can be checked on any computer, without Treffa's database: "
                "manage.py verify_record FILE, or by hand as README.txt says."
            ),
            _(
                "It proves what was recorded, when, and that it was not changed since. It does not prove who held the "
                "phone, or that what somebody answered is true."
            ),
        ):
            self._text(text, size=9.5)
            self._gap(1.5)

    # Pieces

    def _events_of(self, events: Iterator[Event]) -> None:
        for event in events:
            self._event(event)

    def _event(self, event: Event) -> None:
        """When, what, by whom, and all that was said."""
        self._row(event, self._words.what(event), WIDTH - LABEL - NUMBER)
        self.set_x(MARGIN + LABEL)
        self._font(8, color=QUIET)
        self._column(WIDTH - LABEL, 4.2, self._words.who(event))
        for label, text in self._words.more(event):
            self._told(label, text)
        self._gap(1.2)

    def _brief(self, event: Event) -> None:
        """When, what and by whom in a line."""
        top = self._row(event, self._words.what(event), WIDTH - LABEL - WHO - NUMBER)
        below, page = self.get_y(), self.page
        self._font(8, color=QUIET)
        self.set_xy(MARGIN + WIDTH - WHO - NUMBER, top)
        self._column(WHO - 2, 4.6, self._words.who(event))
        if self.page == page:
            self.set_y(max(below, self.get_y()))
        self._gap(0.6)

    def _row(self, event: Event, what: str, width: float) -> float:
        """The line of an event; where it begins."""
        self._room(12)
        top = self.get_y()
        self._font(8, color=QUIET)
        self.cell(LABEL, 4.6, self._words.moment(event.at))
        self.set_x(MARGIN + WIDTH - NUMBER)
        self.cell(NUMBER, 4.6, f"#{event.id}", align="R")
        self.set_xy(MARGIN + LABEL, top)
        self._font(9.5)
        self._column(width - 2, 4.6, what)
        return top

    def _column(self, width: float, height: float, text: str) -> None:
        """A text that wraps, from where the pen stands; by letters where a word is longer than the line."""
        clean = self._clean(text)
        longest = max((self.get_string_width(word) for word in clean.split()), default=0)
        wrap = WrapMode.CHAR if longest > width else WrapMode.WORD
        self.multi_cell(width, height, clean, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT, wrapmode=wrap)

    def _told(self, label: str, text: str) -> None:
        """One thing that an entry says, indented; checksums in figures of one width."""
        self.set_x(MARGIN + LABEL)
        if label == "SHA-256":
            self.set_font("mono", "", 7)
            self.set_text_color(*QUIET)
            self._column(WIDTH - LABEL, 4.2, f"SHA-256 {text}")
            return
        self._font(9)
        between = " " if label.endswith("?") else ": "
        self._column(WIDTH - LABEL, 4.5, f"{label}{between}{text}" if label else text)

    def _pair(self, label: str, text: str, *, more: str = "") -> None:
        """A label and beside it a text, which wraps in its column."""
        self._room(12)
        top = self.get_y()
        self._font(8.5, color=QUIET)
        self._column(LABEL - 3, 5, label)
        below, page = self.get_y(), self.page
        self.set_xy(MARGIN + LABEL, top)
        self._font(9.5)
        self._column(WIDTH - LABEL, 5, text)
        if self.page == page:
            self.set_y(max(below, self.get_y()))
        if more:
            self._told("SHA-256", more)

    def _section(self, title: str) -> None:
        self._room(34)
        if self.get_y() > 30:
            self._gap(7)
        self._text(title, size=14, bold=True)
        self._rule(self.get_y() + 0.8)
        self._gap(3.5)

    def _text(self, text: str, *, size: float, bold: bool = False, color: tuple[int, int, int] = INK) -> None:
        self._font(size, bold=bold, color=color)
        self._column(WIDTH, size * 0.5, text)

    def _font(self, size: float, *, bold: bool = False, color: tuple[int, int, int] = INK) -> None:
        self.set_font("text", "B" if bold else "", size)
        self.set_text_color(*color)

    def _rule(self, y: float) -> None:
        self.set_draw_color(*LINE)
        self.set_line_width(0.2)
        self.line(MARGIN, y, MARGIN + WIDTH, y)

    def _gap(self, height: float) -> None:
        self.set_y(self.get_y() + height)

    def _room(self, height: float) -> None:
        """A new page where less is left, so that what belongs together begins together."""
        if self.will_page_break(height):
            self.add_page()

    def _day(self, day: str) -> str:
        sign = {"de": ".", "fr": "/", "it": "/"}.get(self._facts["language"])
        return sign.join(reversed(day.split("-"))) if sign else day

    def _clean(self, text: str) -> str:
        """Letters that can be drawn, in the order they are read in; the others by their code point."""
        kept = text.replace("\r\n", "\n").replace("\t", " ")
        clean = "".join(one if one == "\n" or ord(one) in self._known else _code(one) for one in kept)
        return "\n".join(map(_as_read, clean.split("\n")))


def _as_read(line: str) -> str:
    """A line with Hebrew or Arabic in it as it is seen from left to right: fpdf2 draws letter after letter."""
    if not any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in line):
        return line
    return str(BidiParagraph(line).get_reordered_string())


def _code(letter: str) -> str:
    """Marks that only say how to write (joiners, directions) are left out."""
    unseen = "\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\u00ad"
    return "" if letter in unseen or "\u202a" <= letter <= "\u202e" else f"[U+{ord(letter):04X}]"


def _font_files(folder: Path) -> dict[tuple[str, str], Path]:
    """The fonts as files, which fpdf2 wants and reads until the sheet is drawn."""
    files = {}
    for key, code in FONTS.items():
        files[key] = folder / f"{code}.otf"
        files[key].write_bytes(pymupdf_fonts.myfont(code))
    return files
