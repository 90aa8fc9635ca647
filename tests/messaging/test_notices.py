"""Notices to people of the practice: by mail, over a real mail server, without a patient's name."""

from appointments.models import Patient
from escalation import operations as escalation
from escalation.models import Preference
from escalation.operations.telling import Told, tell
from escalation.policy import Act, Step, Way
from messaging.operations import insert_new
from practices import tenancy
from practices.models import Role
from prerequisites import readiness
from prerequisites.models import Case
from tests.factories import NOW, MembershipFactory
from tests.messaging.conftest import House
from treffa.sandbox import Sandbox


def test_every_manager_gets_one_mail_in_their_language_that_names_no_patient(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case(requests_due_at=None)
    with tenancy.scope(house.practice.pk):
        german = MembershipFactory(role=Role.MANAGER, user__language="de", user__name="Petra Erdmuster").user
        english = MembershipFactory(role=Role.MANAGER, user__language="en", user__name="").user
        MembershipFactory(role=Role.MANAGER, active=False)
        MembershipFactory(role=Role.STAFF)
        step = Step(act=Act.NOTIFY, role="manager")
        told = [Told(case=case, step=step, about="1:1", number=0) for _ in range(2)]
        notices = tell(told, practice=house.practice, now=NOW)
        assert len(insert_new(notices, now=NOW)) == 2
        assert insert_new(notices, now=NOW) == [], "what was written is not written again"
    house.deliver()
    mails = {mail.to: mail for mail in sandbox.mail.mails()}
    assert set(mails) == {german.email, english.email} and len(sandbox.mail.mails()) == 2
    assert "Nicht rechtzeitig bereit" in mails[german.email].subject
    assert "Not ready in time" in mails[english.email].subject
    assert "Petra" in mails[german.email].text and "Hello," in mails[english.email].text
    with tenancy.scope(house.practice.pk):
        patient = Patient.objects.get()
    for mail in mails.values():
        whole = f"{mail.subject}{mail.text}"
        assert f"/cases/{case.pk}/" in whole
        for personal in (*patient.name.split(), patient.phone, patient.email, "CT"):
            assert personal not in whole


def test_overdue_case_tells_the_manager_after_four_hours_over_the_mail_server(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case(requests_due_at=None)
    with tenancy.scope(house.practice.pk):
        manager = MembershipFactory(role=Role.MANAGER).user
    for hours in (0, 4, 4):
        at = case.deadline.replace(hour=case.deadline.hour + hours)
        with tenancy.scope(house.practice.pk):
            readiness.refresh(case_ids=[case.pk], now=at)
            Case.objects.update(escalation_due_at=at)
        escalation.advance(practice_id=house.practice.pk, now=at)
        house.deliver(at=at)
    assert [mail.to for mail in sandbox.mail.mails()] == [manager.email]


def test_who_gave_a_number_is_told_by_sms_and_who_did_not_by_mail(house: House, sandbox: Sandbox) -> None:
    case = house.case(requests_due_at=None)
    with tenancy.scope(house.practice.pk):
        reachable = MembershipFactory(role=Role.STAFF).user
        Preference.objects.create(practice=house.practice, user=reachable, phone="+4915254000001")
        other = MembershipFactory(role=Role.STAFF).user
        step = Step(act=Act.NOTIFY, role="staff", way=Way.SMS)
        told = [Told(case=case, step=step, about="1:1", number=0)]
        insert_new(tell(told, practice=house.practice, now=NOW), now=NOW)
    house.deliver()
    assert [mail.to for mail in sandbox.mail.mails()] == [other.email]
    (text,) = [message.body for message in sandbox.twilio.messages()]
    assert f"/cases/{case.pk}/" in text and "CT" not in text


def test_one_after_the_other_is_told_where_the_step_goes_round(house: House, sandbox: Sandbox) -> None:
    case = house.case(requests_due_at=None)
    with tenancy.scope(house.practice.pk):
        people = [MembershipFactory(role=Role.STAFF).user for _ in range(3)]
        step = Step(act=Act.NOTIFY, role="staff", rotate=True)
        for number in range(6):
            told = [Told(case=case, step=step, about=str(number), number=number)]
            insert_new(tell(told, practice=house.practice, now=NOW), now=NOW)
    house.deliver()
    reached = [mail.to for mail in sandbox.mail.mails()]
    assert sorted(reached) == sorted([*(person.email for person in people)] * 2)
