"""One appointment in two calendars of a practice, as a practitioner's and a room's: which one it is. Pure.

One of them is prepared, the others are the same as that one. A calendar that says otherwise than the other may only have
been read before it: so whoever differs waits until the other's calendar was read again as well. What differs still is an
appointment of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from appointments.matching.types import wording

# A shorter UID, or one of digits alone, numbers the events of one calendar.
SHORTEST_UID = 16


Sure = Callable[["Standing", "Standing"], bool]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An appointment as it stands in one calendar. `read`: the calendar is polled; `live`: the appointment is neither
    cancelled nor over; `missing`: the calendar did not show it when it was read last. `person` as `persons.person_key`."""

    id: int
    feed_id: int
    read: bool = True
    uid: str = ""
    recurrence_id: str = ""
    start: datetime
    patient_id: int | None = None
    person: str = ""
    type_id: int | None = None
    type_text: str = ""
    live: bool = True
    missing: bool = False
    same_as: int | None = None
    to_settle: bool = False

    @property
    def root_id(self) -> int:
        return self.same_as or self.id


def same(one: Standing, other: Standing) -> bool:
    """Whether two are one, as two calendars write it: at the same time, and the same event; or the same patient, and the
    same type or one that says none. What one says must hold all that the other says."""
    if one.feed_id == other.feed_id or one.start != other.start:
        return False
    if not (_tells_all(one, other) or _tells_all(other, one)):
        return False
    if _same_event(one, other):
        return _may_be_one(one, other)
    patient = one.patient_id is not None and one.patient_id == other.patient_id
    return patient and _types_agree(one, other)


def settle(
    found: Iterable[Standing], *, feed_id: int, changed: Collection[int], waiting: Collection[int]
) -> list[Standing]:
    """Which of the appointments stand otherwise to each other after the calendar `feed_id` was read: those whose `same_as`
    or `to_settle` is another. `changed` are those that were written by it, `waiting` those for whom it was read again.
    `found` holds every one with all that it is the same as, or may be."""
    rows = {row.id: row for row in found}
    groups = _Groups(dict(rows), feed_id=feed_id, changed=frozenset(changed), waiting=frozenset(waiting))
    groups.look_again()
    groups.join()
    return [row for row in groups.rows.values() if row != rows[row.id]]


def pass_on(gone: Collection[int], twins: Sequence[Standing]) -> list[Standing]:
    """What becomes of those that are the same as some that are `gone` from their calendar: the first that is still read
    takes its place, and the others are the same as that one. Nobody takes it where none is read."""
    of: dict[int, list[Standing]] = defaultdict(list)
    for twin in sorted(twins, key=lambda one: (one.missing, one.to_settle, one.id)):
        if twin.same_as is not None and twin.same_as in gone and twin.id not in gone:
            of[twin.same_as].append(twin)
    passed = []
    for others in of.values():
        heir = next((twin for twin in others if twin.read and twin.live), None)
        for twin in others:
            root = None if twin is heir else heir.id if heir else twin.same_as
            passed.append(replace(twin, same_as=root, to_settle=twin.to_settle or twin.live))
    return passed


