"""The words of calendars in German, French, Italian and English. Data only; all compared folded (see `words.fold`)."""

# What a line of the description is about, by the label before its colon.
LABELS: dict[str, tuple[str, ...]] = {
    "name": (
        "Patient",
        "Patientin",
        "Patient/in",
        "Patientenname",
        "Name",
        "Vollständiger Name",
        "Name des Patienten",
        "Nom",
        "Nom du patient",
        "Nom et prénom",
        "Patiente",
        "Nome",
        "Paziente",
        "Nome del paziente",
        "Cognome e nome",
        "Patient name",
        "Full name",
        "Who",
        "Kunde",
        "Kundin",
        "Klient",
        "Klientin",
        "Besucher",
        "Wer",
        "Client",
        "Cliente",
        "Qui",
        "Chi",
        "Customer",
        "Invitee",
    ),
    "first_name": ("Vorname", "Prénom", "First name", "Given name"),
    "last_name": ("Nachname", "Familienname", "Nom de famille", "Cognome", "Last name", "Surname"),
    "number": (
        "Patientennummer",
        "Patienten-Nr",
        "Pat.-Nr.",
        "Pat-Nr",
        "PID",
        "Numéro de patient",
        "Numéro patient",
        "Numero paziente",
        "Patient number",
        "Patient ID",
    ),
    "birth_date": (
        "Geburtsdatum",
        "Geb.",
        "Geb",
        "Geb.-Datum",
        "Geb.-Dat.",
        "geb. am",
        "Geburtstag",
        "geboren am",
        "Date de naissance",
        "Né le",
        "Née le",
        "Né(e) le",
        "Nato/a il",
        "Naissance",
        "DDN",
        "Data di nascita",
        "Nato il",
        "Nata il",
        "Date of birth",
        "DOB",
        "D.O.B.",
        "Birth date",
        "Born",
    ),
    "phone": (
        "Telefon",
        "Tel",
        "Tel.",
        "Telefonnummer",
        "Tel.-Nr.",
        "Tel. Nr.",
        "Tel. P",
        "Tel. G",
        "Tel. M",
        "Tel. privat",
        "Telefon privat",
        "Rückruf",
        "Mobil",
        "Mobiltelefon",
        "Handy",
        "Mobilnummer",
        "Handynummer",
        "Téléphone",
        "Tél",
        "Tél.",
        "Portable",
        "Téléphone portable",
        "Tél. portable",
        "Numéro de téléphone",
        "Mobile",
        "Telefono",
        "Cellulare",
        "Cell",
        "Natel",
        "Phone",
        "Phone number",
        "Cell phone",
        "Mobile phone",
        "Mobile number",
        "Telephone",
        "Numero di telefono",
    ),
    "email": (
        "E-Mail",
        "Email",
        "Mail",
        "E-Mail-Adresse",
        "Courriel",
        "Adresse e-mail",
        "Adresse mail",
        "Posta elettronica",
        "Indirizzo e-mail",
        "Email address",
    ),
    "type": (
        "Termin",
        "Terminart",
        "Termintyp",
        "Besuchsgrund",
        "Grund",
        "Untersuchung",
        "Leistung",
        "Behandlung",
        "Motif",
        "Motif de consultation",
        "Type de rendez-vous",
        "Examen",
        "Acte",
        "Motivo",
        "Motivo della visita",
        "Tipo di appuntamento",
        "Esame",
        "Prestazione",
        "Visit motive",
        "Visit reason",
        "Appointment type",
        "Service",
        "What",
        "Was",
        "Quoi",
        "Cosa",
        "Servizio",
        "Dienstleistung",
        "Reason",
    ),
    "practitioner": (
        "Arzt",
        "Ärztin",
        "Behandler",
        "Behandlerin",
        "Praktiker",
        "Anbieter",
        "Prestataire",
        "Operatore",
        "Médecin",
        "Praticien",
        "Praticienne",
        "Medico",
        "Dottore",
        "Practitioner",
        "Doctor",
        "Provider",
        "Host",
    ),
}

