"""The packs that ship: whole, with sources, in every language, in words that claim nothing."""

import re
from collections.abc import Iterator
from datetime import date

import pytest

from prerequisites import conditions, consent, packs, validity
from prerequisites.packs import PackPlan, PackPrerequisite

FOUR = {"de", "fr", "it", "en"}
COUNTRIES = ("DE", "FR", "IT", "CH")
# Never said: that something is safe, that a medicine be stopped, that a sheet is a consent.
CLAIMS = re.compile(
    r"\bsicher (für|ist|sind|untersuch)|\bunbedenklich|\bgefahrlos|\babsetzen|\bsetzen sie .* ab\b|\bpausieren|einwilligung"
    r"|\bsans danger|\bsans risque|\barrêtez|\bsuspendez|\binterrompez|\bconsentement"
    r"|\bsicur[oa]\b|\bsospend|\bsmetta|\binterromp|\bconsenso"
    r"|\bsafe\b|\bstop\b|\bpause\b|\bdiscontinue|\bconsent\b",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"[.!?](?=\s|$)")


def everything() -> Iterator[tuple[str, PackPlan, PackPrerequisite]]:
    for name in packs.NAMES:
        for plan in packs.load(name).plans:
            for one in plan.prerequisites:
                yield name, plan, one


def all_texts() -> Iterator[tuple[str, str, str, str]]:
    """(where, what, language, text) of all that people read."""
    for name, _, one in everything():
        said = {"title": one.title, "text": one.text}
        for question in one.questions:
            said[f"{question.key}.label"] = question.label
            said[f"{question.key}.help"] = question.help
            said |= {f"{question.key}.{key}": text for key, text in question.choices.items()}
        for what, text in said.items():
            for language, words in text.items():
                yield f"{name}.{one.key}", what, language, words


@pytest.mark.parametrize("name", packs.NAMES)
def test_a_pack_and_its_types_have_a_name_in_every_language(name: str) -> None:
    pack = packs.load(name)
    assert set(pack.name) == FOUR
    assert all(set(plan.names) == FOUR and plan.keywords for plan in pack.plans)


def test_every_prerequisite_says_what_and_why_in_every_language() -> None:
    for name, plan, one in everything():
        said = [one.title, one.text]
        said += [text for question in one.questions for text in (question.label, *question.choices.values())]
        said += [question.help for question in one.questions if question.help]
        assert all(set(text) == FOUR for text in said), (name, plan.type_name, one.key)


def test_every_rule_names_its_source_and_when_it_was_checked() -> None:
    missing = [
        (name, one.key)
        for name, _, one in everything()
        if not one.source or (one.checked != date(2026, 11, 1) and one.key != "insurance-card")
    ]
    assert missing == []


def test_texts_are_short_enough_for_a_phone_and_an_old_reader() -> None:
    limits = {"title": 45, "text": 230}
    for where, what, language, text in all_texts():
        limit = limits.get(what, 130)
        assert len(text) <= limit, (where, what, language, len(text))
        assert len(SENTENCE.findall(text.replace("z. B.", "zB"))) <= 2, (where, what, language, text)


def test_no_text_says_that_it_is_safe_or_tells_to_stop_a_medicine_or_takes_a_sheet_for_consent() -> None:
    assert [found for found in all_texts() if CLAIMS.search(found[3])] == []


@pytest.mark.parametrize(
    "claim",
    [
        "Damit die Untersuchung für Sie sicher ist.",
        "Bitte setzen Sie Metformin ab.",
        "Arrêtez la metformine.",
        "Sospenda la metformina.",
        "It is safe to scan.",
        "Your consent is given.",
    ],
)
def test_the_look_for_claims_finds_them(claim: str) -> None:
    assert CLAIMS.search(claim)


def test_no_text_is_left_in_another_language() -> None:
    """Long texts are alike in no two languages."""
    for name, _, one in everything():
        if len(one.text["de"]) > 20:
            assert len(set(one.text.values())) == len(FOUR), (name, one.key)


def test_italian_speaks_to_the_patient_politely_and_french_sets_its_spaces() -> None:
    for where, what, language, text in all_texts():
        assert language != "fr" or not re.search(r"\w[?!;:]", text), (where, what, text)
        assert "'" not in text or language == "en", (where, what, text)
        assert "ß" not in text or language == "de", (where, what, text)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_practice_gets_each_prerequisite_once_whatever_its_country(country: str) -> None:
    for name in packs.NAMES:
        for plan in packs.load(name).plans:
            keys = [one.key for one in plan.for_country(country)]
            assert len(keys) == len(set(keys)), (name, plan.type_name)
            assert {"referral", "bg-referral"} & set(keys), (name, plan.type_name)


