"""The wordings themselves and the words of the calendar, by language. Data only; `texts` puts them together.

Practices come before what they say, as in every short text; mail leaves that to its sender line. The French and Italian
texts keep to letters that GSM-7 has (no c cedilla, no circumflex), hence "aout", as the spelling of 1990 allows.
"""

from dataclasses import dataclass

LANGUAGES = ("de", "en", "fr", "it")


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """How a language writes days and times; `first` is how it writes the first of a month, where that differs."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: str
    time: str
    until: str
    first: str = ""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a mail has around its message."""

    greeting: str
    ending: str
    call: str
    button: str
    opt_out: str


@dataclass(frozen=True, kw_only=True)
class Several:
    """How a message speaks of several appointments: what joins the last two, how the first stands for all, and the texts
    (messaging/joining.py) in place of those about one."""

    both: str
    more: str
    bodies: dict[str, str]
    subjects: dict[str, str]


CALENDAR = {
    "de": Calendar(
        weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        months=(
            *("Januar", "Februar", "März", "April", "Mai", "Juni"),
            *("Juli", "August", "September", "Oktober", "November", "Dezember"),
        ),
        day="{weekday}, {day}. {month}",
        time="{day}, {hour}:{minute:02d} Uhr",
        until="bis {}",
    ),
    "en": Calendar(
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        months=(
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
        day="{weekday} {day} {month}",
        time="{day}, {hour}:{minute:02d}",
        until="by {}",
    ),
    "fr": Calendar(
        weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        months=(
            *("janvier", "février", "mars", "avril", "mai", "juin"),
            *("juillet", "aout", "septembre", "octobre", "novembre", "décembre"),
        ),
        day="{weekday} {day} {month}",
        time="{day} à {hour}h{minute:02d}",
        until="avant le {}",
        first="1er",
    ),
    "it": Calendar(
        weekdays=("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
        months=(
            *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
            *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
        ),
        day="{weekday} {day} {month}",
        time="{day}, ore {hour}:{minute:02d}",
        until="entro {}",
    ),
}

# In place of a name that tells what a practice treats.
NEUTRAL_NAME = {"de": "Ihre Praxis", "en": "Your practice", "fr": "Votre cabinet", "it": "Il suo studio"}

WITHOUT_DEADLINE = {
    "de": "so bald wie möglich",
    "en": "as soon as possible",
    "fr": "dès que possible",
    "it": "il prima possibile",
}

BODIES = {
    "de": {
        "request": "{practice}: Für Ihren Termin am {appointment} fehlt noch etwas. "
        "Bitte {deadline} erledigen: {link}",
        "reminder": "{practice}: Erinnerung an Ihren Termin am {appointment}. Es fehlt noch etwas. "
        "Bitte {deadline} erledigen: {link}",
        "rejected": "{practice}: Zu Ihrem Termin am {appointment} haben wir eine Rückfrage. "
        "Bitte {deadline} ansehen: {link}",
        "added": "{practice}: Für Ihren Termin am {appointment} brauchen wir noch etwas. "
        "Bitte {deadline} erledigen: {link}",
        "moved": "{practice}: Ihr Termin ist jetzt am {appointment}. Bitte {deadline} erledigen, "
        "was noch fehlt: {link}",
        "cancelled": "{practice}: Ihr Termin am {appointment} ist abgesagt. "
        "Sie müssen dafür nichts mehr einreichen.",
        "last_call": "{practice}: Letzte Erinnerung: Für Ihren Termin am {appointment} fehlt noch etwas. "
        "Bitte {deadline} erledigen, sonst müssen wir den Termin vielleicht verschieben: {link}",
        "thanks": "{practice}: Danke, für Ihren Termin am {appointment} ist alles da.",
    },
    "en": {
        "request": "{practice}: Something is still missing for your appointment on {appointment}. "
        "Please complete it {deadline}: {link}",
        "reminder": "{practice}: A reminder of your appointment on {appointment}. "
        "Please complete what is missing {deadline}: {link}",
        "rejected": "{practice}: We have a question about your appointment on {appointment}. "
        "Please look {deadline}: {link}",
        "added": "{practice}: We need something more for your appointment on {appointment}. "
        "Please complete it {deadline}: {link}",
        "moved": "{practice}: Your appointment is now on {appointment}. "
        "Please complete what is missing {deadline}: {link}",
        "cancelled": "{practice}: Your appointment on {appointment} is cancelled. "
        "You need not hand in anything more for it.",
        "last_call": "{practice}: Last reminder: something is missing for your appointment on {appointment}. "
        "Please complete it {deadline}, or we may have to move the appointment: {link}",
        "thanks": "{practice}: Thank you, everything is there for your appointment on {appointment}.",
    },
    "fr": {
        "request": "{practice}: Il manque encore des éléments pour votre rendez-vous du {appointment}. "
        "Merci de compléter {deadline}: {link}",
        "reminder": "{practice}: Rappel de votre rendez-vous du {appointment}. "
        "Merci de compléter ce qui manque {deadline}: {link}",
        "rejected": "{practice}: Nous avons une question pour votre rendez-vous du {appointment}. "
        "Merci de regarder {deadline}: {link}",
        "added": "{practice}: Il nous faut encore un élément pour votre rendez-vous du {appointment}. "
        "Merci de compléter {deadline}: {link}",
        "moved": "{practice}: Votre rendez-vous est maintenant le {appointment}. "
        "Merci de compléter ce qui manque {deadline}: {link}",
        "cancelled": "{practice}: Votre rendez-vous du {appointment} est annulé. "
        "Vous n'avez plus rien à envoyer.",
        "last_call": "{practice}: Dernier rappel: il manque des éléments pour votre rendez-vous du {appointment}. "
        "Merci de compléter {deadline}, sinon il faudra peut-etre le reporter: {link}",
        "thanks": "{practice}: Merci, tout est là pour votre rendez-vous du {appointment}.",
    },
    "it": {
        "request": "{practice}: Per il suo appuntamento di {appointment} manca ancora qualcosa. "
        "La preghiamo di completare {deadline}: {link}",
        "reminder": "{practice}: Le ricordiamo l'appuntamento di {appointment}. "
        "La preghiamo di completare ciò che manca {deadline}: {link}",
        "rejected": "{practice}: Abbiamo una domanda per il suo appuntamento di {appointment}. "
        "La preghiamo di guardare {deadline}: {link}",
        "added": "{practice}: Per il suo appuntamento di {appointment} serve ancora qualcosa. "
        "Completi {deadline}: {link}",
        "moved": "{practice}: Il suo appuntamento ora è {appointment}. "
        "La preghiamo di completare ciò che manca {deadline}: {link}",
        "cancelled": "{practice}: Il suo appuntamento di {appointment} è annullato. "
        "Non deve più inviare nulla.",
        "last_call": "{practice}: Ultimo promemoria: per l'appuntamento di {appointment} manca qualcosa. "
        "Completi {deadline}, altrimenti potremmo doverlo spostare: {link}",
        "thanks": "{practice}: Grazie, per il suo appuntamento di {appointment} c'è tutto.",
    },
}

SUBJECTS = {
    "de": {
        "request": "Ihr Termin am {appointment}: bitte noch erledigen",
        "reminder": "Erinnerung: Ihr Termin am {appointment}",
        "rejected": "Rückfrage zu Ihrem Termin am {appointment}",
        "added": "Noch etwas für Ihren Termin am {appointment}",
        "moved": "Ihr Termin ist jetzt am {appointment}",
        "cancelled": "Ihr Termin am {appointment} ist abgesagt",
        "last_call": "Letzte Erinnerung: Ihr Termin am {appointment}",
        "thanks": "Danke, alles da für Ihren Termin am {appointment}",
    },
    "en": {
        "request": "Your appointment on {appointment}: please complete",
        "reminder": "Reminder: your appointment on {appointment}",
        "rejected": "A question about your appointment on {appointment}",
        "added": "Something more for your appointment on {appointment}",
        "moved": "Your appointment is now on {appointment}",
        "cancelled": "Your appointment on {appointment} is cancelled",
        "last_call": "Last reminder: your appointment on {appointment}",
        "thanks": "Thank you, all there for your appointment on {appointment}",
    },
    "fr": {
        "request": "Votre rendez-vous du {appointment} : à compléter",
        "reminder": "Rappel : votre rendez-vous du {appointment}",
        "rejected": "Une question pour votre rendez-vous du {appointment}",
        "added": "Encore un élément pour votre rendez-vous du {appointment}",
        "moved": "Votre rendez-vous est maintenant le {appointment}",
        "cancelled": "Votre rendez-vous du {appointment} est annulé",
        "last_call": "Dernier rappel : votre rendez-vous du {appointment}",
        "thanks": "Merci, tout est là pour votre rendez-vous du {appointment}",
    },
    "it": {
        "request": "Il suo appuntamento di {appointment}: da completare",
        "reminder": "Promemoria: il suo appuntamento di {appointment}",
        "rejected": "Una domanda sul suo appuntamento di {appointment}",
        "added": "Ancora qualcosa per il suo appuntamento di {appointment}",
        "moved": "Il suo appuntamento ora è {appointment}",
        "cancelled": "Il suo appuntamento di {appointment} è annullato",
        "last_call": "Ultimo promemoria: il suo appuntamento di {appointment}",
        "thanks": "Grazie, c'è tutto per il suo appuntamento di {appointment}",
    },
}

LETTER = {
    "de": Letter(
        greeting="Guten Tag,",
        ending="Freundliche Grüße\n{practice}",
        call="Fragen? Rufen Sie uns an: {phone}",
        button="Jetzt ansehen",
        opt_out="Keine E-Mails mehr zu Ihren Terminen",
    ),
    "en": Letter(
        greeting="Hello,",
        ending="Kind regards\n{practice}",
        call="Questions? Call us: {phone}",
        button="Open now",
        opt_out="No more e-mails about your appointments",
    ),
    "fr": Letter(
        greeting="Bonjour,",
        ending="Cordialement\n{practice}",
        call="Une question ? Appelez-nous : {phone}",
        button="Ouvrir",
        opt_out="Ne plus recevoir d'e-mails sur vos rendez-vous",
    ),
    "it": Letter(
        greeting="Buongiorno,",
        ending="Cordiali saluti\n{practice}",
        call="Domande? Ci chiami: {phone}",
        button="Apri ora",
        opt_out="Non ricevere più e-mail sui suoi appuntamenti",
    ),
}

SEVERAL = {
    "de": Several(
        both=" und ",
        more="{first} und {n} weitere",
        bodies={
            "request": "{practice}: Für Ihre Termine am {appointment} fehlt noch etwas. "
            "Bitte {deadline} erledigen: {link}",
            "reminder": "{practice}: Erinnerung an Ihre Termine am {appointment}. Es fehlt noch etwas. "
            "Bitte {deadline} erledigen: {link}",
            "last_call": "{practice}: Letzte Erinnerung: Für Ihre Termine am {appointment} fehlt noch etwas. "
            "Bitte {deadline} erledigen, sonst müssen wir vielleicht verschieben: {link}",
        },
        subjects={
            "request": "Ihre Termine am {appointment}: bitte noch erledigen",
            "reminder": "Erinnerung: Ihre Termine am {appointment}",
            "last_call": "Letzte Erinnerung: Ihre Termine am {appointment}",
        },
    ),
    "en": Several(
        both=" and ",
        more="{first} and {n} more",
        bodies={
            "request": "{practice}: Something is still missing for your appointments on {appointment}. "
            "Please complete it {deadline}: {link}",
            "reminder": "{practice}: A reminder of your appointments on {appointment}. "
            "Please complete what is missing {deadline}: {link}",
            "last_call": "{practice}: Last reminder: something is missing for your appointments on {appointment}. "
            "Please complete it {deadline}, or we may have to move the appointments: {link}",
        },
        subjects={
            "request": "Your appointments on {appointment}: please complete",
            "reminder": "Reminder: your appointments on {appointment}",
            "last_call": "Last reminder: your appointments on {appointment}",
        },
    ),
    "fr": Several(
        both=" et du ",
        more="{first} et {n} autres",
        bodies={
            "request": "{practice}: Il manque encore des éléments pour vos rendez-vous du {appointment}. "
            "Merci de compléter {deadline}: {link}",
            "reminder": "{practice}: Rappel de vos rendez-vous du {appointment}. "
            "Merci de compléter ce qui manque {deadline}: {link}",
            "last_call": "{practice}: Dernier rappel: il manque des éléments pour vos rendez-vous du {appointment}. "
            "Merci de compléter {deadline}, sinon il faudra peut-etre les reporter: {link}",
        },
        subjects={
            "request": "Vos rendez-vous du {appointment} : à compléter",
            "reminder": "Rappel : vos rendez-vous du {appointment}",
            "last_call": "Dernier rappel : vos rendez-vous du {appointment}",
        },
    ),
    "it": Several(
        both=" e di ",
        more="{first} e altri {n}",
        bodies={
            "request": "{practice}: Per i suoi appuntamenti di {appointment} manca ancora qualcosa. "
            "La preghiamo di completare {deadline}: {link}",
            "reminder": "{practice}: Le ricordiamo gli appuntamenti di {appointment}. "
            "La preghiamo di completare ciò che manca {deadline}: {link}",
            "last_call": "{practice}: Ultimo promemoria: per gli appuntamenti di {appointment} manca qualcosa. "
            "Completi {deadline}, altrimenti potremmo doverli spostare: {link}",
        },
        subjects={
            "request": "I suoi appuntamenti di {appointment}: da completare",
            "reminder": "Promemoria: i suoi appuntamenti di {appointment}",
            "last_call": "Ultimo promemoria: i suoi appuntamenti di {appointment}",
        },
    ),
}
