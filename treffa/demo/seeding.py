"""Plays the demo forward: the clock is turned to the past and steps to the present, the stages run at each step, and
patients and staff act as people do, all through the product's own operations. Nothing is inserted by hand."""

from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, time, timedelta
from functools import cache, partial
from multiprocessing import get_context
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import Max

from appointments import operations as calendars
from escalation.operations import settings as settings_
from escalation.policy import DEFAULT_STEPS, Act, Step
from practices import clock, record, tenancy
from practices.models import RecordEntry, Role, User
from practices.operations import add_member, create_practice
from practices.queries import memberships_of
from prerequisites import packs
from prerequisites.adoption import adopt_pack
from prerequisites.models import Kind
from prerequisites.queries import types_with_plan
from treffa import pipeline
from treffa.demo.actors import Patients, Staff
from treffa.demo.papers import sample
from treffa.demo.practices import NEW_PRACTICE, NEWCOMER, OPERATOR, PASSWORD, PRACTICES, DemoPractice
from treffa.sandbox.client import SandboxClient

# The days of the past that are played, at an hour when people are written to: at night nobody would have got anything.
DAYS_AGO = (3, 1)
DIGEST = time(7, 30)
MORNING, ZONE = time(10), ZoneInfo("Europe/Berlin")
FRESH_ENOUGH = timedelta(hours=12)
ROUNDS = 3
PROCESSES = 2


def seed() -> None:
    """Fills a new demo; one that has fallen behind is played forward to now; a recent one is left as it is."""
    end = clock.now()
    practice_ids = _known_practices()
    last = _last_event(practice_ids)
    if last is not None and end - last < FRESH_ENOUGH:
        if last > end:  # after a time-lapse the demo goes on where it was
            clock.forward(to=last)
        return
    moments = _moments(since=last, end=end)
    with clock.borrowed():
        clock.turn(to=moments[0], speed=0)
        _lay_out_papers()
        connection.close()  # the processes that are forked now open their own
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
            if not practice_ids:
                practice_ids = pool.submit(_found_all, now=moments[0]).result()
                pool.submit(_found_new, now=end).result()
            for moment in moments:
                clock.turn(to=moment, speed=0)
                list(pool.map(partial(_play, now=moment, last=moment == end), practice_ids))


def _known_practices() -> list[int]:
    """The practices that the demo's manager belongs to; empty in a new database."""
    people = [email for practice in PRACTICES for email, _, _ in practice.people]
    users = User.objects.filter(email__in=people).order_by("pk")
    found = {m.practice_id for user in users for m in memberships_of(user.pk)}
    return sorted(found)


def _last_event(practice_ids: list[int]) -> datetime | None:
    latest: list[datetime] = []
    for practice_id in practice_ids:
        with tenancy.scope(practice_id):
            at = RecordEntry.objects.aggregate(at=Max("at"))["at"]
        latest += [at] if at else []
    return max(latest, default=None)


def _moments(*, since: datetime | None, end: datetime) -> list[datetime]:
    """Some mornings and the end itself: each costs seconds, and patients act on all but the last."""
    today = end.astimezone(ZONE).date()
    mornings = [datetime.combine(today - timedelta(days=ago), MORNING, ZONE) for ago in DAYS_AGO]
    return [*(moment.astimezone(UTC) for moment in mornings if since is None or moment > since), end]


def _found_all(*, now: datetime) -> list[int]:
    return [_found(practice, now=now) for practice in PRACTICES]


def _found_new(*, now: datetime) -> None:
    """A practice as an operator makes it: its manager finds the set-up at the first sign-in."""
    name, sender = NEW_PRACTICE
    practice = create_practice(
        name=name, sender_name=name, sms_sender=sender, languages=["de"], channels=["sms", "email"], now=now
    )
    with tenancy.scope(practice.pk):
        _join(*NEWCOMER, Role.MANAGER, now=now)
        record.seal(now=now)