def test_only_the_german_referral_warns_of_the_quarter_and_the_italian_is_measured_at_booking() -> None:
    for name in packs.NAMES:
        for plan in packs.load(name).plans:
            of = {c: {one.key: one for one in plan.for_country(c)}.get("referral") for c in COUNTRIES}
            if of["DE"] is None:
                continue
            assert of["DE"].validity == {"quarter": "warn"}
            assert of["IT"] and of["IT"].validity["measured_at"] == "booking"
            assert of["FR"] and of["FR"].validity == of["CH"].validity == {}  # type: ignore[union-attr]


def prerequisite(pack: str, type_name: str, key: str) -> PackPrerequisite:
    plan = next(plan for plan in packs.load(pack).plans if plan.type_name == type_name)
    return next(one for one in plan.for_country("DE") if one.key == key)


@pytest.mark.parametrize(
    ("pack", "type_name", "key", "days", "at_risk"),
    [
        ("radiology", "CT mit Kontrastmittel", "creatinine", 30, ("contrast-questions", "kidney", 7)),
        ("radiology", "CT mit Kontrastmittel", "egfr", 30, ("contrast-questions", "kidney", 7)),
        ("radiology", "CT mit Kontrastmittel", "tsh", 28, None),
        ("radiology", "MRT mit Kontrastmittel", "creatinine", 30, ("mri-contrast-questions", "kidney", 7)),
        ("cardiology", "Kardio-CT", "creatinine", 28, ("contrast-questions", "kidney", 7)),
        ("gastroenterology", "Koloskopie", "coagulation", 14, None),
        ("diagnostics", "Biopsie", "blood-values", 28, None),
        ("orthopaedics", "Ambulante Operation", "surgery-blood", 28, None),
    ],
)
def test_laboratory_values_have_their_age(
    pack: str, type_name: str, key: str, days: int, at_risk: tuple[str, str, int] | None
) -> None:
    rule = validity.parse(prerequisite(pack, type_name, key).validity)
    assert (rule.measured_at, rule.effect) == ("appointment", "block")
    assert validity.limit_for(rule, conditions.Facts()) == days
    if at_risk is not None:
        form, question, fewer = at_risk
        assert validity.limit_for(rule, conditions.Facts(answers={form: {question: "yes"}})) == fewer


@pytest.mark.parametrize(
    ("pack", "type_name", "answers", "brings"),
    [
        ("radiology", "CT mit Kontrastmittel", {"contrast-questions.metformin": "yes"}, {"egfr", "metformin-check"}),
        ("radiology", "CT mit Kontrastmittel", {"contrast-questions.reaction": "yes"}, {"reaction-check"}),
        ("radiology", "CT mit Kontrastmittel", {"contrast-questions.thyroid": "yes"}, {"tsh"}),
        ("radiology", "CT nativ", {"pregnancy.pregnant": "unsure"}, {"pregnancy-check"}),
        ("radiology", "MRT nativ", {"mri-questions.pacemaker": "yes"}, {"implant-card", "implant-check"}),
        ("radiology", "MRT nativ", {"mri-questions.implant": "yes"}, {"implant-card", "implant-check"}),
        ("radiology", "MRT nativ", {"mri-questions.splinter": "yes"}, {"orbital-xray", "implant-check"}),
        ("radiology", "MRT nativ", {"mri-questions.surgery": "yes"}, {"implant-check"}),
        ("gastroenterology", "Koloskopie", {"history.anticoagulants": "yes"}, {"anticoagulants-check"}),
        ("gastroenterology", "Gastroskopie", {"history.anticoagulants": "yes"}, {"anticoagulants-check"}),
        ("cardiology", "Kardio-CT", {"heart-questions.block": "unsure"}, {"heart-check"}),
        ("cardiology", "Myokard-Szintigrafie", {"heart-questions.rhythm_medicines": "yes"}, {"heart-check"}),
        ("orthopaedics", "Orthopädie: Erstvorstellung", {"complaints.accident": "work"}, {"bg-referral"}),
        ("orthopaedics", "Orthopädie: Erstvorstellung", {"complaints.images": "yes"}, {"prior-images"}),
        ("orthopaedics", "Ambulante Operation", {"surgery-questions.anaesthesia": "yes"}, {"anaesthesia-check"}),
        ("diagnostics", "Biopsie", {"biopsy-questions.anticoagulants": "yes"}, {"anticoagulants-check"}),
    ],
)  # fmt: skip
def test_an_answer_brings_what_follows_from_it(
    pack: str, type_name: str, answers: dict[str, str], brings: set[str]
) -> None:
    given: dict[str, dict[str, str]] = {}
    for ref, answer in answers.items():
        form, _, question = ref.partition(".")
        given.setdefault(form, {})[question] = answer
    plan = next(plan for plan in packs.load(pack).plans if plan.type_name == type_name)
    facts = conditions.Facts(answers=given, age=79)
    held = {one.key: conditions.parse(one.condition).holds(facts) for one in plan.for_country("DE")}
    asked = {one.key for one in plan.for_country("DE") if not one.condition}
    assert {key for key, holds in held.items() if holds} - asked == brings