@dataclass
class _Groups:
    rows: dict[int, Standing]
    feed_id: int
    changed: frozenset[int]
    waiting: frozenset[int]
    parted: set[int] = field(default_factory=set)
    _members: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """The ids of each group, by that of its root."""

    def __post_init__(self) -> None:
        for row in self.rows.values():
            self._members[row.root_id].add(row.id)

    def look_again(self) -> None:
        for row in [row for row in self.rows.values() if row.id in self.waiting and not row.missing]:
            self._set(row, to_settle=False)
        for pk in sorted(self.rows):
            twin = self.rows[pk]
            if twin.same_as is None or not twin.live:
                continue
            root = self.rows[twin.root_id]
            if any(row.feed_id == twin.feed_id and row.id != twin.id for row in self._group(root)):
                self._part(twin)  # it was cancelled, and another of its calendar has its place by now
            elif not (root.live and same(twin, root)):
                self._differ(twin, root)
            elif not _tells_all(root, twin):
                self._lead(twin)

    def _differ(self, twin: Standing, root: Standing) -> None:
        """The other calendar is read again first; one that is not read any more has no say."""
        mine, other = (twin, root) if twin.feed_id == self.feed_id else (root, twin)
        if mine.feed_id == self.feed_id and mine.id in self.changed:
            self._set(self.rows[other.id], to_settle=True)
            if mine is twin and not root.read:
                self._lead(twin)
        elif mine.id in self.waiting and not mine.missing:
            self._part(twin)

    def _part(self, twin: Standing) -> None:
        """Both are free for others then: what the one left may have had no room for an other until now."""
        self.parted |= {twin.id, self.rows[twin.id].root_id}
        self._set(self.rows[twin.id], same_as=None)

    def join(self) -> None:
        """The surest ways first, and one at a time: a calendar that has the same twice has two of them."""
        by_start: dict[datetime, list[int]] = defaultdict(list)
        for row in self.rows.values():
            by_start[row.start].append(row.id)
        for sure in (_same_event, _same_type, same):
            asked = (self.changed | self.waiting | self.parted) & self.rows.keys()
            for pk in sorted(asked | {self.rows[pk].root_id for pk in asked}):
                self._join(self.rows[pk], by_start, sure)

    def _join(self, one: Standing, by_start: Mapping[datetime, Sequence[int]], sure: Sure) -> None:
        if not _free(one):
            return
        near = (self.rows[pk] for pk in sorted(by_start[one.start]))
        fitting = [other for other in near if _free(other) and sure(one, other) and same(one, other)]
        other = next((other for other in fitting if self._makes_room(other, one, sure)), None)
        if other is not None:
            leads = _leads(one, other)
            self._lead(one if leads else other, of=other if leads else one)

    def _makes_room(self, other: Standing, one: Standing, sure: Sure) -> bool:
        """Whether no calendar is on both sides. Of one that is, what fits its side less surely gives way."""
        leave = []
        for feed_id in self._feeds(other) & self._feeds(one):
            loose = (self._loose(root, feed_id, sure) for root in (other, one))
            row = next(filter(None, loose), None)
            if row is None:
                return False
            leave.append(row)
        for row in leave:
            self._part(row)
        return True

    def _loose(self, root: Standing, feed_id: int, sure: Sure) -> Standing | None:
        """The one of a calendar in a group that may leave it. Who differs waits for the other calendar."""
        there = (row for row in self._group(root) if row.feed_id == feed_id and row.id != root.id)
        return next((row for row in there if same(row, root) and not sure(row, root)), None)

    def _group(self, root: Standing) -> list[Standing]:
        there = (self.rows[pk] for pk in sorted(self._members[root.id]))
        return [row for row in there if row.live]

    def _feeds(self, root: Standing) -> set[int]:
        return {row.feed_id for row in self._group(root)}

    def _lead(self, root: Standing, of: Standing | None = None) -> None:
        """All of a group are the same as `root` from now on."""
        before = of.id if of is not None else root.same_as
        for pk in sorted(self._members[before]) if before is not None else ():
            if pk != root.id:
                self._set(self.rows[pk], same_as=root.id)
        self._set(self.rows[root.id], same_as=None)

    def _set(self, row: Standing, **changes: bool | int | None) -> None:
        self._members[self.rows[row.id].root_id].discard(row.id)
        after = self.rows[row.id] = replace(row, **changes)  # type: ignore[arg-type]
        self._members[after.root_id].add(row.id)


def _free(one: Standing) -> bool:
    return one.live and one.same_as is None


def _leads(one: Standing, other: Standing) -> bool:
    """Whether one is prepared rather than another that may be already."""
    if one.read != other.read:
        return one.read
    return not _tells_all(other, one) or (_tells_all(one, other) and one.id < other.id)


def _tells_all(one: Standing, other: Standing) -> bool:
    named = one.patient_id is not None or other.patient_id is None
    return named and _says_of_type(one) >= _says_of_type(other)


def _says_of_type(one: Standing) -> int:
    return 2 if one.type_id is not None else 1 if one.type_text else 0


def _same_event(one: Standing, other: Standing) -> bool:
    trusted = len(one.uid) >= SHORTEST_UID and not one.uid.isdecimal()
    return trusted and (one.uid, one.recurrence_id) == (other.uid, other.recurrence_id)


def _same_type(one: Standing, other: Standing) -> bool:
    return one.type_id is not None and one.type_id == other.type_id


def _may_be_one(one: Standing, other: Standing) -> bool:
    if one.patient_id == other.patient_id or not (one.person and other.person):
        return True
    (name, born), (other_name, other_born) = _named(one), _named(other)
    return name == other_name and not (born and other_born and born != other_born)


def _named(one: Standing) -> tuple[str, str]:
    name, _, born = one.person.partition("|")
    return name, born


def _types_agree(one: Standing, other: Standing) -> bool:
    """What nobody knows yet is the same only where it is called the same: else it would be on nobody's list."""
    if one.type_id is not None and other.type_id is not None:
        return one.type_id == other.type_id
    if not _says_of_type(one) or not _says_of_type(other):
        return True
    untyped = one.type_id is None and other.type_id is None
    return untyped and wording(one.type_text) == wording(other.type_text)
