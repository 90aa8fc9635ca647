"""No more messages: by the link in every mail, by one click in the mail programme, on the patient's page."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from messaging.models import Suppression
from practices import tenancy
from tests.factories import NOW
from tests.messaging.conftest import House
from tests.treffa.patients import Phone
from treffa.sandbox import Sandbox

ONE_CLICK = "List-Unsubscribe=One-Click"


def mailed(house: House, sandbox: Sandbox) -> Any:
    house.case(patient__phone="")
    house.say()
    (mail,) = sandbox.mail.mails()
    return mail


def path_in(mail: Any) -> str:
    found = re.fullmatch(r"<(.+)>", mail.headers["List-Unsubscribe"].strip())
    assert found is not None
    return urlsplit(found[1]).path


def suppressed(house: House) -> set[tuple[str, str]]:
    with tenancy.scope(house.practice.pk):
        return set(Suppression.objects.values_list("channel", "reason"))


def test_every_mail_names_its_end_in_the_text_the_page_and_the_header(house: House, sandbox: Sandbox) -> None:
    mail = mailed(house, sandbox)
    assert mail.headers["List-Unsubscribe-Post"] == ONE_CLICK
    assert path_in(mail) in mail.text and path_in(mail) in mail.html
    assert "probefeld" not in path_in(mail)


def test_one_click_ends_mails_and_doing_it_twice_changes_nothing(house: House, sandbox: Sandbox) -> None:
    path = path_in(mailed(house, sandbox))
    client = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = client.post(path, ONE_CLICK, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200
    assert suppressed(house) == {("email", "opt_out_link")}


def test_looking_at_the_page_changes_nothing(house: House, sandbox: Sandbox) -> None:
    path = path_in(mailed(house, sandbox))
    page = Client().get(path)
    assert "Praxis am Sonnenbogen" in page.content.decode() and page["Cache-Control"] == "no-store"
    assert suppressed(house) == set()


@pytest.mark.parametrize("token", ["x", "1.1~forged", "1.1", "-" * 900, "%00"])
def test_a_forged_address_is_as_good_as_none(db: None, token: str) -> None:
    assert Client().post(f"/u/{token}").status_code == 404


def test_on_the_page_the_patient_ends_all_and_begins_again(house: House, sandbox: Sandbox) -> None:
    case = house.case()
    phone = Phone(case=case, practice=house.practice)
    phone.identify()
    assert suppressed(house) == set()
    phone.send("/p/messages/", messages="off")
    assert {channel for channel, _ in suppressed(house)} == {"sms", "whatsapp", "email"}
    house.look_again(case, at=NOW)
    house.say()
    assert not sandbox.twilio.messages() and not sandbox.mail.mails()
    assert house.reload(case).escalation_due_at == NOW, "there is something to say and no way to say it"
    phone.send("/p/messages/", messages="on")
    assert suppressed(house) == set()


def test_the_page_is_closed_to_whoever_has_not_told_the_date_of_birth(house: House, sandbox: Sandbox) -> None:
    phone = Phone(case=house.case(), practice=house.practice)
    phone.tap_link()
    phone.send("/p/messages/", messages="off")
    assert suppressed(house) == set()
