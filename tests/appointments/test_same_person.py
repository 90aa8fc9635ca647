"""Two rows of one person: who is asked about, what a merge does, and that no calendar undoes it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from appointments import doubles, merging, queries
from appointments.matching import Likeness, Traits, likeness, name_key
from appointments.models import Appointment, Feed, Patient, PatientMerge, PatientsApart
from appointments.operations import StaleError, set_birth_date, set_contact
from practices import record, tenancy, vault
from practices.models import Practice, RecordEntry
from tests.appointments.feeds import Calendar
from tests.appointments.test_operations import Run
from tests.factories import NOW, AppointmentFactory, PatientFactory, UserFactory, make_practice

pytestmark = pytest.mark.django_db

BORN, OTHER = date(1947, 3, 14), date(1980, 5, 1)
PHONE, OTHER_PHONE = "+4915254599371", "+4915254599372"


@pytest.fixture
def run(practice: Practice, feed: Feed) -> Run:
    return Run(practice, feed)


def booked(name: str, **details: Any) -> Patient:
    """A patient with an appointment to come; needs a scope."""
    given = {"birth_date": None, "phone": "", "email": "", **details}
    patient: Patient = PatientFactory(name=name, **given)
    AppointmentFactory(patient=patient, needs_planning=False)
    return patient


def merged(first: Patient, second: Patient, *, now: datetime = NOW, **right: Patient) -> PatientMerge:
    """Staff say that they are one; `right` says of whom a field is taken. Needs a scope."""
    first, second = sorted((Patient.objects.get(pk=one.pk) for one in (first, second)), key=lambda p: p.pk)
    chosen = merging.Chosen(right={field: patient.pk for field, patient in right.items()})
    return merging.merge(
        first_id=first.pk,
        second_id=second.pk,
        chosen=chosen,
        as_seen=merging.seen(first, second),
        by=record.staff(UserFactory().pk),
        now=now,
    )


class TestLikeness:
    @pytest.mark.parametrize(
        ("one", "other", "why"),
        [
            (Traits(name="Otto Probe", birth_date=BORN), Traits(name="PROBE Otto"), Likeness.NAME),
            (Traits(name="Otto Probe"), Traits(name="Otto Probe"), Likeness.NAME),
            (
                Traits(name="Otto Probe", birth_date=BORN),
                Traits(name="Dr. Otto Probe", birth_date=BORN),
                Likeness.NAME_AND_BIRTH,
            ),
            (
                Traits(name="Otto Meier", birth_date=BORN),
                Traits(name="Otto Maier", birth_date=BORN),
                Likeness.BIRTH,
            ),
            (
                Traits(name="Otto Karl Meier", birth_date=BORN),
                Traits(name="Otto Meier", birth_date=BORN),
                Likeness.BIRTH,
            ),
            (
                Traits(name="O. Meier", birth_date=BORN),
                Traits(name="Otto Meier", birth_date=BORN),
                Likeness.BIRTH,
            ),
            (
                Traits(name="Anna Alt", birth_date=BORN, phone=PHONE),
                Traits(name="Anna Neu", birth_date=BORN, phone=PHONE),
                Likeness.CONTACT,
            ),
            (
                Traits(name="Otto Meier", birth_date=BORN, email="o@post.example"),
                Traits(name="O. Meier", email="o@post.example"),
                Likeness.CONTACT,
            ),
            (
                Traits(name="Otto Probe", birth_date=date(1947, 3, 14), phone=PHONE),
                Traits(name="Otto Probe", birth_date=date(1974, 3, 14), phone=PHONE),
                Likeness.CONTACT,
            ),
        ],
    )
    def test_what_may_be_one_person_is_asked_about(self, one: Traits, other: Traits, why: Likeness) -> None:
        assert likeness(one, other) is why
        assert likeness(other, one) is why

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            # Father and son of one name and one telephone, twins, a couple, people who share only a day or a name.
            (
                Traits(name="Hans Probe", birth_date=BORN, phone=PHONE),
                Traits(name="Hans Probe", birth_date=OTHER, phone=PHONE),
            ),
            (
                Traits(name="Max Probe", birth_date=BORN, phone=PHONE),
                Traits(name="Tim Probe", birth_date=BORN, phone=PHONE),
            ),
            (Traits(name="Eva Probe", phone=PHONE), Traits(name="Hans Probe", phone=PHONE)),
            (Traits(name="Otto Probe", birth_date=BORN), Traits(name="Rita Muster", birth_date=BORN)),
            (Traits(name="Otto Probe", birth_date=BORN), Traits(name="Otto Probe", birth_date=OTHER)),
            (Traits(name="Anna Alt", birth_date=BORN), Traits(name="Anna Neu", birth_date=BORN)),
            (Traits(name="!!"), Traits(name="!!")),
        ],
    )
    def test_who_is_two_people_is_nobodys_question(self, one: Traits, other: Traits) -> None:
        assert likeness(one, other) is None
        assert likeness(other, one) is None


WORDS = [
    "Müller",
    "MUELLER",
    "Muller",
    "Jürgen",
    "Groß",
    "GROSS",
    "Ünal",
    "Đorđe",
    "Strauß",
    "Philipp",
    "Filip",
]


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), st.sampled_from(["", "Dr. ", "Frau ", "Hr. "])
)
@example(["Œuvrard", "Łukasz"], "Prof. Dr. ")
def test_the_database_knows_two_spellings_of_a_name_as_python_does(words: list[str], title: str) -> None:
    plain = name_key(" ".join(words))
    spelled = [title + " ".join(words), ", ".join(reversed(words)), " ".join(words).upper(), plain]
    assert all(name_key(one) == plain for one in spelled)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT treffa_name_key(one)) FROM unnest(%s::text[]) one", [spelled])
        assert cursor.fetchone()[0] == 1


class TestQuestions:
    def test_one_name_and_no_date_of_birth_is_asked_about(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            first = booked("Jürgen Müller", birth_date=BORN)
            second = booked("MUELLER, Juergen")
            booked("Rita Muster", birth_date=BORN)
            (pair,) = doubles.pairs(now=NOW)
            assert (pair.first, pair.second, pair.why) == (first, second, Likeness.NAME)
            assert [one.second for one in doubles.doubles_of(first.pk, now=NOW)] == [second]
            assert [one.first for one in doubles.doubles_of(second.pk, now=NOW)] == [first]

    def test_nobody_is_asked_about_patients_without_an_appointment_to_come(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            booked("Otto Probe"), booked("Otto Probe")
            assert doubles.pairs(now=NOW)
            Appointment.objects.update(status="cancelled")
            assert not doubles.pairs(now=NOW)
            Appointment.objects.update(status="confirmed")
            assert not doubles.pairs(now=NOW + timedelta(days=60))

    def test_who_stands_three_times_is_one_question_at_a_time(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            people = [booked("Otto Probe") for _ in range(3)]
            (pair,) = doubles.pairs(now=NOW)
            merged(pair.first, pair.second)
            (pair,) = doubles.pairs(now=NOW)
            merged(pair.first, pair.second)
            assert not doubles.pairs(now=NOW)
            assert set(Appointment.objects.values_list("patient", flat=True)) == {people[0].pk}

    def test_two_people_are_asked_about_once_and_never_again(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            first, second = booked("Otto Probe"), booked("Otto Probe")
            by = record.staff(UserFactory().pk)
            for _ in range(2):
                merging.keep_apart(first_id=first.pk, second_id=second.pk, by=by, now=NOW)
            assert not doubles.pairs(now=NOW)
            assert PatientsApart.objects.count() == 1
            assert RecordEntry.objects.get(event="patients.apart").actor_id == by.user_id

    def test_what_was_said_of_one_holds_for_whom_they_are_merged_into(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            first, second, third = (booked("Otto Probe") for _ in range(3))
            merging.keep_apart(first_id=second.pk, second_id=third.pk, by=record.SYSTEM, now=NOW)
            merged(first, second)
            assert not doubles.pairs(now=NOW)

    def test_another_practices_patients_are_nobodys_question(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            booked("Otto Probe")
        with tenancy.scope(make_practice(name="Andere Praxis").pk):
            booked("Otto Probe")
            assert not doubles.pairs(now=NOW)

    def test_three_thousand_patients_born_on_one_day_are_asked_about_in_no_time(
        self, practice: Practice, django_assert_max_num_queries: Any
    ) -> None:
        with tenancy.scope(practice.pk):
            feed, key = AppointmentFactory().feed, vault.new_patient_key(practice=practice.key())
            people = Patient.objects.bulk_create(
                Patient(
                    practice=practice,
                    name=f"Vor{n} Nach{n}",
                    birth_date=date(1970, 1, 1),
                    wrapped_key=key,
                    created_at=NOW,
                )
                for n in range(3000)
            )
            Appointment.objects.bulk_create(
                Appointment(
                    practice=practice,
                    feed=feed,
                    uid=str(n),
                    patient=patient,
                    start=NOW,
                    booked_at=NOW,
                    end=NOW + timedelta(days=1),
                )
                for n, patient in enumerate(people)
            )
            with django_assert_max_num_queries(4):
                assert not doubles.pairs(now=NOW)


class TestMerging:
    def test_the_one_seen_first_has_all_appointments_and_what_the_other_knew(
        self, practice: Practice
    ) -> None:
        with tenancy.scope(practice.pk):
            first = booked("Otto Probe", phone=PHONE)
            second = booked("Otto Probe", birth_date=BORN, email="o@post.example")
            done = merged(first, second)
            first.refresh_from_db()
            assert (first.birth_date, first.phone, first.email) == (BORN, PHONE, "o@post.example")
            assert set(Appointment.objects.values_list("patient", flat=True)) == {first.pk}
            assert all(Appointment.objects.values_list("needs_planning", flat=True)), (
                "the next stage must look"
            )
            assert Patient.objects.get(pk=second.pk).merged_into_id == first.pk
            entries = RecordEntry.objects.filter(event="patient.merged")
            assert {entry.patient_id for entry in entries} == {first.pk, second.pk}
            assert {entry.actor_id for entry in entries} == {done.user_id}
            keys = {one.pk: one.key() for one in Patient.objects.all()}
            assert all(
                record.personal(one, key=keys[one.patient_id])["name"] == "Otto Probe" for one in entries
            )

    def test_where_both_say_something_else_staff_say_who_is_right(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            first = booked("Otto Probe", birth_date=BORN, phone=PHONE)
            second = booked("Otto Karl Probe", birth_date=BORN, phone=OTHER_PHONE)
            merged(first, second, name=second, phone=second)
            first.refresh_from_db()
            assert (first.name, first.phone) == ("Otto Karl Probe", OTHER_PHONE)

    def test_what_was_changed_since_it_was_seen_is_not_merged(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            first, second = booked("Otto Probe"), booked("Otto Probe")
            as_seen = merging.seen(first, second)
            set_contact(patient_id=second.pk, phone=PHONE, email="", by=record.SYSTEM, now=NOW)
            with pytest.raises(StaleError):
                merging.merge(
                    first_id=first.pk,
                    second_id=second.pk,
                    chosen=merging.Chosen(right={}),
                    as_seen=as_seen,
                    by=record.SYSTEM,
                    now=NOW,
                )

    def test_who_is_merged_already_or_erased_is_not_merged(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            first, second, third = (booked("Otto Probe") for _ in range(3))
            merged(first, second)
            with pytest.raises(StaleError):
                merged(second, third)
            with pytest.raises(StaleError):
                merging.keep_apart(first_id=first.pk, second_id=second.pk, by=record.SYSTEM, now=NOW)
            Patient.objects.filter(pk=third.pk).update(wrapped_key=None)
            with pytest.raises(StaleError):
                merged(first, third)

    def test_a_contact_entered_for_who_was_merged_meanwhile_reaches_the_person(
        self, practice: Practice
    ) -> None:
        with tenancy.scope(practice.pk):
            first, second = booked("Otto Probe"), booked("Otto Probe")
            merged(first, second)
            set_contact(patient_id=second.pk, phone=PHONE, email="", by=record.SYSTEM, now=NOW)
            set_birth_date(patient_id=second.pk, birth_date=BORN, by=record.SYSTEM, now=NOW)
            first.refresh_from_db()
            assert (first.phone, first.birth_date) == (PHONE, BORN)
            assert not queries.unreachable_patients(now=NOW).exists()

    def test_the_statements_are_as_many_for_two_appointments_as_for_two_hundred(
        self, practice: Practice, django_assert_max_num_queries: Any
    ) -> None:
        with tenancy.scope(practice.pk):
            first, second = booked("Otto Probe"), booked("Otto Probe")
            feed = Feed.objects.first()
            Appointment.objects.bulk_create(
                Appointment(
                    practice=practice,
                    feed=feed,
                    uid=str(n),
                    patient=second,
                    start=NOW,
                    end=NOW,
                    booked_at=NOW,
                )
                for n in range(200)
            )
            with django_assert_max_num_queries(25):
                assert len(merged(first, second).appointment_ids) == 201


class TestTakingBack:
    def test_each_has_again_what_was_theirs(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            first = booked("Otto Probe", birth_date=BORN, phone=PHONE)
            second = booked("Otto Karl Probe", birth_date=BORN, email="o@post.example")
            done = merged(first, second, name=second)
            merging.undo(merge_id=done.pk, by=record.SYSTEM, now=NOW + timedelta(minutes=29))
            first.refresh_from_db(), second.refresh_from_db()
            assert (first.name, first.phone, first.email) == ("Otto Probe", PHONE, "")
            assert first.entered_at is None
            assert second.merged_into_id is None
            for patient in (first, second):
                assert Appointment.objects.get(patient=patient).sealed_for_id is None
            assert RecordEntry.objects.filter(event="patient.unmerged").count() == 2
            assert doubles.pairs(now=NOW), "it is a question again"

    def test_what_was_entered_since_stays(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            first, second = booked("Otto Probe"), booked("Otto Probe", phone=PHONE, birth_date=BORN)
            done = merged(first, second)
            set_contact(patient_id=first.pk, phone=OTHER_PHONE, email="", by=record.SYSTEM, now=NOW)
            merging.undo(merge_id=done.pk, by=record.SYSTEM, now=NOW)
            first.refresh_from_db()
            assert (first.phone, first.birth_date) == (OTHER_PHONE, None)

    def test_not_twice_not_after_half_an_hour_not_below_a_later_merge(self, practice: Practice) -> None:
        with tenancy.scope(practice.pk):
            first, second, third = (booked("Otto Probe") for _ in range(3))
            lower = merged(second, third)
            upper = merged(first, second)
            assert {p.merged_into_id for p in (Patient.objects.exclude(pk=first.pk))} == {first.pk}
            for merge, later in ((lower, 0), (upper, 30)):
                with pytest.raises(StaleError):
                    merging.undo(merge_id=merge.pk, by=record.SYSTEM, now=NOW + timedelta(minutes=later))
            merging.undo(merge_id=upper.pk, by=record.SYSTEM, now=NOW)
            assert Patient.objects.get(pk=third.pk).merged_into_id == second.pk
            assert Appointment.objects.filter(patient=second).count() == 2
            with pytest.raises(StaleError):
                merging.undo(merge_id=upper.pk, by=record.SYSTEM, now=NOW)
            merging.undo(merge_id=lower.pk, by=record.SYSTEM, now=NOW)
            assert Appointment.objects.filter(patient=third, sealed_for=None).count() == 1
            assert not Patient.objects.exclude(merged_into=None).exists()


class TestPolls:
    """The calendar goes on saying two people."""

    def two(self, run: Run, calendar: Calendar) -> tuple[Patient, Patient]:
        calendar.add("a", NOW + timedelta(days=3), name="Probefeld, Otto", born="14.03.1947")
        calendar.add(
            "b",
            NOW + timedelta(days=5),
            name="Probefeld, Otto Karl",
            born="14.03.1947",
            phone="01525 4599372",
        )
        run.poll()
        with tenancy.scope(run.practice.pk):
            first, second = Patient.objects.order_by("pk")
            merged(first, second)
        return first, second

    def people(self, run: Run) -> list[int | None]:
        return [one.patient_id for one in run.appointments()]

    def test_neither_splits_nor_renames_what_staff_have_merged(self, run: Run, calendar: Calendar) -> None:
        first, _second = self.two(run, calendar)
        for minutes in range(1, 4):
            for entry in calendar.entries:
                entry.start += timedelta(minutes=minutes)
            run.poll()
            assert self.people(run) == [first.pk, first.pk]
        with tenancy.scope(run.practice.pk):
            first.refresh_from_db()
            assert (first.name, first.phone) == ("Otto Probefeld", PHONE)
            assert Patient.objects.count() == 2
            assert not Appointment.objects.filter(status="cancelled").exists()

    def test_a_new_booking_under_the_other_name_is_the_persons(self, run: Run, calendar: Calendar) -> None:
        first, _second = self.two(run, calendar)
        calendar.add("c", NOW + timedelta(days=9), name="Probefeld, Otto Karl", born="14.03.1947", phone="")
        calendar.add(
            "d", NOW + timedelta(days=9), name="Probefeld, Otto Karl", born="", phone="01525 4599372"
        )
        run.poll()
        assert self.people(run) == [first.pk] * 4

    def test_taken_back_the_calendar_does_not_merge_them_again(self, run: Run, calendar: Calendar) -> None:
        first, second = self.two(run, calendar)
        calendar.add("c", NOW + timedelta(days=9), name="Probefeld, Otto Karl", born="14.03.1947", phone="")
        run.poll()
        with tenancy.scope(run.practice.pk):
            merging.undo(
                merge_id=PatientMerge.objects.get().pk, by=record.SYSTEM, now=NOW + timedelta(minutes=10)
            )
        assert self.people(run) == [first.pk, second.pk, second.pk]
        with tenancy.scope(run.practice.pk):
            assert Appointment.objects.get(uid="c").sealed_for_id == first.pk, (
                "what came meanwhile stays readable"
            )
        calendar.entries[1].start += timedelta(hours=1)
        run.poll()
        assert self.people(run) == [first.pk, second.pk, second.pk]

    def test_an_event_that_names_another_person_is_another_appointment_still(
        self, run: Run, calendar: Calendar
    ) -> None:
        first, second = self.two(run, calendar)
        calendar.entries[1].name, calendar.entries[1].born = "Muster, Rita", "01.01.1990"
        calendar.entries[1].phone = ""
        run.poll()
        assert self.people(run)[0] == first.pk
        with tenancy.scope(run.practice.pk):
            live = Appointment.objects.get(uid="b")
            assert live.patient_id not in (first.pk, second.pk)

    def test_an_erased_person_is_nobodys_match_under_no_name(self, run: Run, calendar: Calendar) -> None:
        first, second = self.two(run, calendar)
        with tenancy.scope(run.practice.pk):
            Patient.objects.filter(pk=first.pk).update(wrapped_key=None)
        calendar.add("c", NOW + timedelta(days=9), name="Probefeld, Otto Karl", born="14.03.1947")
        run.poll()
        assert self.people(run)[2] not in (first.pk, second.pk)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_merge_at_once_one_is_told_and_nothing_is_done_twice() -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        first, second = booked("Otto Probe"), booked("Otto Probe")

    def attempt(_number: int) -> bool:
        try:
            with tenancy.scope(practice.pk):
                merged(first, second)
        except StaleError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(attempt, range(2))) == [False, True]
    with tenancy.scope(practice.pk):
        assert PatientMerge.objects.count() == 1
