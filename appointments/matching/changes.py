"""What changed between what is known of a feed and what it says now. Pure.

A UID is a hint: some exporters write a new one at every fetch, some number their events anew. So whoever is at the
same time for the same is the same; of the rest, what has the same UID is, unless it names somebody else; what
disappeared while the same patient got the same kind of appointment is a move, if there is only one way to read it so;
and what still stands under its UID then is an event that was given to somebody else.

Absent is not cancelled: only a future appointment inside the feed's window that is absent from two complete fetches
in a row is, and never when so many are gone at once that the feed itself is in doubt. Nor is it when as many name
somebody else at once: then it is the names that are in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from appointments.ical import Window
from appointments.matching.persons import same_person
from appointments.matching.words import fold

FREEZE_FROM = 5
FREEZE_SHARE = 0.2
# The part of `content` that says what stands in the calendar; the rest is what was read from it.
WRITTEN = 16


@dataclass(frozen=True)
class Known:
    """An appointment as it is stored. `person` is "" where nobody is named (`persons.person_key`); `content` covers all
    that an event says, its first WRITTEN characters the texts as they stand there."""

    id: int
    uid: str
    recurrence_id: str
    start: datetime
    end: datetime
    summary: str
    person: str
    type_id: int | None
    content: str
    cancelled: bool = False


@dataclass(frozen=True)
class Seen:
    """An appointment as the feed says it now; `index` is for the caller."""

    index: int
    uid: str
    recurrence_id: str
    start: datetime
    end: datetime
    summary: str
    person: str
    type_id: int | None
    content: str
    sequence: int = 0
    cancelled: bool = False


Pair = tuple[Known, Seen]


@dataclass(frozen=True)
class Shown:
    """How much a calendar shows. Some show their next hundred events and no more: whenever one comes in front, the last one
    falls off, and nobody has cancelled it. `as_many`: there are no fewer than at the fetch before; `steady`: that was so too
    when others came and went; `last` is the start of the last appointment among those that were left out."""

    as_many: bool = False
    steady: bool = False
    last: Callable[[], datetime | None] = lambda: None


ALL = Shown()


@dataclass(frozen=True)
class Changes:
    """What to write. Nothing stands in two places, but a moved one may have changed in other things too.

    `rekeyed` are the same in all but their UID; `released` are the ids of those whose UID another one has now. `absent` are
    the ids absent from this fetch for the first time (or still, while frozen); `present` the ids that were absent before
    and are there again.
    """

    created: tuple[Seen, ...] = ()
    changed: tuple[Pair, ...] = ()
    moved: tuple[Pair, ...] = ()
    rekeyed: tuple[Pair, ...] = ()
    released: frozenset[int] = frozenset()
    reappeared: tuple[Pair, ...] = ()
    cancelled: tuple[Known, ...] = ()
    vanished: tuple[Known, ...] = ()
    absent: frozenset[int] = frozenset()
    present: frozenset[int] = frozenset()
    frozen: bool = False
    steady: bool = False
    """Whether the calendar seems to show so many and no more: what would stand behind its last one is not gone then."""
    kept: frozenset[int] = frozenset()
    """Those of whom staff have said that they only seem to be gone, as long as they do."""
    paired: Mapping[int, Known] = field(default_factory=dict, compare=False)
    """Which appointment an event is, by the event's index. Those left out are somebody else's as long as the feed is frozen."""

    @property
    def anything(self) -> bool:
        """Whether there is anything to write of the appointments."""
        gone = self.cancelled or self.vanished or self.absent or self.present
        return bool(self.created or self.rewritten or self.rekeyed or gone)

    @property
    def rewritten(self) -> tuple[Pair, ...]:
        """What the feed says otherwise now."""
        return (*self.changed, *self.moved, *self.reappeared)


def compare(
    known: Sequence[Known],
    seen: Sequence[Seen],
    *,
    window: Window,
    now: datetime,
    absent_before: Collection[int],
    quarantined: Collection[str] = (),
    count: Callable[[], int] | None = None,
    uids_last: bool = False,
    kept: Collection[int] = (),
    shown: Shown = ALL,
) -> Changes:
    """`known` are all appointments of the feed, `seen` all of a complete fetch, `quarantined` the UIDs in it that
    could not be read (they are there, so not absent). `cancelled` were cancelled by the feed's word, `vanished` by
    absence. Of those `kept` staff have said that it was an error of the calendar: they are there, as long as all of them seem
    to be gone.

    Appointments and events that are known to be the same as before may be left out of both, if `count` says how many
    appointments would be missed in all; `uids_last` says whether there are any."""
    comparison = _Comparison(known, latest(seen), window=window, now=now)
    comparison.pair_all()
    gone = [one for one in comparison.left_known() if comparison.expected(one) and one.uid not in quarantined]
    unknown = set(quarantined) - {one.uid for one in known} and not (uids_last or comparison.uids_last())
    if quarantined and (unknown or comparison.uids_wander()):
        # Who is unreadable can't be told from who is gone.
        gone = []
    steady = shown.as_many and (shown.steady or bool(gone and comparison.somebody_came()))
    if steady and gone and (last := comparison.last_shown(shown)) is not None:
        gone = [one for one in gone if one.start < last]
    return comparison.result(
        steady=steady,
        gone=gone,
        absent_before=frozenset(absent_before),
        kept=frozenset(kept),
        count=count or comparison.count_expected,
    )


def latest(seen: Iterable[Seen]) -> list[Seen]:
    """One for each identity, that of the highest SEQUENCE."""
    found: dict[tuple[str, str], Seen] = {}
    for one in seen:
        key = (one.uid, one.recurrence_id)
        if key not in found or one.sequence >= found[key].sequence:
            found[key] = one
    return list(found.values())


@dataclass
class _Comparison:
    known: Sequence[Known]
    seen: Sequence[Seen]
    window: Window
    now: datetime
    pairs: list[Pair] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known_left = {one.id: one for one in self.known}
        self.seen_left = {one.index: one for one in self.seen}

    def left_known(self) -> list[Known]:
        return list(self.known_left.values())

    def somebody_came(self) -> bool:
        return any(not one.cancelled and self._worth(one) for one in self.seen_left.values())

    def last_shown(self, shown: Shown) -> datetime | None:
        """When the last single appointment of the calendar is; what repeats may go on for ever."""
        starts = [one.start for one in self.seen if not one.recurrence_id]
        return max([*starts, *filter(None, [shown.last()])], default=None)

    def uids_last(self) -> bool:
        """Whether any UID is the same as at the fetch before."""
        return any(known.uid == seen.uid for known, seen in self.pairs)

    def uids_wander(self) -> bool:
        """Whether the UID of one is another's now."""
        uids = {known.uid for known in self.known}
        return any(known.uid != seen.uid and seen.uid in uids for known, seen in self.pairs)

    def expected(self, one: Known) -> bool:
        """Whether its absence would mean something."""
        return not one.cancelled and one.start > self.now and self.window.start <= one.start < self.window.end

    def count_expected(self) -> int:
        return sum(1 for one in self.known if self.expected(one))

    def _coming(self, one: Seen) -> bool:
        return one.end > self.now

    def pair_all(self) -> None:
        """Who is who, the surest ways first. What is over is what its UID says, or nobody's business."""
        self._pair(lambda one: (one.uid, one.recurrence_id, one.start, one.person))
        self._pair(
            lambda one: (one.start, fold(one.summary), one.person) if one.person else None, to=self._coming
        )
        self._pair(lambda one: (one.start, one.content[:WRITTEN]) if one.content else None, to=self._coming)
        self._pair(lambda one: (one.uid, one.recurrence_id), fits=_may_be_one)
        self._pair(lambda one: (one.start, fold(one.summary), one.person), to=self._coming)
        self._pair(lambda one: (one.start, one.person) if one.person else None, to=self._coming)
        # A move: of what should be there and is not, to what is there and is new.
        self._pair(
            lambda one: (one.person, one.type_id or fold(one.summary)) if one.person else None,
            among=self.expected,
            to=lambda one: not one.cancelled and self._coming(one),
            only_unique=True,
        )
        # An event that was given to somebody else.
        self._pair(lambda one: (one.uid, one.recurrence_id), among=self.expected)

    def _pair(
        self,
        key: Callable[[Known | Seen], Hashable | None],
        *,
        among: Callable[[Known], bool] = lambda one: True,
        to: Callable[[Seen], bool] = lambda one: True,
        fits: Callable[[Known, Seen], bool] = lambda known, seen: True,
        only_unique: bool = False,
    ) -> None:
        """Pairs what has the same key; several with the same key only if none of them could be another."""
        if not self.known_left or not self.seen_left:
            return
        ours: dict[Hashable, list[Known]] = {}
        theirs: dict[Hashable, list[Seen]] = {}
        for known in filter(among, self.known_left.values()):
            ours.setdefault(key(known), []).append(known)
        for seen in filter(to, self.seen_left.values()):
            theirs.setdefault(key(seen), []).append(seen)
        for found, candidates in ours.items():
            # What is cancelled may stand beside what took its place: the live one first.
            candidates.sort(key=lambda one: (one.cancelled, one.id))
            others = sorted(theirs.get(found, []), key=lambda one: (one.cancelled, one.index))
            if found is None or (only_unique and (len(candidates), len(others)) != (1, 1)):
                continue
            for known, seen in zip(candidates, others, strict=False):
                if not fits(known, seen):
                    continue
                del self.known_left[known.id]
                del self.seen_left[seen.index]
                self.pairs.append((known, seen))

    def result(
        self,
        *,
        steady: bool,
        gone: list[Known],
        absent_before: frozenset[int],
        kept: frozenset[int],
        count: Callable[[], int],
    ) -> Changes:
        given = {known.id for known, seen in self.pairs if self.expected(known) and _given_away(known, seen)}
        kept = self._still_kept(kept, given.union(one.id for one in gone))
        self.pairs = [pair for pair in self.pairs if pair[0].id not in given & kept]
        gone, given = [one for one in gone if one.id not in kept], given - kept
        lost = len(gone) + len(given)
        frozen = lost >= FREEZE_FROM and lost > FREEZE_SHARE * count()
        pairs = [pair for pair in self.pairs if pair[0].id not in given] if frozen else self.pairs
        live = [pair for pair in pairs if not pair[0].cancelled and not pair[1].cancelled]
        still = [pair for pair in live if pair[0].start == pair[1].start]
        gone_ids = frozenset(one.id for one in gone) | (given if frozen else frozenset())
        again = frozenset() if frozen else gone_ids & absent_before
        changes = Changes(
            created=tuple(one for one in self.seen_left.values() if not one.cancelled and self._worth(one)),
            changed=tuple(pair for pair in still if _differ(*pair)),
            rekeyed=tuple(pair for pair in still if not _differ(*pair) and _rekeyed(*pair)),
            moved=tuple(pair for pair in live if pair[0].start != pair[1].start),
            reappeared=tuple(pair for pair in pairs if pair[0].cancelled and not pair[1].cancelled),
            cancelled=tuple(known for known, seen in pairs if seen.cancelled and not known.cancelled),
            vanished=tuple(one for one in gone if one.id in again),
            absent=gone_ids - again,
            present=absent_before - gone_ids,
            frozen=frozen,
            steady=steady,
            kept=kept,
            paired={seen.index: known for known, seen in pairs},
        )
        return replace(changes, released=self._released(changes))

    def _still_kept(self, kept: frozenset[int], lost: Collection[int]) -> frozenset[int]:
        """What is over is no part of it any more. Once one of them is there again the answer is over, too."""
        coming = kept & {one.id for one in self.known if self.expected(one)}
        return coming if coming <= set(lost) else frozenset()

    def _released(self, changes: Changes) -> frozenset[int]:
        """Whose UID is another's from now on."""
        pairs = (*changes.rewritten, *changes.rekeyed)
        written = {(seen.uid, seen.recurrence_id): known.id for known, seen in pairs if _rekeyed(known, seen)}
        written |= {(seen.uid, seen.recurrence_id): 0 for seen in changes.created}
        return frozenset(
            one.id for one in self.known if written.get((one.uid, one.recurrence_id), one.id) != one.id
        )

    def _worth(self, one: Seen) -> bool:
        """What is over, or beyond the window, is nobody's to prepare."""
        return one.end > self.now and one.start < self.window.end


def _differ(known: Known, seen: Seen) -> bool:
    # What is not recognised (any more) takes no type away that staff may have given.
    retyped = seen.type_id is not None and seen.type_id != known.type_id
    return retyped or known.content != seen.content or known.end != seen.end


def _rekeyed(known: Known, seen: Seen) -> bool:
    return (known.uid, known.recurrence_id) != (seen.uid, seen.recurrence_id)


def _may_be_one(known: Known, seen: Seen) -> bool:
    """Whether they name one person, as far as they name one: a name may be corrected."""
    named = known.person and seen.person
    return not named or reread(known, seen) or same_person(known.person, seen.person)


def _given_away(known: Known, seen: Seen) -> bool:
    """Whether an event of one person is another's now. What is only read otherwise is the same person's."""
    if seen.cancelled or not (known.person and seen.person):
        return False
    return not same_person(known.person, seen.person) and not reread(known, seen)


def reread(known: Known, seen: Seen) -> bool:
    """Whether the calendar says the very same, though it may be understood otherwise than before."""
    return known.content[:WRITTEN] == seen.content[:WRITTEN]
