"""Where plans come from: a pack that is adopted, a file that is imported, or another type's plan.

A pack is looked at (`preview`), its plans are drafted, adjusted, signed off by a physician and published
(plan_versions); or all of it is published as it is (`adopt_pack`).
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from django.db.models import Max

from appointments import retyping
from appointments.known_types import type_index
from appointments.models import AppointmentType
from practices import record
from practices.models import Practice, User
from prerequisites import exchange, packs, plan_problems, plan_versions, plan_wording
from prerequisites.acts import NotAllowedError
from prerequisites.models import Plan, PlanState, Prerequisite
from prerequisites.packs import PackPlan, PackPrerequisite


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A plan of a pack or file, as it would come to the practice in scope. `type` is the practice's own, if it knows it;
    `published` and `draft` are the plans that this one has already. `missing` are languages of the practice in which the
    plan says nothing: its patients would read it in another."""

    content: PackPlan
    name: str
    prerequisites: tuple[PackPrerequisite, ...]
    type: AppointmentType | None = None
    published: Plan | None = None
    draft: Plan | None = None
    missing: tuple[str, ...] = ()


def preview(pack: packs.Pack) -> list[Offer]:
    """What a pack or file brings, without writing anything."""
    practice = Practice.objects.get()
    names = {name for plan in pack.plans for name in plan.all_names}
    types = list(AppointmentType.objects.filter(name__in=names).order_by("pk"))
    plans = list(Plan.objects.filter(type__in=types, state__in=(PlanState.DRAFT, PlanState.PUBLISHED)))
    held = {(plan.type_id, plan.state): plan for plan in plans}
    offers = []
    for content in pack.plans:
        lacking = replace(pack, plans=(content,)).incomplete
        type_ = next((one for one in types if one.name in content.all_names), None)
        type_id = type_.pk if type_ else 0
        offers.append(
            Offer(
                content=content,
                name=type_.name if type_ else content.name_in(practice.language),
                prerequisites=content.for_country(practice.country),
                type=type_,
                published=held.get((type_id, PlanState.PUBLISHED)),
                draft=held.get((type_id, PlanState.DRAFT)),
                missing=tuple(one for one in practice.languages if one not in pack.name or one in lacking),
            )
        )
    return offers


def adopt_pack(
    name: str,
    *,
    chosen: Collection[str] | None = None,
    signed_off_by: User | None,
    by: record.Actor,
    now: datetime,
) -> list[Plan]:
    """Publishes the plans of a pack for the practice in scope: all, or those of the `chosen` types (by a name of theirs).
    A type that has a published plan keeps it.
    Appointments of these types are planned afresh, and those that are known by its types' words now."""
    practice = Practice.objects.get()
    with _new_words(by=by, now=now):
        contents = _chosen(packs.load(name), chosen)
        found = [_publish(plan, practice, name, signed_off_by, now=now) for plan in contents]
        published = [plan for plan in found if plan is not None]
        data = {"pack": name, "plans": [plan.pk for plan in published]}
        told = [entry for plan in published for entry in _told(plan, by=by, now=now)]
        record.write(record.Entry(event="pack.adopted", at=now, actor=by, data=data), *told)
        retyping.plan_again([plan.type_id for plan in published], now=now)
    return published


def draft_pack(
    name: str, *, chosen: Collection[str] | None = None, by: record.Actor, now: datetime
) -> list[Plan]:
    """Drafts the plans of a pack: all, or those of the `chosen` types (by a name of theirs). A type that has a draft keeps
    it and is not among those returned; one with a published plan gets its next version."""
    contents = _chosen(packs.load(name), chosen)
    return _draft_all(contents, origin={"pack": name}, pack=name, by=by, now=now)


def import_plans(
    content: bytes,
    *,
    where: str,
    chosen: Collection[str] | None = None,
    replace_drafts: bool = False,
    by: record.Actor,
    now: datetime,
) -> list[Plan]:
    """Drafts the plans of a file: nothing is published by an import. A type that has a draft keeps it, unless drafts are to
    be replaced. packs.PackError with all that is wrong; then nothing is written."""
    contents = _chosen(packs.parse(content, where=where), chosen)
    origin = {"sha256": sha256(content).hexdigest()}
    return _draft_all(contents, origin=origin, replace=replace_drafts, by=by, now=now)