def _found(demo: DemoPractice, *, now: datetime) -> int:
    """A practice with its people, its pack and its calendars."""
    practice = create_practice(
        name=demo.name,
        sender_name=demo.sender_name,
        address=demo.address,
        phone=demo.phone,
        sms_sender=demo.sms_sender,
        sending=True,
        region="BE",
        languages=["de", "en"],
        channels=["sms", "email"],
        now=now,
    )
    links = {calendar.key: calendar for calendar in SandboxClient(settings.SANDBOX_URL).calendars()}
    with tenancy.scope(practice.pk):
        members = [_join(email, name, role, now=now) for email, name, role in demo.people]
        physician = next((user for user, role in members if role == Role.PHYSICIAN), None)
        manager = record.staff(members[0][0].pk)
        adopt_pack(demo.pack, signed_off_by=physician, by=manager, now=now)
        _set_up_escalation([user for user, role in members if role != Role.VIEWER], by=manager, now=now)
        for key in demo.calendars:
            calendars.add_feed(
                name=links[key].title.split(" - ")[0],
                practitioner=links[key].practitioner,
                url=links[key].url,
                by=manager,
                now=now,
                rules=_rules(links[key].style),
                allowed_addresses=frozenset(settings.FEED_ALLOWED_ADDRESSES),
            )
    return practice.pk


def _set_up_escalation(people: list[User], *, by: record.Actor, now: datetime) -> None:
    """A digest for everybody, and steps of its own for one type: one of the reception after the other is told."""
    for user in people:
        settings_.prefer(user_id=user.pk, phone="", digest_at=DIGEST, silent_when_ready=True, by=by, now=now)
    type_ = types_with_plan()[0]
    told = Step(act=Act.NOTIFY, role=Role.STAFF.value, hours=2, rotate=True, repeat_hours=4, repeats=2)
    steps = [*DEFAULT_STEPS[:2], told, *DEFAULT_STEPS[3:]]
    settings_.add_policy(type_id=type_.pk, name=type_.name, steps=steps, by=by, now=now)


def _lay_out_papers() -> None:
    """Uploads are checked outside of any scope: the sheets that patients will hand in are made ready first."""
    for practice in PRACTICES:
        for plan in packs.load(practice.pack).plans:
            for prerequisite in plan.prerequisites:
                if prerequisite.kind == Kind.DOCUMENT:
                    sample(prerequisite.title["de"])


def _rules(style: str) -> dict[str, object]:
    """What a manager would choose for a calendar that writes in this style."""
    return {"summary": {"name_and_type": "both"}.get(style, style)}


def _join(email: str, name: str, role: Role, *, now: datetime) -> tuple[User, Role]:
    user = User.objects.filter(email=email).first() or User.objects.create(
        email=email, name=name, password=_hashed_password()
    )
    add_member(user=user, role=role, by=record.SYSTEM, now=now)
    return user, role


@cache
def _hashed_password() -> str:
    """Hashing is slow on purpose; all sign-ins of the demo share one."""
    return make_password(PASSWORD)


def _play(practice_id: int, *, now: datetime, last: bool) -> None:
    """One step of one practice: the stages until nothing is due, then the people, then the stages again."""
    _run_stages(practice_id, now=now)
    if not last:
        Patients(practice_id).act(now=now)
    Staff(practice_id).act(now=now, half_done=last)
    _run_stages(practice_id, now=now)


def _run_stages(practice_id: int, *, now: datetime) -> None:
    for _ in range(ROUNDS):
        due = [stage for stage, whose in pipeline.due(now=now) if whose == practice_id]
        for stage in due:
            pipeline.advance(stage=stage, practice_id=practice_id, now=now)
        if not due:
            return


def create_operator() -> None:
    """The operator's sign-in to the admin."""
    email, name = OPERATOR
    if not User.objects.filter(email=email).exists():
        User.objects.create(
            email=email, name=name, password=_hashed_password(), is_staff=True, is_superuser=True
        )


def banner() -> str:
    """Where to look, and how to sign in."""
    lines = [
        "",
        "  Treffa is up. Three practices, their calendars are living.",
        "",
        f"  Practice    {settings.PUBLIC_URL}/",
        *[
            f"              {email:<28} {name}, {Role(role).label}: {practice.name}"
            for practice in PRACTICES
            for email, name, role in practice.people
        ],
        f"              {NEWCOMER[0]:<28} {NEWCOMER[1]}, {Role.MANAGER.label}: {NEW_PRACTICE[0]}, nothing is set up yet",
        f"  Patients    {settings.SANDBOX_URL}/   every patient's phone and mailbox: tap a link as the patient would",
        f"  Operators   {settings.OPERATOR_URL}/   {OPERATOR[0]}",
        f"  Password    {PASSWORD}   (the same for all)",
        "",
        "  Ctrl-C stops everything and leaves no process behind.",
        "",
    ]
    return "\n".join(lines)
