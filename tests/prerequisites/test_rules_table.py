"""The rules as a table: tests/data/rules_table.txt says for each booking what is required, and by when.

    booked            | appointment      | region | what is known         | required

A line that begins with "plan" names the plan that the following rows are about; all of them stand in PLANS. Times are
the practice's; "brought" is brought along to the appointment, "-" is nothing at all. Of plans called "facts" it says
after "unknown:" what nobody knows of the patient and something that blocks hangs on.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from prerequisites import conditions, required
from prerequisites.answers import Question, QuestionType
from prerequisites.required import Asked, Booking, PlanRules
from prerequisites.rules import Rule
from prerequisites.working_days import Calendar

TABLE = Path(__file__).parent.parent / "data" / "rules_table.txt"
ZONES = {
    "DE": "Europe/Berlin",
    "AT": "Europe/Vienna",
    "CH": "Europe/Zurich",
    "FR": "Europe/Paris",
    "IT": "Europe/Rome",
}
BORN = date(1966, 3, 12)


def asked(key: str, days: int, at: int = 18, *, kind: str = "document", **more: Any) -> Asked:
    """A prerequisite that is due so many days before at a full hour; the rest are a rule's fields, `when` its condition."""
    condition = conditions.parse(more.pop("when", {}))
    questions, blocking = more.pop("questions", ()), more.pop("blocking", True)
    rule = Rule(days_before=days, time_of_day=time(at), **more)
    return Asked(
        id=0, key=key, kind=kind, rule=rule, condition=condition, questions=questions, blocking=blocking
    )


def question(key: str, type_: QuestionType = QuestionType.YES_NO, *choices: str) -> Question:
    return Question(key=key, type=type_, label={}, choices={choice: {} for choice in choices})


FORM = asked(
    "form",
    5,
    kind="form",
    questions=(
        question("metformin"),
        question("kidney"),
        question("egfr", QuestionType.NUMBER),
        question("implants", QuestionType.MANY_OF, "pacemaker", "clips", "none"),
    ),
)
METFORMIN = {"answer": "form.metformin", "is": ["yes"]}
KIDNEY = {"answer": "form.kidney", "is": ["yes"]}
PLANS: dict[str, list[Asked]] = {
    "three days": [asked("referral", 3)],
    "same day": [asked("referral", 0, 8)],
    "working days": [asked("referral", 3, 12, working_days=True)],
    "the day before, working": [asked("referral", 1, 16, working_days=True)],
    "may be brought": [asked("card", 2, may_be_brought=True)],
    "laboratory": [asked("lab", 2, lead_days=3)],
    "laboratory, working": [asked("lab", 1, lead_days=3, working_days=True)],
    "answers": [
        FORM,
        asked("lab", 3, when={"any": [METFORMIN, KIDNEY, {"answer": "form.egfr", "below": 45}]}),
        asked("card", 4, when={"answer": "form.implants", "is": ["pacemaker", "clips"]}),
        asked("letter", 2, when={"all": [METFORMIN, KIDNEY]}),
        asked("note", 1, when={"not": METFORMIN}),
    ],
    "patient": [
        asked("ecg", 3, when={"age": {"at_least": 60}}),
        asked("parents", 3, when={"age": {"below": 18}}),
        asked("pregnancy", 3, when={"sex": ["female"]}),
        asked("referral", 3, when={"insurance": ["statutory"]}),
        asked("cost", 3, when={"insurance": ["private", "self_pay"]}),
        asked("consent", 3, when={"first_visit": True}),
    ],
    "facts": [
        FORM,
        asked("pregnancy", 3, when={"all": [{"sex": ["female"]}, {"age": {"at_least": 12, "below": 60}}]}),
        asked("cost", 3, when={"any": [METFORMIN, {"insurance": ["self_pay"]}]}),
    ],
    "facts, optional": [
        asked("card", 3, when={"insurance": ["statutory"]}, blocking=False),
        asked("leaflet", 3, kind="information", when={"sex": ["female"]}),
    ],
    "facts, through a form": [
        asked(
            "women",
            5,
            kind="form",
            when={"sex": ["female"]},
            questions=(question("pregnant"),),
            blocking=False,
        ),
        asked("letter", 3, when={"answer": "women.pregnant", "is": ["yes"]}),
    ],
    "type": [
        asked("knee", 3, when={"type": ["MRT Knie"]}),
        asked("other", 3, when={"not": {"type": ["MRT Knie"]}}),
    ],
}


def rows() -> Iterator[Any]:
    plan = ""
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("plan "):
            plan = line.removeprefix("plan ").strip()
        elif line.strip() and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            yield pytest.param(plan, *cells, id=f"line {number}: {plan}, booked {cells[0]}")


def booking(booked: str, appointment: str, region: str, known: dict[str, str]) -> Booking:
    country = region[:2]
    calendar = Calendar(zone=ZONES[country], country=country, region=region)
    return Booking(
        start=moment(appointment, calendar),
        booked_at=moment(booked, calendar),
        calendar=calendar,
        type=known.get("type", "").replace("_", " "),
        born=date.fromisoformat(known["born"]) if "born" in known else None,
        sex=known.get("sex", "unknown"),
        insurance=known.get("insurance", "unknown"),
        first_visit={"yes": True, "no": False}.get(known.get("first", "")),
    )


def moment(text: str, calendar: Calendar) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.zone)).astimezone(UTC)


def answers_in(known: dict[str, str]) -> dict[str, Any]:
    given = {key: value for key, value in known.items() if key in {q.key for q in FORM.questions}}
    if not given:
        return {}
    return {"form": {k: v.split("+") if k == "implants" else v for k, v in given.items()}}


def decided(plan: str, booked: str, appointment: str, region: str, known: str) -> str:
    """What the rules say, as the table writes it."""
    facts = dict(pair.split("=") for pair in known.split() if pair != "-")
    about = booking(booked, appointment, region, facts)
    rules, answers = PlanRules(tuple(PLANS[plan])), answers_in(facts)
    found = required.required(rules, about, answers, now=moment(booked, about.calendar))
    zone = ZoneInfo(about.calendar.zone)
    said = [
        f"{one.key} brought" if due.bring_along else f"{one.key} {due.at.astimezone(zone):%a %Y-%m-%d %H:%M}"
        for one, due in found
    ]
    missing = rules.facts_missing(about, answers) if plan.startswith("facts") else ()
    if missing:
        said.append(f"unknown: {' '.join(missing)}")
    return "; ".join(said) or "-"


@pytest.mark.parametrize(("plan", "booked", "appointment", "region", "known", "expected"), rows())
def test_what_is_required_and_by_when(
    plan: str, booked: str, appointment: str, region: str, known: str, expected: str
) -> None:
    assert decided(plan, booked, appointment, region, known) == expected


def test_the_table_has_enough_rows_and_uses_every_plan() -> None:
    found = [row.values[0] for row in rows()]
    assert len(found) >= 150 and set(found) == set(PLANS)
    assert all(not required.problems(plan) for plan in PLANS.values())