# What stands before the colon where a line is about somebody else than the patient: their telephone is not the patient's.
OTHERS = frozenset([
    "uberweiser", "uberweiserin", "zuweiser", "zuweiserin", "uberweisender", "hausarzt", "hausarztin", "facharzt", "praxis",
    "notfallkontakt", "angehorige", "angehoriger", "betreuer", "betreuerin", "pflegeheim", "heim", "krankenkasse", "kasse",
    "medecin", "traitant", "adresseur", "cabinet", "proche", "urgence", "mutuelle", "medico", "curante", "inviante", "studio",
    "emergenza", "referrer", "referring", "gp", "doctor", "practice", "clinic", "emergency", "insurance", "organizer",
    "organisator",
])  # fmt: skip

# One word for what is written in many ways.
SYNONYMS: dict[str, str] = {
    **dict.fromkeys(
        (
            "mr",
            "mri",
            "irm",
            "rm",
            "rmn",
            "kernspin",
            "kernspintomografie",
            "magnetresonanztomografie",
            "mrtomografie",
        ),
        "mrt",
    ),
    **dict.fromkeys(
        ("computertomografie", "computertomogramm", "tac", "scanner", "tdm", "tomodensitometrie"), "ct"
    ),
    **dict.fromkeys(
        ("km", "kontrast", "kontrastmittel", "contraste", "contrasto", "contrast", "mdc", "gadolinium"),
        "kontrastmittel",
    ),
    **dict.fromkeys(("rontgen", "rontgn", "ro", "rx", "xray", "radiografie", "radiografia"), "rontgen"),
    **dict.fromkeys(("ultraschall", "us", "sonografie", "ecografia", "echografie", "ultrasound"), "sono"),
    **dict.fromkeys(
        ("kolo", "colo", "coloskopie", "darmspiegelung", "coloscopie", "colonoscopia", "colonoscopy"),
        "koloskopie",
    ),
    **dict.fromkeys(
        ("gastro", "magenspiegelung", "ogd", "gastroscopie", "gastroscopia", "gastroscopy"), "gastroskopie"
    ),
    **dict.fromkeys(("ecg", "elektrokardiogramm"), "ekg"),
    **dict.fromkeys(("herzecho", "echokardiografie", "echocardiografie", "ecocardiografia"), "echo"),
    **dict.fromkeys(("szinti", "scintigrafie", "scintigrafia", "scintigraphy"), "szintigrafie"),
    **dict.fromkeys(("lendenwirbelsaule",), "lws"),
    **dict.fromkeys(("halswirbelsaule",), "hws"),
    **dict.fromkeys(("brustwirbelsaule",), "bws"),
    **dict.fromkeys(("schadel", "cranium", "kranial", "cerebral", "crane", "cranio", "head"), "kopf"),
    **dict.fromkeys(("kniegelenk", "genou", "ginocchio", "knee"), "knie"),
    **dict.fromkeys(("bauch", "addome", "oberbauch"), "abdomen"),
    **dict.fromkeys(("herz", "kardio", "cardio", "cardiaque", "cardiaca", "cardiac"), "kardio"),
}

STOP_WORDS = frozenset(
    [
        "mit",
        "der",
        "die",
        "das",
        "des",
        "dem",
        "den",
        "und",
        "am",
        "an",
        "im",
        "in",
        "von",
        "vom",
        "bei",
        "beim",
        "zur",
        "zum",
        "fur",
        "de",
        "du",
        "des",
        "la",
        "le",
        "les",
        "l",
        "del",
        "della",
        "dello",
        "di",
        "con",
        "avec",
        "et",
        "e",
        "il",
        "lo",
        "with",
        "of",
        "the",
        "and",
        "for",
        "a",
        "au",
        "aux",
    ]
)
WITHOUT = frozenset(("ohne", "o", "sans", "senza", "without"))
CONTRAST = "kontrastmittel"
NATIVE = "nativ"

