"""Events of calendars in four languages, as practices and booking systems write them, and what they say. All invented."""

from dataclasses import dataclass, field
from datetime import date

from appointments.ical import Attendee
from appointments.matching import Kind, Rules, SummaryMode, TypeWords

KNEE, HEAD, BELLY, COLO, FIRST, AGAIN, CHEST = range(1, 8)
TYPES = [
    TypeWords(KNEE, "MRT Knie"),
    TypeWords(HEAD, "MRT Kopf"),
    TypeWords(BELLY, "CT Abdomen"),
    TypeWords(COLO, "Koloskopie", ("Vorsorge-Koloskopie",)),
    TypeWords(FIRST, "Erstgespräch", ("Première consultation", "Prima visita", "First visit")),
    TypeWords(AGAIN, "Kontrolle", ("Consultation de suivi", "Visita di controllo", "Follow-up")),
    TypeWords(CHEST, "Röntgen Thorax", ("Radiographie du thorax", "Chest X-ray")),
]


@dataclass(frozen=True)
class Sample:
    """An event, and what must be understood. `name` is "" where nobody is named."""

    summary: str
    description: str = ""
    name: str = ""
    born: date | None = None
    phone: str = ""
    email: str = ""
    type: int | None = None
    kind: Kind = Kind.APPOINTMENT
    practitioner: str = ""
    country: str = "DE"
    location: str = ""
    categories: tuple[str, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    all_day: bool = False
    rules: Rules = field(default_factory=Rules)


def closed(summary: str, **given: object) -> Sample:
    """Time that the practice keeps for itself."""
    return Sample(summary, kind=Kind.ABSENCE, **given)  # type: ignore[arg-type]


B = date(1957, 3, 12)
DE, FR, IT, CH, GB = "+4915123456789", "+33612345678", "+393471234567", "+41791234567", "+447400123456"
PSEUDONYM = Rules(summary=SummaryMode.PSEUDONYM)
NAME = Rules(summary=SummaryMode.NAME)
TYPE = Rules(summary=SummaryMode.TYPE)
WEBER = Rules(practitioner="Dr. Eva Weber")

DOCTOLIB = [
    Sample("SCHMIDT Anna - MRT Knie", name="Anna SCHMIDT", type=KNEE),
    Sample("Schmidt, Anna (12.03.1957) - MRT Knie", name="Anna Schmidt", born=B, type=KNEE),
    Sample("Schmidt Anna, *12.03.1957, MRT Knie", name="Schmidt Anna", born=B, type=KNEE),
    Sample("Frau Anna Schmidt | MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Fr. Schmidt - MRT Knie", name="Schmidt", type=KNEE),
    Sample("Hr. Dr. Probefeld - Kontrolle", name="Dr. Probefeld", type=AGAIN),
    Sample("MRT Knie – Anna Schmidt – Dr. Eva Weber", name="Anna Schmidt", type=KNEE),
    Sample("Dr. Eva Weber - Schmidt, Anna - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Dr. Weber: MRT Knie: Schmidt, Anna", name="Anna Schmidt", type=KNEE, rules=WEBER, practitioner="Dr. Eva Weber"),
    Sample("Neupatient: Schmidt, Anna - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("[Neu] Schmidt, Anna - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna - MRT Knie (Neupatient)", name="Anna Schmidt", type=KNEE),
    Sample("✅ Schmidt, Anna - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("📞 Schmidt, Anna – MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt,\u00a0Anna\u00a0-\u00a0MRT\u00a0Knie", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna\t-\tMRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("\u200eSchmidt, Anna\u200f - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna -MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna- MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna; MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("MRT Knie (Schmidt, Anna)", name="Anna Schmidt", type=KNEE),
    Sample("MRT Knie, Schmidt, Anna", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna, MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("09:30 Schmidt, Anna - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna (w, 67 J.) - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna - MRT Knie - 0151 23456789", name="Anna Schmidt", type=KNEE, phone=DE),
    Sample("Schmidt, Anna - MRT Knie - anna@example.org", name="Anna Schmidt", type=KNEE, email="anna@example.org"),
    Sample("MARTIN Claire - Première consultation", name="Claire MARTIN", type=FIRST, country="FR"),
    Sample("Mme MARTIN Claire - Consultation de suivi", name="Claire MARTIN", type=AGAIN, country="FR"),
    Sample("M. DUPONT Jean-Pierre – Radiographie du thorax", name="Jean-Pierre DUPONT", type=CHEST, country="FR"),
    Sample("Consultation de suivi : Jean Dupont", name="Jean Dupont", type=AGAIN, country="FR"),
    Sample("ROSSI Giulia - Prima visita", name="Giulia ROSSI", type=FIRST, country="IT"),
    Sample("Sig.ra Rossi Giulia - Visita di controllo", name="Rossi Giulia", type=AGAIN, country="IT"),
    Sample("Mr John Doe - Follow-up", name="John Doe", type=AGAIN, country="GB"),
    Sample("Doe, John - Chest X-ray", name="John Doe", type=CHEST, country="GB"),
]  # fmt: skip

NAMES = [
    Sample("von der Heide, Klaus - MRT Knie", name="Klaus von der Heide", type=KNEE),
    Sample("Klaus von der Heide - Stoßwelle", name="Klaus von der Heide"),
    Sample("VON DER HEIDE Klaus - MRT Knie", name="Klaus VON DER HEIDE", type=KNEE),
    Sample("Freiherr von Muster, Otto - MRT Knie", name="Otto Freiherr von Muster", type=KNEE),
    Sample("zu Probefeld, Ida - MRT Knie", name="Ida zu Probefeld", type=KNEE),
    Sample("Schmidt-Müller, Anna-Lena - MRT Knie", name="Anna-Lena Schmidt-Müller", type=KNEE),
    Sample("Schmidt geb. Müller, Anna - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna (geb. Müller) - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Anna Schmidt geb. Müller, geb. 12.03.1957 - MRT Knie", name="Anna Schmidt", born=B, type=KNEE),
    Sample("Claire Martin née Dupont - Consultation de suivi", name="Claire Martin", type=AGAIN, country="FR"),
    Sample("MARTIN (née DUPONT) Claire - Consultation de suivi", name="Claire MARTIN", type=AGAIN, country="FR"),
    Sample("Rossi nata Bianchi, Giulia - Prima visita", name="Giulia Rossi", type=FIRST, country="IT"),
    Sample("d'Angelo, Marco - Prima visita", name="Marco d'Angelo", type=FIRST, country="IT"),
    Sample("Marco d'Angelo - Infiltrazione", name="Marco d'Angelo", country="IT"),
    Sample("Dell'Acqua, Sara - Prima visita", name="Sara Dell'Acqua", type=FIRST, country="IT"),
    Sample("De Luca Maria - Infiltrazione", name="De Luca Maria", country="IT"),
    Sample("O’Neill, Sean - Follow-up", name="Sean O’Neill", type=AGAIN, country="GB"),
    Sample("van den Berg, Jan - MRT Kopf", name="Jan van den Berg", type=HEAD),
    Sample("Prof. Dr. med. Schmidt, Anna - MRT Knie", name="Prof. Dr. med. Anna Schmidt", type=KNEE),
    Sample("Prof. Dr. med. Anna Schmidt - Stoßwelle", name="Prof. Dr. med. Anna Schmidt"),
    Sample("Dipl.-Ing. Otto Probefeld - MRT Knie", name="Dipl.-Ing. Otto Probefeld", type=KNEE),
    Sample("Schmidt, A. - MRT Knie", name="A. Schmidt", type=KNEE),
    Sample("A. Schmidt - MRT Knie", name="A. Schmidt", type=KNEE),
    Sample("schmidt, anna - mrt knie", name="anna schmidt", type=KNEE),
    Sample("schmidt, anna - stoßwelle", name="anna schmidt"),
    Sample("SCHMIDT, ANNA - MRT KNIE", name="ANNA SCHMIDT", type=KNEE),
    Sample("Yıldız, İbrahim - MRT Knie", name="İbrahim Yıldız", type=KNEE),
    Sample("Nguyễn Thị Minh - MRT Knie", name="Nguyễn Thị Minh", type=KNEE),
    Sample("محمد علي - MRT Knie", name="محمد علي", type=KNEE),
    Sample("Шмидт, Анна - MRT Knie", name="Анна Шмидт", type=KNEE),
    Sample("Schmidt, Anna", "Termin: Stoßwelle", name="Anna Schmidt"),
    Sample("Kopf, Anna - MRT Knie", name="Anna Kopf", type=KNEE),
    Sample("Bauch, Otto", "Untersuchung: CT Abdomen", name="Otto Bauch", type=BELLY),
    Sample("Kind Max Muster - Kontrolle", name="Max Muster", type=AGAIN),
    Sample("Schmidt, Anna /MRT Knie/", name="Anna Schmidt", type=KNEE),
    Sample("MRT Knie - Schmidt, Anna - Kasse", name="Anna Schmidt", type=KNEE),
    Sample("Kasse - Schmidt, Anna - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("MRT1 - Schmidt, Anna - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("CT2 Schmidt, Anna - CT Abdomen", name="Anna Schmidt", type=BELLY),
    Sample("Raum 2 - Schmidt, Anna - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna (Video) - Kontrolle", name="Anna Schmidt", type=AGAIN),
]  # fmt: skip

# cal.com: What/When/Who/Where in blocks, the SUMMARY "type between host and guest".
CAL_COM = [
    Sample(
        "Erstgespräch zwischen Eva Weber und Anna Schmidt",
        "Was:\nErstgespräch zwischen Eva Weber und Anna Schmidt\n\nWann:\nMittwoch, 8. Juli 2026\n\nWer:\nEva Weber - Organisator\n"
        "weber@example.org\nAnna Schmidt\nanna@example.org\n\nWo:\nPraxis",
        name="Anna Schmidt", email="anna@example.org", type=FIRST,
        rules=Rules(practitioner="Eva Weber", own_contacts=frozenset({"weber@example.org"})), practitioner="Eva Weber",
    ),
    Sample(
        "First visit between Eva Weber and John Doe",
        "What:\nFirst visit between Eva Weber and John Doe\n\nWhen:\nWednesday, July 8, 2026\n\nWho:\nEva Weber - Organizer\n"
        "weber@example.org\nJohn Doe\njohn@example.org\n\nWhere:\nClinic",
        name="John Doe", email="john@example.org", type=FIRST, country="GB",
        rules=Rules(practitioner="Eva Weber", own_contacts=frozenset({"weber@example.org"})), practitioner="Eva Weber",
    ),
    Sample(
        "First visit", "Who: John Doe\nWhat: First visit", name="John Doe", type=FIRST, country="GB",
        attendees=(Attendee("John Doe", "john@example.org"),), email="john@example.org",
    ),
]  # fmt: skip

# Easy!Appointments: name, e-mail, phone as localised lines of the DESCRIPTION, the SUMMARY is the service.
EASY = [
    Sample("MRT Knie", "Name: Anna Schmidt\nE-Mail: anna@example.org\nTelefon: 0151 23456789", "Anna Schmidt", None, DE, "anna@example.org", KNEE),
    Sample("MRT Knie", "Anbieter: Eva Weber\nKunde: Anna Schmidt\nTelefon: +49 151 23456789", "Anna Schmidt", None, DE, "", KNEE, practitioner="Eva Weber"),
    Sample("Consultation de suivi", "Prestataire: Eva Weber\nClient: Claire Martin\nTéléphone: 06 12 34 56 78\nE-mail: claire@example.org",
           "Claire Martin", None, FR, "claire@example.org", AGAIN, practitioner="Eva Weber", country="FR"),
    Sample("Visita di controllo", "Operatore: Eva Weber\nCliente: Giulia Rossi\nTelefono: 347 123 4567\nEmail: giulia@example.org",
           "Giulia Rossi", None, IT, "giulia@example.org", AGAIN, practitioner="Eva Weber", country="IT"),
    Sample("Follow-up", "Provider: Eva Weber\nCustomer: John Doe\nPhone: 07400 123456\nEmail: john@example.org",
           "John Doe", None, GB, "john@example.org", AGAIN, practitioner="Eva Weber", country="GB"),
]  # fmt: skip

# rdv-service-public: the SUMMARY is the type only; Canvas: the name only; OptaMed: the name in the SUMMARY; synaptos: a pseudonym.
OTHERS = [
    Sample("MRT Knie", type=KNEE),
    Sample("Consultation de suivi", type=AGAIN, country="FR"),
    Sample("Anna Schmidt", name="Anna Schmidt", rules=NAME),
    Sample("Schmidt, Anna", name="Anna Schmidt"),
    Sample("SCHMIDT ANNA", name="SCHMIDT ANNA"),
    Sample("Schmidt, Anna (MRT Knie)", name="Anna Schmidt", type=KNEE),
    Sample("P-10482", name="P-10482"),
    Sample("P-10482 MRT Knie", name="P-10482", type=KNEE),
    Sample("MRT Knie P-10482", name="P-10482", type=KNEE),
    Sample("#10482 - MRT Knie", name="#10482", type=KNEE),
    Sample("Patient 10482 - MRT Knie", name="10482", type=KNEE),
    Sample("AbX-2231: MRT Knie", name="AbX-2231", type=KNEE, rules=PSEUDONYM),
    Sample("MRT Knie", "Patientennummer: 4711", name="4711", type=KNEE),
    Sample("Knie links", "Patient: Anna Schmidt\nLeistung: MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Rendez-vous", "Patient : Claire MARTIN\nMotif : Consultation de suivi", name="Claire MARTIN", type=AGAIN, country="FR"),
    Sample("Termin", "Patientin: Anna Schmidt\nTerminart: MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Appuntamento", "Paziente: Giulia Rossi\nMotivo: Prima visita", name="Giulia Rossi", type=FIRST, country="IT"),
    Sample("Appointment", "Patient: John Doe\nReason: Follow-up", name="John Doe", type=AGAIN, country="GB"),
]  # fmt: skip

TEXTS = [
    Sample("MRT Knie", "<p><b>Patient:</b> Anna Schmidt</p><p>Tel.: <a href=\"tel:+4915123456789\">0151 23456789</a></p>", "Anna Schmidt", None, DE, "", KNEE),
    Sample("MRT Knie", "<table><tr><td>Patient:</td><td>Anna Schmidt</td></tr><tr><td>Telefon:</td><td>0151 23456789</td></tr></table>",
           "Anna Schmidt", None, DE, "", KNEE),
    Sample("MRT Knie", "<ul><li>Name: Anna Schmidt</li><li>E-Mail: <a href=\"mailto:anna@example.org\">anna@example.org</a></li></ul>",
           "Anna Schmidt", None, "", "anna@example.org", KNEE),
    Sample("MRT Knie", "Patient:&nbsp;M&uuml;ller,&nbsp;J&ouml;rg<br/>Geburtsdatum:&nbsp;12.03.1957", "Jörg Müller", B, "", "", KNEE),
    Sample("MRT Knie", "<p>Patient: Anna &amp; Otto</p>", "Anna & Otto", type=KNEE),
    Sample("MRT Knie", "Patient:\tAnna Schmidt\nGeb.-Dat.:\t12.03.1957\nTel.-Nr.:\t0151/234 567 89", "Anna Schmidt", B, DE, "", KNEE),
    Sample("MRT Knie", "Patient\u00a0: Anna Schmidt\nGeburtsdatum\u00a0: 12.\u00a0März\u00a01957", "Anna Schmidt", B, type=KNEE),
    Sample("MRT Knie", "👤 Patient: Anna Schmidt\n📞 Telefon: 0151 23456789\n✉️ E-Mail: anna@example.org", "Anna Schmidt", None, DE, "anna@example.org", KNEE),
    Sample("MRT Knie", "- Patient: Anna Schmidt\n- Telefon: 0151 23456789", "Anna Schmidt", None, DE, "", KNEE),
    Sample("MRT Knie", "* Patient: Anna Schmidt\n* Geburtsdatum: 12.03.1957", "Anna Schmidt", B, "", "", KNEE),
    Sample("MRT Knie", "**Patient:** Anna Schmidt\n**Geburtsdatum:** 12.03.1957", "Anna Schmidt", B, "", "", KNEE),
    Sample("MRT Knie", "Patient = Anna Schmidt; geb. = 12.03.1957", "Anna Schmidt", B, "", "", KNEE),
    Sample("MRT Knie", "Patient\nAnna Schmidt\n\nGeburtsdatum\n12.03.1957\n\nTelefon\n0151 23456789", "Anna Schmidt", B, DE, "", KNEE),
    Sample("MRT Knie", "Patient:\nAnna Schmidt\nTelefon:\n0151 23456789", "Anna Schmidt", None, DE, "", KNEE),
    Sample("MRT Knie", "PATIENT: SCHMIDT, ANNA, geb. 12.03.1957, Tel. 0151 23456789", "ANNA SCHMIDT", B, DE, "", KNEE),
    Sample("MRT Knie", "Patient: Anna Schmidt (*12.03.1957)", "Anna Schmidt", B, "", "", KNEE),
    Sample("MRT Knie", "Patient: Anna Schmidt, 0151 23456789", "Anna Schmidt", None, DE, "", KNEE),
    Sample("MRT Knie", "Nachname: Schmidt\nVorname: Anna\ngeb. am: 12. März 1957\nRückruf: 0151 23456789", "Anna Schmidt", B, DE, "", KNEE),
    Sample("IRM genou", "Nom de naissance : DUPONT\nNom : MARTIN\nPrénom : Claire\nNée le : 12 mars 1957\nTél. portable : 06.12.34.56.78",
           "Claire MARTIN", B, FR, "", KNEE, country="FR"),
    Sample("IRM genou", "Patient : MARTIN Claire\nDate de naissance : 12/03/1957 (69 ans)\nMobile : +33 6 12 34 56 78", "Claire MARTIN", B, FR, "", KNEE, country="FR"),
    Sample("RM ginocchio", "Cognome e nome: ROSSI Giulia\nData di nascita: 12/03/1957\nCell.: +39 347 1234567", "Giulia ROSSI", B, IT, "", KNEE, country="IT"),
    Sample("RM ginocchio", "Paziente: Giulia Rossi, nata il 12 marzo 1957\nCellulare: 347.1234567", "Giulia Rossi", B, IT, "", KNEE, country="IT"),
    Sample("MRT Knie", "Patientin: Anna Schmidt\nGeburtstag: 12.03.1957\nNatel: 079 123 45 67", "Anna Schmidt", B, CH, "", KNEE, country="CH"),
    Sample("MRT Knie", "Patient: Anna Schmidt\nTel. P: 079/123 45 67", "Anna Schmidt", None, CH, "", KNEE, country="CH"),
    Sample("MRI knee", "Patient name: Jane Doe\nD.O.B.: 12 March 1957\nMobile phone: 07400 123 456", "Jane Doe", B, GB, "", KNEE, country="GB"),
    Sample("MRI knee", "Full name: Jane Doe\nDate of birth: March 12, 1957\nTelephone: +44 7400 123456", "Jane Doe", B, GB, "", KNEE, country="GB"),
    Sample("MRI knee", "Client: Jane Doe\nDOB 12/03/1957", "Jane Doe", B, "", "", KNEE, country="GB"),
    Sample("MRT Knie", location="Praxis, Tel. 0151 23456789", attendees=(Attendee("Anna Schmidt", "anna@example.org"),),
           name="Anna Schmidt", phone=DE, email="anna@example.org", type=KNEE),
    Sample("Schmidt, Anna", categories=("MRT Knie",), name="Anna Schmidt", type=KNEE),
    Sample("Schmidt, Anna", location="MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("MRT Knie", "Patient: Anna Schmidt\nArzt: Dr. Eva Weber", "Anna Schmidt", type=KNEE, practitioner="Dr. Eva Weber"),
    Sample("IRM genou", "Patient : Claire Martin\nPraticien : Dr Eva Weber", "Claire Martin", type=KNEE, practitioner="Dr Eva Weber", country="FR"),
    Sample("RM ginocchio", "Paziente: Giulia Rossi\nMedico: Dott.ssa Eva Weber", "Giulia Rossi", type=KNEE, practitioner="Dott.ssa Eva Weber", country="IT"),
    Sample("MRT Knie", "Überweiser: Dr. Otto Probefeld\nPatient: Anna Schmidt\nTelefon Überweiser: 030 901820", "Anna Schmidt", type=KNEE),
    Sample("MRT Knie", "Patient: Anna Schmidt\nVersicherung: Muster BKK\nBemerkung: kommt mit Rollstuhl", "Anna Schmidt", type=KNEE),
    Sample("MRT Knie", "Notiz: Name: unklar", "", type=KNEE),
]  # fmt: skip

CLOSED = [
    *map(closed, (
        "Urlaub", "Urlaub Dr. Weber", "URLAUB", "🏖️ Urlaub", "Mittagspause", "Mittag", "Pause", "Gesperrt", "gesperrt!", "Blockiert", "Blocker",
        "Praxis geschlossen", "Fortbildung", "Team-Meeting", "Teamsitzung", "Besprechung Team", "Feiertag", "Betriebsausflug", "Wartung MRT",
        "Krankheit Dr. Weber", "frei", "Frei halten", "nicht buchbar", "Keine Termine", "Hausbesuche", "Bürozeit", "Dr. Weber abwesend",
        "Congés", "Congés Dr Weber", "Vacances", "Absent", "Pause déjeuner", "Fermé", "Cabinet fermé", "Indisponible", "Réunion d'équipe",
        "Formation", "Bloqué", "Jour férié", "Créneau bloqué", "Pause midi", "Arrêt maladie", "Pas de rendez-vous",
        "Ferie", "Pausa pranzo", "Chiuso", "Studio chiuso", "Assente", "Riunione", "Corso di aggiornamento", "Non disponibile", "Festivo",
        "Malattia", "Bloccato",
        "Lunch", "Lunch break", "Holiday", "Out of office", "Annual leave", "Sick leave", "Staff meeting", "Bank holiday", "Blocked", "Do not book", "Closed", "Day off",
        "Admin time",
    )),
    closed("Ferien", all_day=True),
    closed("Christi Himmelfahrt", all_day=True),
    closed("Weihnachtsferien Berlin", all_day=True),
    closed("Dr. Weber in Lyon", all_day=True),
]  # fmt: skip

PEOPLE_NOT_CLOSED = [
    Sample("Frei, Anna - MRT Knie", name="Anna Frei", type=KNEE),
    Sample("Anna Frei", name="Anna Frei"),
    Sample("Urlaub, Hans", name="Hans Urlaub"),
    Sample("Frau Mittag", name="Mittag"),
    Sample("Ferien, Otto - Kontrolle", name="Otto Ferien", type=AGAIN),
    Sample("Congé Marie - Consultation de suivi", name="Congé Marie", type=AGAIN, country="FR"),
    Sample("Pausa, Maria - Prima visita", name="Maria Pausa", type=FIRST, country="IT"),
    Sample("Holiday, Billie - Follow-up", name="Billie Holiday", type=AGAIN, country="GB"),
    Sample("Team, Otto", "Tel: 0151 23456789", name="Otto Team", phone=DE),
    Sample("Kontrolle nach Urlaub - Schmidt, Anna", name="Anna Schmidt", type=AGAIN),
    Sample("Schmidt, Anna - Kontrolle (vor Urlaub)", name="Anna Schmidt", type=AGAIN),
    Sample("Schmidt, Anna - Mittag", name="Anna Schmidt"),
    Sample("Schmidt, Anna - MRT Knie", name="Anna Schmidt", type=KNEE, all_day=True),
    Sample("Frau Anna Schmidt", name="Anna Schmidt", all_day=True),
    Sample("Schmidt, Anna", name="Anna Schmidt", all_day=True),
    Sample("MRT Knie", type=KNEE, all_day=True),
    Sample("Privatpatient Schmidt, Anna - MRT Knie", name="Anna Schmidt", type=KNEE),
    Sample("Notfall Schmidt, Anna", name="Anna Schmidt"),
    Sample("FREI Anna", name="Anna FREI"),
    Sample("Frei Anna", name="Frei Anna", rules=NAME),
    *map(Sample, (
        "Krankengymnastik", "Blockade ISG rechts", "Privatsprechstunde", "Trainingstherapie", "Urlaubsimpfung", "Reiseimpfung Urlaub Thailand",
        "MRT Becken vor Urlaub", "Attest, krank seit Montag", "Impfung vor Urlaub", "Urlaub Impfung", "Beratung Urlaub", "Pausenbrot-Test",
        "Bilan avant vacances", "Certificat arrêt maladie", "Vaccination before holiday",
        "Holiday vaccination", "Mittagsblutdruck", "Reservierung MRT", "Freies Intervall EKG",
    )),
    Sample("Visita prima delle ferie", type=FIRST, country="IT"),
    *map(Sample, ("Stoßwelle Schulter", "Infiltration Knie", "Laserentfernung Gesicht", "Blutbild Groß", "Injection Épaule")),
    Sample("Kleine Darmspiegelung", type=COLO),
    Sample("Belegt"),
    Sample("Busy"),
    Sample("Occupé", country="FR"),
    Sample("Anna"),
]  # fmt: skip

ROUND_ABOUT = [
    Sample("Mu\u0308ller, Jo\u0308rg - MRT Knie", name="Jörg Müller", type=KNEE),
    Sample("Schmidt, Anna - MRT Knie mit KM (nüchtern)", name="Anna Schmidt", type=KNEE),
    Sample("MRT Knie mit KM (Schmidt, Anna)", name="Anna Schmidt", type=KNEE),
    Sample("MRT Knie (mit KM)", type=KNEE),
    Sample("Koloskopie (Vorsorge)", type=COLO),
    Sample("Dr. Weber - MRT Knie", type=KNEE, rules=WEBER, practitioner="Dr. Eva Weber"),
    Sample("Dr. Weber - MRT Knie", name="Dr. Weber", type=KNEE),
    Sample("Weber, Eva - MRT Knie", name="Eva Weber", type=KNEE, rules=Rules(practitioner="Dr. Otto Fiktiv"), practitioner="Dr. Otto Fiktiv"),
    Sample("2x MRT Knie", type=KNEE),
    Sample("3D-Mammographie"),
    Sample("I-131 Therapie"),
    Sample("Raum 3 - MRT Knie", type=KNEE),
    Sample("MRT1 - MRT Knie", type=KNEE),
    Sample("Schmidt, Anna - Kontrolle 03.12.2024", name="Anna Schmidt", type=AGAIN),
    Sample("MRT Knie\nSchmidt, Anna\ngeb. 12.03.1957\n0151 23456789", name="Anna Schmidt", born=B, phone=DE, type=KNEE),
    Sample("Erstgespräch zwischen Eva Weber und Anna Schmidt", type=FIRST),
    Sample("MRT Knie", "Terminart: MRT Knie\n\nWer:\nEva Weber - Organisatorin\nweber@example.org\nAnna Schmidt\nanna@example.org",
           "Anna Schmidt", None, "", "anna@example.org", KNEE, practitioner="Eva Weber"),
    Sample("MRT Knie", "Qui :\nEva Weber - Organisateur\nweber@example.org\nClaire Martin\nclaire@example.org",
           "Claire Martin", None, "", "claire@example.org", KNEE, practitioner="Eva Weber"),
    Sample("MRT Knie", "Chi:\nEva Weber - Organizzatore\nweber@example.org\nGiulia Rossi\ngiulia@example.org",
           "Giulia Rossi", None, "", "giulia@example.org", KNEE, practitioner="Eva Weber"),
    Sample("MRT Knie", "Hausarzt: Dr. Otto Fiktiv, 030 901820, fiktiv@example.org", type=KNEE),
    Sample("MRT Knie", "Téléphone du cabinet : 01 23 45 67 89\nTél : 06 12 34 56 78", phone=FR, type=KNEE, country="FR"),
    Sample("MRT Knie", "Medico curante: Dott. Fiktivo 06 69812345\nCellulare: 347 1234567", phone=IT, type=KNEE, country="IT"),
    Sample("MRT Knie", "Emergency contact: 07400 123456", type=KNEE, country="GB"),
    Sample("MRT Knie", "Tel: 112", type=KNEE),
    Sample("MRT Knie", "Patient: Anna Schmidt\nName: Muster BKK", "Anna Schmidt", type=KNEE),
    Sample("MRT Knie", "Patient: Schmidt,Anna", "Anna Schmidt", type=KNEE),
    Sample("MRT Knie", "Patient: Herr Dr. med. dent. Otto von Probe", "Dr. med. dent. Otto von Probe", type=KNEE),
    Sample("MRT Knie", "Paziente: Sig.ra Dott.ssa Giulia Rossi", "Dott.ssa Giulia Rossi", type=KNEE, country="IT"),
    Sample("MRT Knie", "Patient: Anna Schmidt | Tel: 0151 23456789 | geb. 12.03.57", "Anna Schmidt", B, DE, "", KNEE),
    Sample("MRT Knie", "Patient: Anna Schmidt\nGeburtsdatum: 1957-03-12T00:00:00", "Anna Schmidt", B, "", "", KNEE),
    Sample("MRT Knie", "Patient: Anna Schmidt\nGeburtsdatum: unbekannt", "Anna Schmidt", type=KNEE),
    Sample("MRT Knie", "Patient: Anna Schmidt\nMail: Anna.Schmidt(at)example.org", "Anna Schmidt", type=KNEE),
    Sample("MRT Knie", "Patient: Anna Schmidt\nVertreten durch: Otto Schmidt, 0151 23456789", "Anna Schmidt", None, DE, "", KNEE),
    Sample("", "Patient: Anna Schmidt\nLeistung: MRT Knie", "Anna Schmidt", type=KNEE),
    Sample("🏥", "Patient: Anna Schmidt\nLeistung: MRT Knie", "Anna Schmidt", type=KNEE),
    Sample("Geblockt für Schmidt, Anna - MRT Knie", name="Anna Geblockt für Schmidt", type=KNEE),
]  # fmt: skip

ALL = [*DOCTOLIB, *NAMES, *CAL_COM, *EASY, *OTHERS, *TEXTS, *ROUND_ABOUT, *CLOSED, *PEOPLE_NOT_CLOSED]