def plan_like(
    *, type_id: int, other_type_id: int, signed_off_by: User | None, by: record.Actor, now: datetime
) -> Plan | None:
    """Publishes for a type without a plan what another type's plan asks for. None if the one has a plan by now or the
    other has none. Appointments of the type are planned afresh. NotAllowedError("plan_problems") where what that one asks
    for has problems (plan_problems.of_plan)."""
    type_ = AppointmentType.objects.select_for_update(no_key=True).get(pk=type_id)
    model = Plan.objects.filter(type_id=other_type_id, state=PlanState.PUBLISHED).first()
    if model is not None and plan_problems.of_plan(model):
        raise NotAllowedError("plan_problems")
    if model is None or Plan.objects.filter(type=type_, state=PlanState.PUBLISHED).exists():
        return None
    plan = _new_plan(type_, signed_off_by=signed_off_by, now=now)
    prerequisites = list(model.prerequisites.all())
    for prerequisite in prerequisites:
        prerequisite.pk, prerequisite.plan = None, plan
    Prerequisite.objects.bulk_create(prerequisites)
    record.write(*_told(plan, by=by, now=now, like=model.pk))
    retyping.plan_again([type_.pk], now=now)
    return plan


def _told(plan: Plan, *, by: record.Actor, now: datetime, **more: int) -> list[record.Entry]:
    """The record's entries of a plan that is published at once: who vouches for it, if a physician does, and what it says."""
    entry = plan_wording.published(plan, by=by, now=now, **more)
    if plan.signed_off_by_id is None:
        return [entry]
    return [plan_versions.signed(plan.pk, physician_id=plan.signed_off_by_id, now=now), entry]


def _chosen(pack: packs.Pack, names: Collection[str] | None) -> list[PackPlan]:
    return [plan for plan in pack.plans if names is None or not plan.all_names.isdisjoint(names)]


@contextmanager
def _new_words(*, by: record.Actor, now: datetime) -> Iterator[None]:
    """Types may come within it; afterwards coming appointments that are known by their words have them."""
    retyping.hold()
    before = type_index()
    yield
    retyping.retype(retyping.changes(before=before, after=type_index(), now=now), by=by, now=now)


def _draft_all(
    contents: Sequence[PackPlan],
    *,
    origin: dict[str, str],
    pack: str = "",
    replace: bool = False,
    by: record.Actor,
    now: datetime,
) -> list[Plan]:
    with _new_words(by=by, now=now):
        found = [_draft(one, origin=origin, pack=pack, replace=replace, by=by, now=now) for one in contents]
    return [plan for plan in found if plan is not None]


def _draft(
    content: PackPlan,
    *,
    origin: dict[str, str],
    pack: str,
    replace: bool,
    by: record.Actor,
    now: datetime,
) -> Plan | None:
    """A draft of a type's next version. None if there is one that is not to be replaced."""
    practice = Practice.objects.get()
    type_ = _type_of(content, practice)
    drafts = Plan.objects.filter(type=type_, state=PlanState.DRAFT)
    if replace:
        drafts.delete()
    elif drafts.exists():
        return None
    plan = Plan.objects.create(
        practice_id=practice.pk, type=type_, version=_next_version(type_), name=type_.name, pack=pack
    )
    Prerequisite.objects.bulk_create(exchange.rows_of(content.for_country(practice.country), plan=plan))
    data = {"type": type_.pk, "plan": plan.pk, "version": plan.version, **origin}
    record.write(record.Entry(event="plan.drafted", at=now, actor=by, data=data))
    return plan


def _publish(
    content: PackPlan, practice: Practice, pack: str, signed_off_by: User | None, *, now: datetime
) -> Plan | None:
    type_ = _type_of(content, practice)
    if Plan.objects.filter(type=type_, state=PlanState.PUBLISHED).exists():
        return None
    plan = _new_plan(type_, pack=pack, signed_off_by=signed_off_by, now=now)
    rows = exchange.rows_of(content.for_country(practice.country), plan=plan)
    if plan_problems.of_rows(rows):
        raise NotAllowedError("plan_problems")  # a pack whose parts do not fit together in this country
    Prerequisite.objects.bulk_create(rows)
    return plan


def _type_of(content: PackPlan, practice: Practice) -> AppointmentType:
    """The practice's type of one of the plan's names, locked; a new one in the practice's language if it has none."""
    known = AppointmentType.objects.filter(name__in=content.all_names).order_by("pk").first()
    if known is None:
        known, _ = AppointmentType.objects.get_or_create(
            practice_id=practice.pk,
            name=content.name_in(practice.language),
            defaults={"keywords": list(content.keywords)},
        )
    return AppointmentType.objects.select_for_update(no_key=True).get(pk=known.pk)


def _next_version(type_: AppointmentType) -> int:
    last: int | None = Plan.objects.filter(type=type_).aggregate(last=Max("version"))["last"]
    return (last or 0) + 1


def _new_plan(type_: AppointmentType, *, pack: str = "", signed_off_by: User | None, now: datetime) -> Plan:
    return Plan.objects.create(
        practice_id=type_.practice_id,
        type=type_,
        version=_next_version(type_),
        state=PlanState.PUBLISHED,
        name=type_.name,
        pack=pack,
        published_at=now,
        signed_off_by=signed_off_by,
        signed_off_at=now if signed_off_by else None,
    )
