"""Sent once: claims, kills, refusals, silence, and what the provider's books say afterwards."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from time import sleep

import pytest
from django.db import connection

from appointments.models import Appointment, Patient
from messaging import operations, queries, told
from messaging.models import Attempt, Message, Suppression
from messaging.operations import claiming, delivery
from messaging.operations.jobs import Job
from practices import record, tenancy
from practices.models import RecordEntry
from prerequisites.models import Case, Requirement
from tests.factories import NOW
from tests.messaging.conftest import SOON, House, in_another_transaction, own_connection
from treffa.sandbox import Sandbox

MINUTE = timedelta(minutes=1)


def test_a_patient_with_something_missing_gets_one_text_with_a_link_and_a_deadline(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case()
    house.say()
    house.say()
    (text,) = sandbox.twilio.messages()
    assert text.to == "+4915254599371" and text.sender == "+4915235000001"
    assert "http://127.0.0.1:9/t/" in text.body and "Montag, 9. März, 10:00 Uhr" in text.body
    assert house.states() == [("request", "sms", "accepted")]
    (message,) = house.messages()
    assert text.status_callback.endswith(f"/hooks/twilio/{message.attempt_id}/")
    assert message.provider_id == text.sid
    assert NOW < house.reload(case).requests_due_at < NOW + timedelta(days=7)


def test_a_patient_without_a_phone_gets_a_mail(house: House, sandbox: Sandbox) -> None:
    house.case(patient__phone="")
    house.say()
    (mail,) = sandbox.mail.mails()
    assert mail.to == "o.probefeld@post.example" and "Praxis am Sonnenbogen" in mail.headers["From"]
    assert len(mail.links) == 2 and mail.links[0] in mail.text and mail.links[0] in mail.html
    (message,) = house.messages()
    assert str(message.attempt_id) in mail.headers["Message-ID"]
    assert message.state == "accepted"


def test_a_message_that_is_delivered_by_many_at_once_is_sent_once(house: House, sandbox: Sandbox) -> None:
    for _ in range(12):
        house.case()
    house.queue()

    def work() -> None:
        house.deliver()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sandbox.twilio.messages()) == 12
    assert {state for _, _, state in house.states()} == {"accepted"}


def test_a_request_that_is_queued_by_many_at_once_is_written_once(house: House, sandbox: Sandbox) -> None:
    for _ in range(5):
        house.case()

    def work() -> None:
        house.queue()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(house.messages()) == 5


class Killed(BaseException):
    """SIGKILL, as far as the code can tell: nothing after it runs."""


def test_a_worker_killed_after_the_call_leaves_it_unknown_and_the_books_settle_it(
    house: House, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.case()
    house.queue()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("messaging.operations.finishing.finish", _die_after)
        house.deliver()
    assert house.states() == [("request", "sms", "sending")]
    house.deliver(at=NOW + claiming.LEASE)
    assert len(sandbox.twilio.messages()) == 1
    (message,) = house.messages()
    assert message.state in ("accepted", "delivered") and message.provider_id


def test_a_worker_killed_before_the_call_is_sent_again_only_once_it_is_proven_absent(
    house: House, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.case()
    house.queue()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("messaging.operations.delivery._call", _die)
        house.deliver()
    house.deliver(at=NOW + claiming.LEASE)
    assert house.states() == [("request", "sms", "unknown")] and not sandbox.twilio.messages()
    house.deliver(at=SOON)
    assert house.states() == [("request", "sms", "accepted")] and len(sandbox.twilio.messages()) == 1


@pytest.mark.usefixtures("one_at_a_time")
def test_a_claim_that_was_lost_while_the_batch_went_on_is_not_sent_by_its_first_holder(
    house: House, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.case(), house.case()
    house.queue()
    call, calls = delivery._call, []

    def slow(job: Job) -> object:
        """While the first call hangs, another worker takes the second message over and sends it."""
        calls.append(job)
        if len(calls) == 1:
            with tenancy.scope(house.practice.pk):
                Message.objects.exclude(pk=job.message.pk).update(state="queued", due_at=NOW)
            house.deliver()
        return call(job)

    monkeypatch.setattr(delivery, "_call", slow)
    house.deliver()
    assert len(sandbox.twilio.messages()) == 2 and len(calls) == 2


def test_what_a_slow_batch_did_not_come_to_goes_back_to_the_queue(
    house: House, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.case()
    house.queue()
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "CALLS_BEGIN_WITHIN_S", -1.0)
        patch.setattr(delivery, "ROUND_S", 0.05)
        house.deliver()
    assert house.states() == [("request", "sms", "queued")] and not sandbox.twilio.messages()
    house.deliver()
    assert house.states() == [("request", "sms", "accepted")]


def _die(*args: object, **kwargs: object) -> None:
    raise Killed


def _die_after(done: object, **kwargs: object) -> None:
    if done:
        raise Killed


@pytest.mark.parametrize("kind", ["hang", "reset"])
def test_an_answer_that_never_comes_is_looked_up_and_not_sent_again(
    house: House, sandbox: Sandbox, kind: str
) -> None:
    house.case()
    sandbox.twilio.faults.set(kind, count=1, seconds=4)
    house.say()
    house.deliver(at=SOON)
    assert len(sandbox.twilio.messages()) == 1
    assert house.messages()[0].state in ("accepted", "delivered")


@pytest.mark.parametrize("kind", ["hang", "reset"])
def test_a_request_that_was_lost_on_the_way_is_sent_again_once_proven_absent(
    house: House, sandbox: Sandbox, kind: str
) -> None:
    house.case()
    sandbox.twilio.faults.set(kind, count=1, seconds=4, stored=False)
    house.say()
    assert house.states() == [("request", "sms", "unknown")]
    house.deliver(at=SOON)
    assert house.states() == [("request", "sms", "accepted")] and len(sandbox.twilio.messages()) == 1


def test_unknown_stays_unknown_while_the_books_can_not_be_read(house: House, sandbox: Sandbox) -> None:
    house.case()
    sandbox.twilio.faults.set("reset", count=1, stored=False)
    sandbox.twilio.faults.set("reject", status=500, at="list")
    house.say()
    house.deliver(at=SOON)
    assert house.states() == [("request", "sms", "unknown")] and not sandbox.twilio.messages()
    house.deliver(at=NOW + timedelta(hours=25))
    (message,) = house.messages()
    assert message.due_at is None


def test_too_many_requests_are_tried_again_later(house: House, sandbox: Sandbox) -> None:
    house.case()
    sandbox.twilio.faults.set("reject", count=1, status=429)
    house.say()
    (message,) = house.messages()
    assert message.state == "queued" and message.problem == "20429" and message.due_at == NOW + MINUTE
    house.deliver(at=NOW + MINUTE)
    assert house.states() == [("request", "sms", "accepted")]


def test_a_provider_that_can_not_be_reached_is_tried_again(
    house: House, sandbox: Sandbox, settings: object
) -> None:
    house.case()
    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    house.say()
    (message,) = house.messages()
    assert message.state == "queued" and message.problem == "unreachable"


def test_a_server_error_is_taken_for_unknown_and_looked_up(house: House, sandbox: Sandbox) -> None:
    house.case()
    sandbox.twilio.faults.set("reject", count=1, status=500)
    house.say()
    assert house.states() == [("request", "sms", "unknown")]
    house.deliver(at=SOON)
    assert house.states() == [("request", "sms", "accepted")]


def test_a_number_that_is_none_falls_to_mail_once_and_is_not_tried_again(
    house: House, sandbox: Sandbox
) -> None:
    case = house.case(patient__phone="+4915200099901")
    house.say()
    house.deliver()
    assert house.states() == [("request", "sms", "failed"), ("request", "email", "accepted")]
    assert len(sandbox.mail.mails()) == 1
    with tenancy.scope(house.practice.pk):
        assert Suppression.objects.get().reason == "21211"
    assert house.reload(case).escalation_due_at == NOW


def test_a_failure_without_another_channel_calls_staff(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(channels=["sms"])
    case = house.case(patient__phone="+4915200099901")
    house.say()
    assert house.states() == [("request", "sms", "failed")]
    assert house.reload(case).escalation_due_at == NOW


def test_a_corrected_number_is_written_to(make_house: Callable[..., House], sandbox: Sandbox) -> None:
    house = make_house(channels=["sms"])
    case = house.case(patient__phone="+4915200099901")
    house.say()
    house.change(Patient, case.appointment.patient_id, phone="+4915254599372")
    house.look_again(case, at=NOW + MINUTE)
    house.say(at=NOW + MINUTE)
    assert house.states() == [("request", "sms", "failed"), ("request", "sms", "accepted")]


@pytest.mark.parametrize(
    ("kind", "state"), [("refuse", "failed"), ("temporary", "queued"), ("disconnect", "unknown")]
)
def test_what_the_mail_server_says_decides(
    make_house: Callable[..., House], sandbox: Sandbox, kind: str, state: str
) -> None:
    house = make_house(channels=["email"])
    case = house.case()
    sandbox.mail.faults.set(kind, count=1)
    house.say()
    assert house.states() == [("request", "email", state)]
    if state == "unknown":
        assert house.messages()[0].due_at is None
        assert house.reload(case).escalation_due_at == NOW


def test_a_mail_server_that_hangs_after_the_mail_leaves_it_unknown_and_sends_nothing_again(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(channels=["email"])
    house.case()
    sandbox.mail.faults.set("hang", count=1, seconds=4)
    house.say()
    house.deliver(at=SOON)
    assert house.states() == [("request", "email", "unknown")] and len(sandbox.mail.mails()) == 1


def test_what_is_no_longer_right_when_it_is_claimed_is_not_sent(house: House, sandbox: Sandbox) -> None:
    cancelled, complete, changed = house.case(), house.case(), house.case()
    house.queue()
    house.change(Appointment, cancelled.appointment_id, status="cancelled")
    with tenancy.scope(house.practice.pk):
        Requirement.objects.filter(case=complete).update(state="accepted")
    house.change(Patient, changed.appointment.patient_id, phone="+4915254599373")
    house.deliver()
    assert not sandbox.twilio.messages()
    assert [message.problem for message in house.messages()] == [
        "appointment_cancelled",
        "complete",
        "address_changed",
    ]
    house.say(at=NOW + MINUTE)
    assert [text.to for text in sandbox.twilio.messages()] == ["+4915254599373"]


def test_a_cancellation_between_claim_and_call_stops_the_message(
    house: House, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.case()
    house.queue()
    claim = claiming.claim

    def claim_then_cancel(**at: datetime) -> object:
        claimed = claim(**at)
        in_another_transaction(lambda: house.change(Appointment, case.appointment_id, status="cancelled"))
        return claimed

    monkeypatch.setattr(claiming, "claim", claim_then_cancel)
    house.deliver()
    house.say(at=NOW + MINUTE)
    assert not sandbox.twilio.messages()
    assert house.states() == [("request", "sms", "cancelled")]


def test_a_case_that_is_set_aside_between_claim_and_call_is_not_written_about(
    house: House, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.case()
    house.queue()
    claim, resting = claiming.claim, []

    def claim_then_take_the_type_back(**at: datetime) -> object:
        claimed = claim(**at)
        if not resting:
            resting.append(case.pk)
            in_another_transaction(lambda: house.change(Case, case.pk, closed_at=NOW, readiness="closed"))
        return claimed

    monkeypatch.setattr(claiming, "claim", claim_then_take_the_type_back)
    house.deliver()
    assert not sandbox.twilio.messages()


@pytest.mark.usefixtures("one_at_a_time")
def test_what_happens_during_a_call_stops_the_next_one(
    house: House, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled, moved, another number, opted out: while the first of five is handed over."""
    _first, cancelled, moved, changed, _ = [
        house.case(patient__phone=f"+491525459937{number}") for number in range(5)
    ]
    house.queue()
    call, calls = delivery._call, []

    def slow(job: Job) -> object:
        calls.append(job)
        if len(calls) == 1:
            house.change(Appointment, cancelled.appointment_id, status="cancelled")
            house.change(Appointment, moved.appointment_id, start=NOW + timedelta(days=12))
            house.change(Patient, changed.appointment.patient_id, phone="+4915254599379")
            with tenancy.scope(house.practice.pk):
                stop = {"channel": "sms", "address": "+4915254599374", "reason": "stop", "at": NOW}
                Suppression.objects.create(practice=house.practice, **stop)
        return call(job)

    monkeypatch.setattr(delivery, "_call", slow)
    house.deliver()
    assert [text.to for text in sandbox.twilio.messages()] == ["+4915254599370"]
    problems = [message.problem for message in house.messages()]
    assert problems[1:] == ["appointment_cancelled", "appointment_moved", "address_changed", "suppressed"]
    assert all(message.attempts == 0 for message in house.messages()[1:])