def test_what_hangs_on_a_dangerous_answer_is_decided_by_a_physician() -> None:
    checks = [one for _, _, one in everything() if one.key.endswith("-check")]
    assert checks and all(one.kind == "staff_check" and one.by_physician and one.blocking for one in checks)


def test_nobody_of_79_is_asked_whether_she_is_pregnant() -> None:
    one = prerequisite("radiology", "CT nativ", "pregnancy")
    condition = conditions.parse(one.condition)
    assert condition.holds(conditions.Facts(age=79)) is False
    assert condition.holds(conditions.Facts(age=31)) is True


def test_the_conversation_is_a_check_by_staff_and_never_a_document() -> None:
    for _, plan, one in everything():
        if "gespräch" in one.title["de"].casefold():
            assert one.kind == "staff_check", (plan.type_name, one.key)


def test_in_all_packs_the_conversation_is_known_as_one_so_that_a_physician_alone_may_have_held_it() -> None:
    with_talk = set()
    for name, plan, one in everything():
        talk = consent.is_conversation(kind=one.kind, code=one.code)
        assert talk == (one.title["de"] == "Aufklärungsgespräch"), (plan.type_name, one.key)
        sheet = any(word in one.title["de"].casefold() for word in ("aufklärungsbogen", "einwilligung"))
        assert consent.is_sheet(kind=one.kind, code=one.code) == sheet, (plan.type_name, one.key)
        with_talk |= {name} if talk else set()
    assert with_talk == set(packs.NAMES)


def test_what_a_sedation_asks_for_is_confirmed_by_the_patient() -> None:
    for type_name in ("Koloskopie", "Gastroskopie"):
        assert prerequisite("gastroenterology", type_name, "escort").kind == "acknowledgement"
    assert prerequisite("gastroenterology", "Koloskopie", "bowel-preparation").days_before == 2
    assert prerequisite("gastroenterology", "Gastroskopie", "fasting").kind == "acknowledgement"


def test_a_form_is_never_too_old_for_an_appointment_that_was_booked_half_a_year_ahead() -> None:
    for name, _, one in everything():
        if one.kind == "form" and one.validity:
            assert one.validity["days"] >= 180, (name, one.key)


def test_one_code_means_one_thing_in_all_packs() -> None:
    """A document that is reused serves the other appointment, so both must ask for the same."""
    titles: dict[str, set[str]] = {}
    questions: dict[str, set[tuple[str, ...]]] = {}
    for _, _, one in everything():
        if one.code:
            titles.setdefault(one.code, set()).add(one.title["de"])
            questions.setdefault(one.code, set()).add(tuple(question.key for question in one.questions))
    assert {code: found for code, found in titles.items() if len(found) > 1} == {}
    assert {code: found for code, found in questions.items() if len(found) > 1} == {}


def test_there_is_no_pack_of_another_name() -> None:
    with pytest.raises(KeyError):
        packs.load("../secrets")


@pytest.mark.parametrize("name", ["Koloskopie", "Coloscopie", "Colonscopia", "Colonoscopy"])
def test_a_type_is_found_in_its_pack_by_its_name_in_any_language(name: str) -> None:
    assert packs.with_type(name) == "gastroenterology"
    assert packs.with_type("Koloskopie 2") is None


def test_no_two_packs_have_a_type_of_one_name() -> None:
    names = [name for pack in packs.NAMES for plan in packs.load(pack).plans for name in plan.all_names]
    assert len(names) == len(set(names))
