"""Time that a practice keeps for itself: absences, blocks, closed hours. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from appointments.matching.names import DEVICE, looks_like_a_name, says_a_person
from appointments.matching.vocabulary import MEDICAL, NO_NAMES, PLACES, TITLES
from appointments.matching.words import fold, surname_is_loud

# An event that begins with one of these is time that the practice keeps for itself. See ABSENCE_ENDINGS.
ABSENCES: tuple[str, ...] = (
    "Abwesend", "Abwesenheit", "Besprechung", "Betriebsausflug", "Betriebsferien", "Blockiert", "Block", "Blocker",
    "Blockung", "Brückentag", "Bürozeit", "Dienstfrei", "Feiertag", "Ferien", "Fortbildung", "Freihalten", "Frei",
    "Freizeit", "Frühstückspause", "Geschlossen", "Gesperrt", "Hausbesuche", "Karfreitag", "Keine Termine", "Kongress",
    "Krank", "Krankheit", "Krankenstand", "Krankmeldung", "Mittag", "Mittagessen", "Mittagspause", "Mitarbeitergespräch",
    "Nicht buchbar", "Nicht belegen", "Nicht verfügbar", "Notdienst", "Notfallslot", "Akutslot", "OP-Tag", "Reserve",
    "Pause", "Privat", "Puffer", "Reserviert", "Sperre", "Sperrzeit", "Team", "Teammeeting", "Teamsitzung",
    "Teambesprechung", "Umbau", "Urlaub", "Urlaubsvertretung", "Verwaltung", "Wartung", "Weiterbildung",
    "Absence", "Absent", "Absente", "Arrêt maladie", "Bloqué", "Congé", "Congés", "Créneau bloqué", "Déjeuner", "Fermé",
    "Fermée", "Fermeture", "Férié", "Jour férié", "Formation", "Indisponible", "Maintenance", "Non disponible",
    "Ne pas réserver", "Pas de rendez-vous", "Réservé", "Réunion", "Vacances",
    "Assente", "Assenza", "Bloccato", "Chiuso", "Chiusura", "Corso", "Corso di aggiornamento", "Ferie", "Festivo",
    "Festività", "Formazione", "Malattia", "Manutenzione", "Non disponibile", "Pausa", "Pranzo", "Riservato", "Riunione",
    "Vacanza", "Vacanze",
    "Admin time", "Annual leave", "Away", "Bank holiday", "Blocked", "Break", "Closed", "Day off", "Do not book", "Holiday",
    "Lunch", "Meeting", "Not available", "Out of office", "Public holiday", "Sick leave", "Staff meeting", "Team meeting",
    "Training", "Unavailable", "Vacation",
)  # fmt: skip

# With these it is still the same word; with others it is another ("Krankengymnastik", "Blockade", "Urlaubsimpfung").
ABSENCE_ENDINGS = frozenset([
    "e", "en", "n", "s", "t", "ung", "tag", "tage", "stag", "stage", "swoche", "zeit", "zeiten", "szeit",
    "slot", "svertretung", "vertretung", "splanung", "besprechung", "sitzung", "meeting", "termin", "sperre",
])  # fmt: skip

# What else such an event says, when and where.
BESIDE_ABSENCES = frozenset([
    "ab", "bis", "von", "vom", "am", "im", "in", "um", "uhr", "ganztagig", "heute", "morgen", "vormittag", "vormittags",
    "nachmittag", "nachmittags", "abend", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag",
    "ist", "bitte", "wir", "haben", "d", "l", "le", "la", "du", "au", "de", "matin", "apres", "midi", "soir", "journee",
    "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "mattina", "pomeriggio", "lunedi", "martedi",
    "mercoledi", "giovedi", "venerdi", "sabato", "domenica", "the", "on", "from", "until", "morning", "afternoon",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "is", "we", "are",
])  # fmt: skip

FOLDED_ABSENCES = [fold(text).split() for text in ABSENCES]
LONGEST = 6
# Of the practitioner's name behind a title.
MOST_OF_A_NAME = 2


def is_absence(parts: Sequence[str], *, own: Sequence[str], names_first: bool) -> bool:
    """Whether a summary, in its parts, is the practice's own time. `own` are words that the practice says are;
    `names_first` says that its events begin with names. In doubt it is not: an examination before a holiday is one, and some
    surnames are absences."""
    words = fold(" ".join(parts)).split()
    if len(words) > LONGEST:
        return False
    if any(_stands_in(words, fold(text).split()) for text in own):
        return True
    if any(word in NO_NAMES or word.endswith(MEDICAL) for word in words):
        return False
    if any(_is_somebody(part, named=names_first) for part in parts):
        return all(_begins(words[place:]) for place in range(len(words)))
    return any(_begins(words[place:]) and _is_beside(words[:place]) for place in range(len(words)))


def _is_somebody(text: str, *, named: bool) -> bool:
    """Of "Frei Anna" nobody knows whether it is a person, of "FREI Anna" and "Anna Frei" everybody does."""
    words = fold(text).split()
    if says_a_person(text):
        return True
    if (TITLES | PLACES) & set(words) or not looks_like_a_name(text):
        return False
    return named or surname_is_loud(text.split()) > 0 or not _begins(words)


def _begins(words: Sequence[str]) -> bool:
    return any(_says(words[: len(text)], text) for text in FOLDED_ABSENCES)


def _is_beside(words: Sequence[str]) -> bool:
    """Whether these may stand before it: where, when, and who of the practice."""
    rest = [
        word for word in words if word not in BESIDE_ABSENCES and word not in PLACES and not word.isdigit()
    ]
    rest = [word for word in rest if DEVICE.fullmatch(word) is None]
    named = [word for word in rest if word not in TITLES]
    return not named or (len(named) < len(rest) and len(named) <= MOST_OF_A_NAME)


def _stands_in(words: Sequence[str], text: Sequence[str]) -> bool:
    return any(_says(words[place : place + len(text)], text) for place in range(len(words)))


def _says(words: Sequence[str], text: Sequence[str]) -> bool:
    """Whether these are the words, the last one perhaps with an ending."""
    if len(words) != len(text) or words[:-1] != text[:-1]:
        return False
    last, wanted = words[-1], text[-1]
    return last == wanted or (last.startswith(wanted) and last[len(wanted) :] in ABSENCE_ENDINGS)
