"""Plans go out as files and come in as the same plans: as data, through the database, and from the command line."""

import json
from datetime import date, datetime, time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from practices import record, tenancy
from practices.models import Practice
from prerequisites import adoption, exchange, packs, plan_versions, queries
from prerequisites.answers import Question, QuestionType
from prerequisites.models import Plan, PlanState, Prerequisite
from prerequisites.packs import Pack, PackPlan, PackPrerequisite
from tests.factories import PlanFactory, PrerequisiteFactory, make_practice

LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"))
TEXT = st.text(LETTERS, min_size=1, max_size=60).filter(lambda text: text == text.strip() and text)
KEY = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
INNER = st.from_regex(r"[A-Za-z0-9]{1,8}(_[a-z0-9]{1,6}){0,2}", fullmatch=True)
LANGUAGES = ("de", "fr")
SAID = st.fixed_dictionaries(dict.fromkeys(LANGUAGES, TEXT))
NUMBERS = st.none() | st.integers(0, 500) | st.floats(0, 500).map(lambda number: round(number, 3))


@st.composite
def questions(draw: st.DrawFn, key: str) -> Question:
    kind = draw(st.sampled_from(list(QuestionType)))
    choosing = kind in (QuestionType.ONE_OF, QuestionType.MANY_OF)
    choices = draw(st.dictionaries(INNER, SAID, min_size=2, max_size=4)) if choosing else {}
    bounds = sorted(x for x in (draw(NUMBERS), draw(NUMBERS)) if x is not None)
    number = kind == QuestionType.NUMBER
    return Question(
        key=key,
        type=kind,
        label=draw(SAID),
        help=draw(st.just({}) | SAID),
        required=draw(st.booleans()),
        choices=choices,
        unit=draw(st.sampled_from(["", "kg", "°C", "yes", "1"])) if number else "",
        minimum=bounds[0] if number and len(bounds) > 1 else None,
        maximum=bounds[1] if number and len(bounds) > 1 else None,
        flag=draw(st.sampled_from(sorted(choices))) if choices else "",
    )


@st.composite
def prerequisites(draw: st.DrawFn, key: str) -> PackPrerequisite:
    kind = draw(st.sampled_from(["document", "form", "acknowledgement", "staff_check", "information"]))
    asked = draw(st.lists(INNER, min_size=1, max_size=3, unique=True)) if kind == "form" else []
    source = draw(st.just("") | TEXT)
    return PackPrerequisite(
        key=key,
        kind=kind,
        title=draw(SAID),
        text=draw(st.just({}) | SAID),
        code=draw(st.just("") | KEY),
        audience=draw(st.sampled_from(["patient", "referrer", "practice"])),
        icon=draw(st.sampled_from(["file-text", "pill"])),
        blocking=draw(st.booleans()),
        days_before=draw(st.integers(0, 365)),
        working_days=draw(st.booleans()),
        time_of_day=time(draw(st.integers(0, 23)), draw(st.integers(0, 59))),
        lead_days=draw(st.integers(0, 90)),
        may_be_brought=draw(st.booleans()),
        by_physician=draw(st.booleans()),
        condition=draw(
            st.sampled_from(
                [
                    {},
                    {"age": {"at_least": 60}},
                    {"all": [{"sex": ["female"]}, {"not": {"type": ["Nein", "no"]}}]},
                ]
            )
        ),
        validity=draw(
            st.sampled_from(
                [
                    {},
                    {"quarter": "warn"},
                    {"days": 30, "limits": [{"when": {"age": {"below": 7}}, "days": 7}]},
                ]
            )
        ),
        questions=tuple(draw(questions(one)) for one in asked),
        source=source,
        checked=draw(st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1))) if source else None,
    )


@st.composite
def pack_files(draw: st.DrawFn) -> Pack:
    names = draw(st.lists(TEXT, min_size=1, max_size=3, unique=True))
    plans = []
    for name in names:
        keys = draw(st.lists(KEY, min_size=1, max_size=4, unique=True))
        words = draw(st.lists(TEXT, max_size=3, unique=True))
        asked = tuple(draw(prerequisites(key)) for key in keys)
        plans.append(PackPlan(type_name=name, keywords=tuple(words), prerequisites=asked))
    return Pack(name=draw(SAID), plans=tuple(plans))


