"""Who is in the demo. People and practices are invented; the calendars are the sandbox's."""

from dataclasses import dataclass

from practices.models import Role

PASSWORD = "treffa-im-versuch"  # noqa: S105 - a demo's sign-in, printed on the banner
OPERATOR = ("betrieb@treffa.example", "Olga Betrieb")

# The manager of a practice in which nothing is set up yet, and that practice with its sender of texts.
NEWCOMER = ("neu@treffa.example", "Nina Neuland")
NEW_PRACTICE = ("Praxis Neuland", "+4915235000009")


@dataclass(frozen=True, kw_only=True)
class DemoPractice:
    """A practice with its pack, its calendars (keys of the sandbox) and its people (e-mail, name, role)."""

    name: str
    sender_name: str
    address: str
    phone: str
    sms_sender: str
    pack: str
    calendars: tuple[str, ...]
    people: tuple[tuple[str, str, Role], ...]


PETRA = ("petra@treffa.example", "Petra Erdmuster")

PRACTICES = (
    DemoPractice(
        name="Radiologie am Sonnenbogen",
        sender_name="Praxis am Sonnenbogen",
        address="Lindenallee 7, 12345 Musterstadt",
        phone="+493023125400",
        sms_sender="+4915235000001",
        pack="radiology",
        calendars=("radiologie-ct-1", "radiologie-mrt-1", "radiologie-mrt-2"),
        people=(
            (*PETRA, Role.STAFF),
            ("ines@treffa.example", "Ines Leitner", Role.MANAGER),
            ("dr.fiktiv@treffa.example", "Dr. Felix Fiktiv", Role.PHYSICIAN),
            ("gast@treffa.example", "Gesine Gast", Role.VIEWER),
        ),
    ),
    DemoPractice(
        name="Gastropraxis Musterbrücke",
        sender_name="Praxis Musterbrücke",
        address="Brückenweg 3, 12345 Musterstadt",
        phone="+493023125401",
        sms_sender="+4915235000002",
        pack="gastroenterology",
        calendars=("gastro-koloskopie", "gastro-gastroskopie"),
        people=(("ute@treffa.example", "Ute Vorzimmer", Role.MANAGER),),
    ),
    DemoPractice(
        name="Kardiologie im Beispielhof",
        sender_name="Praxis im Beispielhof",
        address="Beispielhof 11, 12345 Musterstadt",
        phone="+493023125402",
        sms_sender="+4915235000003",
        pack="cardiology",
        calendars=("kardio-szintigrafie", "kardio-ct"),
        people=((*PETRA, Role.MANAGER), ("dr.vorlage@treffa.example", "Dr. Vera Vorlage", Role.PHYSICIAN)),
    ),
)