def test_a_patient_is_told_of_the_cancellation_that_raced_the_message_and_hears_nothing_more(
    house: House, sandbox: Sandbox
) -> None:
    """Whoever wins: either nothing went out at all, or what went out is called off, last and once."""
    for number in range(12):
        case = house.case(patient__phone=f"+49152545993{number:02}")
        house.queue()

        def cancel(case: Case = case, pause: float = number / 600) -> None:
            sleep(pause)
            house.change(Appointment, case.appointment_id, status="cancelled")
            house.look_again(case, at=NOW)
            house.queue()

        with ThreadPoolExecutor(2) as pool:
            for act in [pool.submit(own_connection, house.deliver), pool.submit(own_connection, cancel)]:
                act.result()
        house.look_again(case, at=NOW + MINUTE)
        house.say(at=NOW + MINUTE)
        with tenancy.scope(house.practice.pk):
            gone_out = Message.objects.filter(case=case).exclude(state="cancelled").order_by("id")
            said = list(gone_out.values_list("occasion", "state"))
        assert said in ([], [("request", "accepted"), ("cancelled", "accepted")]), number


def test_an_address_that_opted_out_after_queueing_is_not_written_to(house: House, sandbox: Sandbox) -> None:
    house.case()
    house.queue()
    with tenancy.scope(house.practice.pk):
        Suppression.objects.create(
            practice=house.practice, channel="sms", address="+4915254599371", reason="stop", at=NOW
        )
    house.deliver()
    assert not sandbox.twilio.messages()
    house.say(at=NOW + MINUTE)
    assert house.states() == [("request", "sms", "suppressed"), ("request", "email", "accepted")]