SALUTATIONS = frozenset(
    [
        "frau",
        "fr",
        "herr",
        "hr",
        "herrn",
        "mme",
        "madame",
        "mlle",
        "m",
        "mr",
        "mrs",
        "ms",
        "monsieur",
        "sig",
        "signor",
        "signora",
        "sra",
        "sig ra",
        "kind",
    ]
)
TITLES = frozenset(["dr", "prof", "med", "dent", "dipl", "ing", "phd", "dott", "ssa", "pd"])

# What stands within a name in small letters.
PARTICLES = frozenset([
    "von", "vom", "van", "zu", "zum", "zur", "der", "den", "dem", "de", "del", "della", "delle", "di", "da",
    "dal", "dos", "das", "do", "du", "des", "la", "le", "el", "al", "bin", "ibn", "ben", "ter", "ten", "und",
    "y", "e",
])  # fmt: skip

# Two words in capitals are not a name with one of these among them.
NO_NAMES = frozenset([
    "patient", "patientin", "patiente", "paziente", "neupatient", "neupatientin", "termin", "erstgesprach",
    "gesprach", "kontrolle", "untersuchung", "beratung", "nachsorge", "vorsorge", "sprechstunde", "notfall",
    "akut", "akute", "befund", "rezept", "impfung", "labor", "blutabnahme", "verband", "operation",
    "schmerzen", "hilfe", "aufnahme", "consultation", "controle", "visite", "urgence", "nouveau", "nouvelle",
    "premier", "premiere", "visita", "controllo", "urgenza", "nuovo", "nuova", "prima", "consulto",
    "appointment", "new", "follow", "check", "consult", "first", "emergency",
])  # fmt: skip

# How words of medicine end, whatever they begin with.
MEDICAL = (
    "skopie", "scopie", "scopia", "scopy", "grafie", "grafia", "grafy", "terapie", "therapie", "terapia", "therapy", "untersuchung",
    "beratung", "kontrolle", "impfung", "injektion", "injection", "iniezione", "filtration", "filtrazione", "punktion", "biopsie",
    "biopsia", "biopsy", "gesprach", "messung", "abnahme", "aufklarung", "entfernung", "behandlung", "versorgung", "diagnostik",
    "metrie", "anamnese", "stosswelle", "massage", "gymnastik", "vaccin", "vaccination", "vaccino", "vaccinazione", "prelievo",
    "screening", "analyse", "blutbild", "ultraschall", "attest", "termin", "fruherkennung", "sprechstunde",
)  # fmt: skip

# What stands beside a name, and is none.
BESIDE_NAMES = frozenset([
    "patient", "patientin", "pat", "neupatient", "neupatientin", "privatpatient", "privatpatientin", "kassenpatient",
    "selbstzahler", "neu", "kasse", "privat", "gkv", "pkv", "notfall", "akut", "video", "videosprechstunde", "telefon",
    "patiente", "nouveau", "nouvelle", "urgence", "paziente", "nuovo", "nuova", "urgenza", "new", "emergency", "urgent",
    "raum", "zimmer", "salle", "sala", "room",
])  # fmt: skip

# Codes of substances and the like, not of people.
NO_NUMBERS = frozenset(["i 131", "i 123", "f 18", "tc 99m", "lu 177", "y 90", "ga 68", "co 60", "co2"])

# An absence beside one of these is the practice's, not a person of that name.
PLACES = frozenset([
    "praxis", "raum", "gerat", "zimmer", "team", "cabinet", "salle", "bureau", "studio", "sala", "office",
    "room", "practice",
])  # fmt: skip

# Months by their folded names and abbreviations, as digits.
MONTHS: dict[str, str] = {
    name: str(number)
    for number, names in enumerate(
        (
            "januar janner january janvier gennaio jan janv gen",
            "februar feber february fevrier febbraio feb fev fevr febr",
            "marz march mars marzo mar mrz",
            "april avril aprile apr avr",
            "mai may maggio mag",
            "juni june juin giugno jun giu",
            "juli july juillet luglio jul juil lug",
            "august aout agosto aug ago",
            "september septembre settembre sep sept set",
            "oktober october octobre ottobre okt oct ott",
            "november novembre nov",
            "dezember december decembre dicembre dez dec dic",
        ),
        start=1,
    )
    for name in names.split()
}
