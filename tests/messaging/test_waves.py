"""Many messages at once: calls side by side, one transaction for what became of them, and nothing twice."""

from datetime import timedelta

import pytest

from messaging.models import Attempt, ChannelPause, Message
from messaging.operations import claiming, finishing, results
from messaging.providers.twilio.http import AT_ONCE
from practices import tenancy
from practices.models import RecordEntry
from tests.factories import NOW
from tests.messaging.conftest import SOON, House
from treffa.sandbox import Sandbox

MANY = AT_ONCE + 4


class Killed(BaseException):
    """SIGKILL, as far as the code can tell: nothing after it runs."""


@pytest.fixture
def many(house: House) -> House:
    for number in range(MANY):
        house.case(patient__phone=f"+491525459{number:04}")
    house.queue()
    return house


def test_a_batch_is_accepted_in_full_with_an_attempt_and_an_entry_each(many: House, sandbox: Sandbox) -> None:
    many.deliver()
    assert {state for _, _, state in many.states()} == {"accepted"}
    sent = {text.sid: text.to for text in sandbox.twilio.messages()}
    assert sent == {message.provider_id: message.address for message in many.messages()}
    with tenancy.scope(many.practice.pk):
        assert Attempt.objects.filter(outcome="accepted", finished_at=NOW).count() == MANY
        assert RecordEntry.objects.filter(event="message.accepted").count() == MANY


def test_too_many_requests_in_mid_batch_send_back_what_was_never_called_and_count_once(
    many: House, sandbox: Sandbox
) -> None:
    sandbox.twilio.faults.set("reject", status=429)
    many.deliver()
    assert {state for _, _, state in many.states()} == {"queued"} and not sandbox.twilio.messages()
    assert sorted({message.attempts for message in many.messages()}) == [0, 1]
    with tenancy.scope(many.practice.pk):
        assert Attempt.objects.filter(outcome="rejected").count() == AT_ONCE
        pause = ChannelPause.objects.get()
    assert pause.failures == 1 and pause.until == NOW + timedelta(minutes=1)


def test_a_kill_in_mid_batch_leaves_in_doubt_what_was_not_written_down_and_nothing_comes_twice(
    many: House, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, waves = finishing._accept, []

    def die_at_the_second(*args: object, **kwargs: object) -> None:
        waves.append(args)
        if len(waves) == 2:
            raise Killed
        accept(*args, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(finishing, "_accept", die_at_the_second)
        many.deliver()
    states = [state for _, _, state in many.states()]
    assert states.count("accepted") == AT_ONCE and states.count("sending") == MANY - AT_ONCE
    many.deliver(at=NOW + claiming.LEASE)
    many.deliver(at=SOON)
    assert {state for _, _, state in many.states()} <= {"accepted", "delivered"}
    assert len(sandbox.twilio.messages()) == MANY == len({text.to for text in sandbox.twilio.messages()})


def test_what_is_finished_late_changes_nothing_that_somebody_else_holds(
    many: House, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the calls of a wave run, one message is delivered by a report and one is taken over."""
    finish, seen = finishing.finish, []

    def overtaken(done: list[tuple[claiming.Job, object]], **at: object) -> None:
        if done and not seen:
            seen.extend(job.message.pk for job, _ in done[:2])
            Message.objects.filter(pk=seen[0]).update(state="delivered", due_at=None)
            Message.objects.filter(pk=seen[1]).update(state="unknown", due_at=None, problem="lease_ran_out")
        finish(done, **at)  # type: ignore[arg-type]

    monkeypatch.setattr(finishing, "finish", overtaken)
    many.deliver()
    states = {message.pk: message.state for message in many.messages()}
    assert (states[seen[0]], states[seen[1]]) == ("delivered", "unknown")
    with tenancy.scope(many.practice.pk):
        assert RecordEntry.objects.filter(event="message.accepted").count() == MANY - 2
        assert not Attempt.objects.filter(outcome=results.UNDELIVERED).exists()


def test_statements_do_not_grow_with_the_messages_of_a_wave(
    house: House, sandbox: Sandbox, django_assert_max_num_queries: object
) -> None:
    for number in range(AT_ONCE):
        house.case(patient__phone=f"+491525459{number:04}")
    house.queue()
    with django_assert_max_num_queries(60):  # type: ignore[operator]
        house.deliver()