def test_nothing_goes_out_in_the_quiet_hours(make_house: Callable[..., House], sandbox: Sandbox) -> None:
    house = make_house(quiet_from=time(20), quiet_until=time(8))
    house.case()
    evening = datetime.combine(date(2026, 3, 2), time(20, 30), NOW.tzinfo)
    house.say(at=evening)
    assert not sandbox.twilio.messages()
    house.deliver(at=evening + timedelta(hours=10, minutes=29))
    assert not sandbox.twilio.messages()
    house.deliver(at=evening + timedelta(hours=10, minutes=30))
    assert len(sandbox.twilio.messages()) == 1


def test_a_practice_that_does_not_send_is_looked_at_hourly(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(sending=False)
    case = house.case()
    house.say()
    assert house.messages() == []
    assert house.reload(case).requests_due_at == NOW + timedelta(hours=1)


def test_the_record_holds_the_wording_for_the_patients_key_only(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    house.say()
    with tenancy.scope(house.practice.pk):
        entries = list(
            RecordEntry.objects.filter(case_id=case.pk, event__startswith="message.").order_by("id")
        )
        assert [entry.event for entry in entries] == ["message.queued", "message.accepted"]
        words = record.personal(entries[0], key=case.appointment.patient.key())
        (message,) = told.messages_of_case(case.pk)
        assert words["text"] == queries.wording(message).text and "{link}" in words["text"]
        assert entries[0].data["version"] == message.wording_version


def test_logs_hold_nothing_personal(house: House, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    house.case()
    house.case(patient__phone="+4915200099901")
    sandbox.twilio.faults.set("reset", count=1, stored=False)
    house.say()
    house.deliver(at=SOON)
    ours = "\n".join(
        line.getMessage() for line in caplog.records if line.name != "mail.log"
    )  # the mail server's own
    for secret in ("4915254599371", "99901", "Probefeld", "post.example", "/t/", "Termin"):
        assert secret not in ours


def test_a_second_practice_is_untouched(make_house: Callable[..., House], sandbox: Sandbox) -> None:
    one, other = make_house(), make_house()
    one.case(), other.case()
    one.say()
    assert len(one.messages()) == 1 and other.messages() == []
    assert list(queries.practices_with_due_requests(NOW)) == [other.practice.pk]
    other.queue()
    assert list(queries.practices_with_due_messages(NOW)) == [other.practice.pk]


def test_a_notice_to_staff_goes_out_once_whatever_the_hour(
    make_house: Callable[..., House], sandbox: Sandbox
) -> None:
    house = make_house(quiet_from=time(0), quiet_until=time(23))
    case = house.case(requests_due_at=None)
    with tenancy.scope(house.practice.pk):
        for _ in range(2):
            operations.queue_staff_notice(
                address="a@praxis.example",
                language="de",
                subject="Termin",
                text="Bitte ansehen.",
                dedupe_key="1:2:3",
                case_id=case.pk,
                now=NOW,
            )
    house.deliver()
    (mail,) = sandbox.mail.mails()
    assert mail.to == "a@praxis.example" and mail.text.strip() == "Bitte ansehen."
    with tenancy.scope(house.practice.pk):
        assert Attempt.objects.get().outcome == "accepted"
        assert Message.objects.get().state == "accepted"
        assert Case.objects.get(pk=case.pk).requests_due_at is None
