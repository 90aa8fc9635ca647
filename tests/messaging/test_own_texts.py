"""A practice's own words: by type, language and occasion, numbered, in the record, and silent about health."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from messaging import drafts, operations, queries, texts
from messaging.discretion import marked, telling
from messaging.models import OwnText
from messaging.operations import RefusedTextError
from messaging.texts import Own
from messaging.wordings import BODIES, SUBJECTS
from practices import record, tenancy
from practices.models import RecordEntry
from tests.factories import NOW
from tests.messaging.conftest import House
from treffa.sandbox import Sandbox

OURS = "{practice}: Bitte bis {deadline} nachreichen für {appointment}: {link}"


def save(house: House, short: str = OURS, **details: object) -> OwnText:
    given: dict[str, object] = {"type_id": None, "occasion": "request", "language": "de", **details}
    with tenancy.scope(house.practice.pk):
        return operations.save_text(short=short, by=record.SYSTEM, now=NOW, **given)  # type: ignore[arg-type]


def test_the_newest_own_text_goes_out_and_its_number_stands_in_message_and_record(
    house: House, sandbox: Sandbox
) -> None:
    save(house)
    row = save(house, OURS.replace("nachreichen", "einreichen"))
    house.case()
    house.say()
    (text,) = sandbox.twilio.messages()
    assert "einreichen für Donnerstag, 12. März" in text.body and "/t/" in text.body
    (message,) = house.messages()
    assert row.number == 2 and message.wording_version.startswith("own2-request-sms-de-")
    with tenancy.scope(house.practice.pk):
        entries = RecordEntry.objects.filter(event="text.saved").order_by("id")
        assert [entry.data["number"] for entry in entries] == [1, 2]
        queued = RecordEntry.objects.get(event="message.queued")
        assert queued.data["version"] == message.wording_version


def test_a_text_of_one_type_is_for_that_type_alone(house: House, sandbox: Sandbox) -> None:
    first, second = house.case(), house.case()
    save(house, "{practice}: Nur hier: {link}", type_id=first.appointment.type_id)
    house.say()
    bodies = [text.body for text in sandbox.twilio.messages()]
    assert sum("Nur hier" in body for body in bodies) == 1 and second.appointment.type_id


def test_what_is_queued_keeps_its_wording_and_treffas_own_come_back(house: House, sandbox: Sandbox) -> None:
    save(house)
    house.case()
    house.queue()
    with tenancy.scope(house.practice.pk):
        operations.reset_text(type_id=None, occasion="request", language="de", by=record.SYSTEM, now=NOW)
        assert queries.own_text(queries.own_texts(), type_id=None, occasion="request", language="de") is None
    house.deliver()
    assert "nachreichen" in sandbox.twilio.messages()[0].body


def test_an_own_letter_has_its_subject_its_link_and_a_button(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(channels=["email"])
    save(
        house,
        subject="Noch etwas für {appointment}",
        letter="bitte klicken Sie hier {link} und\nalles ist gut.",
    )
    house.case()
    house.say()
    (mail,) = sandbox.mail.mails()
    assert mail.subject.strip().startswith("Noch etwas für Donnerstag")
    assert "{link}" not in mail.text + mail.html and "alles ist gut" in mail.html
    assert "Guten Tag," in mail.text


@pytest.mark.parametrize(
    ("short", "code", "what"),
    [
        ("", "empty", ""),
        ("{practice}: ohne Weg", "no_link", ""),
        ("Bitte ansehen: {link}", "no_practice", ""),
        ("{practice}: {link} {link}", "two_links", ""),
        ("{practice}: Hallo {name}: {link}", "unknown_variable", "name"),
        ("{practice}: Hallo {: {link}", "unknown_variable", "{"),
        ("{practice}: Ihre Darmspiegelung: {link}", "telling", "Darmspiegelung"),
        ("{practice}: MRT am {appointment}: {link}", "telling", "MRT"),
        ("{practice}: Ihr Wunderverfahren: {link}", "telling", "Wunderverfahren"),
        ("{practice}: " + "x" * 500 + " {link}", "too_long", ""),
    ],
)
def test_what_can_not_be_said_is_refused_with_its_word(
    house: House, short: str, code: str, what: str
) -> None:
    case = house.case()
    house.change(type(case.appointment.type), case.appointment.type_id, name="Wunderverfahren kurz")
    with pytest.raises(RefusedTextError) as refused:
        save(house, short)
    assert (code, what) in [(problem.code, problem.what) for problem in refused.value.problems]
    with tenancy.scope(house.practice.pk):
        assert not OwnText.objects.exists()


def test_the_word_is_marked_where_it_stands() -> None:
    text = "Ihre Darmspiegelung und das MRT vom Knie"
    found = telling(text, language="de")
    assert marked(text, found) == "Ihre »Darmspiegelung« und das »MRT« vom »Knie«"
    assert all(text[one.start : one.end] == one.word for one in found)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Wir haben Rückfragen. Herzliche Grüße, bitte die Überweisung scannen oder mitbringen."),
        ("fr", "Votre rendez-vous du lundi: merci de nous répondre dans la journée."),
        ("it", "Il suo appuntamento sono le dieci, grazie e a presto."),
        ("en", "Your appointment is on Monday; please send the referral today."),
    ],
)
def test_plain_words_are_let_through(language: str, text: str) -> None:
    assert telling(text, language=language) == []


@pytest.mark.parametrize("language", BODIES)
def test_treffas_own_texts_would_not_be_refused(language: str) -> None:
    for occasion, short in BODIES[language].items():
        own = Own(number=1, short=short, subject=SUBJECTS[language][occasion])
        assert drafts.problems(own, occasion=occasion, language=language) == []


@given(st.text(max_size=200))
def test_any_text_is_judged_and_what_passes_can_be_composed(text: str) -> None:
    own = Own(number=1, short=text)
    if not drafts.problems(own, occasion="request", language="de"):
        assert text.count("{link}") == 1
    drafts.previews(
        own,
        occasion="request",
        language="de",
        channels=["sms", "email"],
        practice="Praxis",
        zone="Europe/Berlin",
        phone="",
        base_url="https://t.example",
        now=NOW,
    )


def test_a_preview_says_what_it_costs_and_an_accent_costs_more() -> None:
    def cost(short: str) -> texts.Segments:
        (shown, mail) = drafts.previews(
            Own(number=1, short=short),
            occasion="request",
            language="de",
            channels=["sms", "email"],
            practice="Praxis am Sonnenbogen",
            zone="Europe/Berlin",
            phone="+493023125400",
            base_url="https://treffa.example",
            now=NOW,
        )
        assert shown.segments is not None and mail.segments is None and "{" not in shown.text + mail.text
        return shown.segments

    assert cost("{practice}: {link}") == texts.Segments(count=1, encoding="gsm-7")
    assert cost("{practice}: ça va {link}").encoding == "ucs-2"
    assert cost("{practice}: ça va {link}").count == 2


def test_a_name_that_tells_what_a_practice_treats_does_not_go_into_short_texts(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(sender_name="")
    house.case()
    house.say()
    (text,) = sandbox.twilio.messages()
    assert text.body.startswith("Ihre Praxis: ") and "Radiologie" not in text.body


def test_two_who_save_at_once_get_two_numbers(house: House) -> None:
    def work() -> None:
        save(house)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenancy.scope(house.practice.pk):
        assert sorted(OwnText.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