@settings(max_examples=60, deadline=None)
@given(pack_files())
def test_what_is_written_is_read_back_as_the_same(pack: Pack) -> None:
    assert packs.parse(packs.write(pack), where="round") == pack


@pytest.mark.parametrize("name", packs.NAMES)
def test_a_pack_that_ships_is_read_back_as_the_same(name: str) -> None:
    assert packs.parse(packs.write(packs.load(name)), where=name) == packs.load(name)


@pytest.fixture
def practice(db: None) -> Practice:
    return make_practice(languages=["de", "fr", "it", "en"])


def adopt_all(practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        for name in packs.NAMES:
            adoption.adopt_pack(name, signed_off_by=None, by=record.SYSTEM, now=now)


def exported(practice: Practice, **which: Any) -> str:
    with tenancy.scope(practice.pk):
        return exchange.exported(queries.current_plans(**which))


def test_what_one_practice_exports_another_imports_as_drafts_and_publishes_as_the_same(
    practice: Practice, now: datetime
) -> None:
    adopt_all(practice, now)
    file = exported(practice)
    other = make_practice(languages=["de"])
    with tenancy.scope(other.pk):
        drafts = adoption.import_plans(file.encode(), where="plans.yaml", by=record.SYSTEM, now=now)
        assert {plan.state for plan in drafts} == {PlanState.DRAFT}
        assert not Plan.objects.exclude(state=PlanState.DRAFT).exists()
        for plan in drafts:
            assert plan_versions.problems_of(plan) == []
            plan_versions.publish(plan_id=plan.pk, by=record.SYSTEM, now=now)
    with tenancy.scope(practice.pk):
        before = [exchange.plan_content(plan) for plan in queries.current_plans()]
    with tenancy.scope(other.pk):
        after = [exchange.plan_content(plan) for plan in queries.current_plans()]
    assert after == before and len(after) == 14


def test_an_import_is_of_the_practice_in_scope_alone(practice: Practice, now: datetime) -> None:
    adopt_all(practice, now)
    file, other = exported(practice).encode(), make_practice()
    with tenancy.scope(other.pk):
        adoption.import_plans(file, where="x", by=record.SYSTEM, now=now)
        assert set(Plan.objects.values_list("practice_id", flat=True)) == {other.pk}
    with tenancy.scope(practice.pk):
        assert not Plan.objects.filter(state=PlanState.DRAFT).exists()


def test_a_plan_whose_texts_lack_a_language_goes_out_whole_and_says_so(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        plan = PlanFactory(state=PlanState.DRAFT)
        said = {"title": {"de": " Labor ", "en": "Lab", "fr": ""}, "text": {"de": "Zeile 1\r\nZeile 2"}}
        PrerequisiteFactory(plan=plan, key="lab", **said, questions=[])
        PrerequisiteFactory(plan=plan, key="card", title={"it": "Tessera"}, text={}, questions=[])
        file = exchange.exported(queries.current_plans(drafts=True))
        before = exchange.plan_content(plan)
    assert file.startswith("# Some texts are missing in: de, it, en\n")
    read = packs.parse(file, where="x")
    assert (set(read.name), read.partial, read.plans) == ({"de", "it", "en"}, True, (before,))
    lab, card = read.plans[0].prerequisites
    assert lab.title == {"de": "Labor", "en": "Lab"} and lab.text == {"de": "Zeile 1\nZeile 2"}
    assert card.title == {"it": "Tessera"}
    with tenancy.scope(make_practice(languages=["de", "fr"]).pk):
        assert adoption.preview(read)[0].missing == ("de", "fr")
    with pytest.raises(packs.PackError):
        packs.parse(file.replace("partial: true\n", ""), where="x")


def test_a_malformed_file_changes_nothing(practice: Practice, now: datetime) -> None:
    adopt_all(practice, now)
    file = exported(practice).replace("kind: form", "kind: forms", 1)
    with tenancy.scope(practice.pk):
        with pytest.raises(packs.PackError, match=r"line .*forms"):
            adoption.import_plans(file.encode(), where="plans.yaml", by=record.SYSTEM, now=now)
        assert not Plan.objects.filter(state=PlanState.DRAFT).exists()


def test_a_draft_stays_unless_it_is_to_be_replaced(practice: Practice, now: datetime) -> None:
    adopt_all(practice, now)
    file = exported(practice, names=["Koloskopie"]).encode()
    with tenancy.scope(practice.pk):
        (draft,) = adoption.import_plans(file, where="x", by=record.SYSTEM, now=now)
        assert draft.version == 2
        Prerequisite.objects.filter(plan=draft, key="talk").update(blocking=True)
        assert adoption.import_plans(file, where="x", by=record.SYSTEM, now=now) == []
        assert Prerequisite.objects.get(plan=draft, key="talk").blocking
        (new,) = adoption.import_plans(file, where="x", replace_drafts=True, by=record.SYSTEM, now=now)
        assert not Prerequisite.objects.get(plan=new, key="talk").blocking
        assert list(Plan.objects.filter(state=PlanState.DRAFT)) == [new]


def run(*words: object) -> str:
    out = StringIO()
    call_command("plans", *map(str, words), stdout=out)
    return out.getvalue()


def test_plans_go_out_and_come_in_from_the_command_line(
    practice: Practice, now: datetime, tmp_path: Path
) -> None:
    adopt_all(practice, now)
    file = tmp_path / "plans.yaml"
    assert run("export", "--practice", practice.pk, "--output", file) == "plans.yaml: 14 plans\n"
    assert run("check", file) == "plans.yaml: 14 plans, nothing is wrong\n"
    other = make_practice(languages=["de", "es"])
    said = run("import", file, "--practice", other.pk, "--type", "Koloskopie", "--dry-run")
    assert "Koloskopie: would be drafted" in said and "in es the file says nothing" in said
    said = run("import", file, "--practice", other.pk, "--type", "Koloskopie")
    assert "Koloskopie: draft of version 1" in said and "CT" not in said
    assert "kept" in run("import", file, "--practice", other.pk, "--type", "Koloskopie")
    assert "draft of version 1" in run(
        "import", file, "--practice", other.pk, "--type", "Koloskopie", "--replace-drafts"
    )


def test_forms_go_out_as_fhir_from_the_command_line(practice: Practice, now: datetime) -> None:
    adopt_all(practice, now)
    bundle = json.loads(run("export", "--practice", practice.pk, "--fhir", "--type", "CT mit Kontrastmittel"))
    assert bundle["resourceType"] == "Bundle"
    titles = [entry["resource"]["title"] for entry in bundle["entry"]]
    assert titles == ["Fragen zum Kontrastmittel", "Frage zur Schwangerschaft"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("export", "--practice", 999_999), "there is no practice"),
        (("export", "--practice", "{practice}"), "there is no such plan"),
        (("check", "{folder}/none.yaml"), "none.yaml can't be read"),
        (("check", "{folder}/bad.yaml"), "bad.yaml, line 2"),
        (("import", "{folder}/bad.yaml", "--practice", "{practice}"), "bad.yaml, line 2"),
        (
            ("import", "{folder}/good.yaml", "--practice", "{practice}", "--type", "Nie"),
            "no plan for such a type",
        ),
    ],
)
def test_the_command_says_what_is_wrong(
    practice: Practice, tmp_path: Path, words: tuple[object, ...], says: str
) -> None:
    (tmp_path / "bad.yaml").write_text("format: treffa-plans/1\nname: 3\n")
    (tmp_path / "good.yaml").write_text(packs.write(packs.load("radiology")))
    filled = [str(word).format(practice=practice.pk, folder=tmp_path) for word in words]
    with pytest.raises(CommandError, match=says):
        run(*filled)
