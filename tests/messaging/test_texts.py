"""Wordings in four languages: complete, short, and silent about what will be examined."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import texts
from messaging.models import Occasion
from messaging.texts import Wording
from messaging.wordings import BODIES, CALENDAR, LANGUAGES, SUBJECTS

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
START = datetime(2026, 8, 1, 8, 30, tzinfo=UTC)
OCCASIONS = [occasion.value for occasion in Occasion if occasion is not Occasion.STAFF]
# Words that would tell a stranger what the patient has or what will be done.
TELLING = (
    *("radiolog", "kardiolog", "cardiolog", "gastro", "orthop", "onkolog", "mrt", "irm", "risonanza", "ct "),
    *("röntgen", "unters", "exam", "esame", "befund", "kontrast", "diagnos", "blut", "arzt", "doctor"),
)


def compose(**given: object) -> Wording:
    details: dict[str, object] = {
        "occasion": "request",
        "channel": "sms",
        "language": "de",
        "practice": "Praxis am Sonnenbogen",
        "zone": "Europe/Berlin",
        "start": START,
        "deadline": START - timedelta(days=3),
        "now": NOW,
        **given,
    }
    return texts.compose(**details)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("occasion", "language", "channel"), list(itertools.product(OCCASIONS, LANGUAGES, ("sms", "email")))
)
def test_every_occasion_can_be_said_and_tells_a_stranger_nothing(
    occasion: str, language: str, channel: str
) -> None:
    wording = compose(occasion=occasion, language=language, channel=channel, phone="+493023125400")
    whole = f"{wording.subject} {wording.text}".lower()
    assert not [word for word in TELLING if word in whole]
    assert whole.replace(texts.LINK, "").count("{") == 0
    assert ("{link}" in wording.text) == (occasion not in ("cancelled", "thanks"))
    assert bool(wording.subject) == (channel == "email")
    assert len(wording.version) <= 40


@pytest.mark.parametrize(("occasion", "language"), list(itertools.product(OCCASIONS, LANGUAGES)))
def test_short_texts_keep_to_gsm_and_to_two_parts_all_year(occasion: str, language: str) -> None:
    for day in range(366):
        start = NOW + timedelta(days=day + 1)
        wording = compose(occasion=occasion, language=language, start=start, deadline=start)
        cost = texts.segments(wording.text.replace(texts.LINK, f"https://app.treffa.example/t/{'x' * 43}"))
        assert cost.encoding == "gsm-7" and cost.count <= 2, wording.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "Samstag, 1. August, 10:30 Uhr"),
        ("en", "Saturday 1 August, 10:30"),
        ("fr", "samedi 1er aout à 10h30"),
        ("it", "sabato 1 agosto, ore 10:30"),
    ],
)
def test_times_are_said_by_the_clock_on_the_practices_wall(language: str, words: str) -> None:
    assert texts.moment(START, language=language, zone="Europe/Berlin") == words


def test_a_deadline_that_has_passed_becomes_as_soon_as_possible() -> None:
    assert "so bald wie möglich" in compose(deadline=NOW).text
    assert "so bald wie möglich" in compose(deadline=None).text
    assert "bis Mittwoch, 29. Juli, 10:30 Uhr" in compose().text


def test_a_language_that_nobody_wrote_is_german() -> None:
    assert compose(language="tlh").text == compose().text


def test_the_version_follows_the_template_and_not_the_patient() -> None:
    assert compose().version == compose(start=START + timedelta(days=1), practice="Andere").version
    assert len({compose(language=language).version for language in LANGUAGES}) == len(LANGUAGES)


@given(name=st.text(max_size=40))
def test_a_practices_name_can_not_become_a_variable(name: str) -> None:
    text = compose(practice="{link}{deadline}" + name).text
    assert text.count("{link}") == 1 and "{deadline}" not in text


def test_all_languages_have_the_same_texts() -> None:
    for language in LANGUAGES:
        assert set(BODIES[language]) == set(SUBJECTS[language]) == set(OCCASIONS)
        assert len(CALENDAR[language].weekdays) == 7 and len(CALENDAR[language].months) == 12


@pytest.mark.parametrize(
    ("text", "count", "encoding"),
    [
        ("a" * 160, 1, "gsm-7"),
        ("a" * 161, 2, "gsm-7"),
        ("€" * 80, 1, "gsm-7"),
        ("€" * 81, 2, "gsm-7"),
        ("ç" * 70, 1, "ucs-2"),
        ("ç" * 71, 2, "ucs-2"),
        ("😀" * 35, 1, "ucs-2"),
        ("😀" * 36, 2, "ucs-2"),
    ],
)
def test_segments_are_counted_as_networks_do(text: str, count: int, encoding: str) -> None:
    assert texts.segments(text) == texts.Segments(count=count, encoding=encoding)


@pytest.mark.parametrize(
    ("occasion", "language", "channel"),
    list(itertools.product(("request", "reminder", "last_call"), LANGUAGES, ("sms", "email"))),
)
def test_several_appointments_are_said_in_gsm_7_and_name_no_examination(
    occasion: str, language: str, channel: str
) -> None:
    days = [(START + timedelta(days=days), False) for days in (1, 2)]
    two = compose(occasion=occasion, language=language, channel=channel, others=days[:1])
    three = compose(occasion=occasion, language=language, channel=channel, others=days)
    for wording in (two, three):
        assert not [word for word in TELLING if word in f"{wording.subject} {wording.text}".lower()]
        assert wording.text.count("{link}") == 1 and "{" not in wording.text.replace("{link}", "")
    if channel == "sms":
        assert texts.segments(two.text.replace("{link}", f"https://treffa.example/t/{'x' * 43}")).count <= 2
        assert len(three.text) < len(two.text)
    assert two.version != compose(occasion=occasion, language=language, channel=channel).version


def test_no_subject_tells_what_the_practice_treats() -> None:
    own = texts.Own(number=1, short="{practice}: {appointment} {link}", subject="{practice}: {appointment}")
    mail = compose(channel="email", own=own, practice="Radiologie am Sonnenbogen")
    assert mail.subject.startswith("Ihre Praxis: ") and "Radiologie am Sonnenbogen" in mail.text
