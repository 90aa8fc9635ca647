"""Ready phrases for asking again, in the patient's language; staff see them in theirs beside it.

Chosen by what the thing is: those of its code (its key, where it has none), else of its kind. `{days}` is the limit that the rule sets.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from prerequisites.models import Kind, Prerequisite

FALLBACK = "de"


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One reason. `texts` by language."""

    key: str
    texts: Mapping[str, str]

    def said(self, language: str, *, days: int | None) -> str:
        """In that language, else in German."""
        text = self.texts.get(language.split("-")[0]) or self.texts[FALLBACK]
        return text.replace("{days}", str(days))


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A phrase as it is said to the patient (`theirs`) and as staff read it (`ours`)."""

    key: str
    theirs: str
    ours: str


def _phrase(key: str, de: str, en: str, fr: str, it: str) -> Phrase:
    return Phrase(key=key, texts={"de": de, "en": en, "fr": fr, "it": it})


TOO_OLD, DATE_MISSING = "too-old", "date-missing"

_TOO_OLD = _phrase(
    TOO_OLD,
    "Das Dokument ist zu alt: Es darf höchstens {days} Tage alt sein. Bitte schicken Sie uns ein neueres.",
    "The document is too old: it must not be older than {days} days. Please send us a newer one.",
    "Le document est trop ancien : il doit dater de {days} jours au plus. Merci de nous en envoyer un plus récent.",
    "Il documento è troppo vecchio: può avere al massimo {days} giorni. Ce ne mandi uno più recente, per favore.",
)
_LAB_TOO_OLD = _phrase(
    TOO_OLD,
    "Der Blutwert ist zu alt: Er darf höchstens {days} Tage alt sein. Bitte lassen Sie neu Blut abnehmen und schicken Sie uns den Befund.",
    "The blood value is too old: it must not be older than {days} days. Please have blood taken again and send us the report.",
    "L’analyse de sang est trop ancienne : elle doit dater de {days} jours au plus. Merci de refaire la prise de sang et de nous envoyer le résultat.",
    "L’esame del sangue è troppo vecchio: può avere al massimo {days} giorni. Rifaccia il prelievo e ci mandi il referto, per favore.",
)
_UNREADABLE = _phrase(
    "unreadable",
    "Man kann das Bild nicht lesen. Bitte fotografieren Sie es noch einmal bei Tageslicht.",
    "The picture can't be read. Please take it again in daylight.",
    "La photo est illisible. Merci de la reprendre à la lumière du jour.",
    "La foto non si legge. La rifaccia alla luce del giorno, per favore.",
)
_CUT_OFF = _phrase(
    "cut-off",
    "Auf dem Bild fehlt ein Teil. Bitte fotografieren Sie das ganze Blatt.",
    "A part is cut off in the picture. Please photograph the whole sheet.",
    "Une partie manque sur la photo. Merci de photographier toute la feuille.",
    "Nella foto manca una parte. Fotografi tutto il foglio, per favore.",
)
_WRONG = _phrase(
    "wrong-document",
    "Das ist ein anderes Dokument als das, was wir brauchen. Bitte sehen Sie noch einmal nach.",
    "This is another document than the one we need. Please look again.",
    "Ce n’est pas le document qu’il nous faut. Merci de vérifier.",
    "Questo non è il documento che ci serve. Controlli ancora una volta, per favore.",
)
_PAGE = _phrase(
    "page-missing",
    "Es fehlt eine Seite. Bitte schicken Sie uns alle Seiten.",
    "A page is missing. Please send us all pages.",
    "Il manque une page. Merci de nous envoyer toutes les pages.",
    "Manca una pagina. Ci mandi tutte le pagine, per favore.",
)
_SIDE = _phrase(
    "other-side",
    "Es fehlt die andere Seite. Bitte fotografieren Sie Vorder- und Rückseite.",
    "The other side is missing. Please photograph the front and the back.",
    "Il manque l’autre côté. Merci de photographier le recto et le verso.",
    "Manca l’altro lato. Fotografi il davanti e il retro, per favore.",
)
_SIGNATURE = _phrase(
    "signature-missing",
    "Es fehlt die Unterschrift. Bitte unterschreiben Sie und schicken Sie es noch einmal.",
    "The signature is missing. Please sign it and send it again.",
    "Il manque la signature. Merci de signer et de le renvoyer.",
    "Manca la firma. Firmi e lo mandi di nuovo, per favore.",
)
_STAMP = _phrase(
    "stamp-missing",
    "Auf der Überweisung fehlen Stempel oder Unterschrift der Praxis. Bitte lassen Sie das dort ergänzen.",
    "The referral has no stamp or signature of the practice. Please have it added there.",
    "L’ordonnance n’a pas le tampon ou la signature du cabinet. Merci de les faire ajouter.",
    "Sull’impegnativa mancano il timbro o la firma dello studio. Li faccia aggiungere, per favore.",
)
_PERSON = _phrase(
    "other-person",
    "Auf dem Dokument steht ein anderer Name. Bitte schicken Sie uns Ihr eigenes.",
    "There is another name on the document. Please send us your own.",
    "Le document porte un autre nom. Merci de nous envoyer le vôtre.",
    "Sul documento c’è un altro nome. Ci mandi il suo, per favore.",
)
_DATE = _phrase(
    DATE_MISSING,
    "Auf dem Dokument ist kein Datum zu sehen. Bitte schicken Sie uns eines, auf dem das Datum steht.",
    "No date can be seen on the document. Please send us one that shows its date.",
    "Aucune date n’est visible sur le document. Merci d’en envoyer un où la date figure.",
    "Sul documento non si vede la data. Ce ne mandi uno con la data, per favore.",
)
_VALUE = _phrase(
    "value-missing",
    "Der Wert, den wir brauchen, steht nicht auf dem Befund. Bitte fragen Sie in Ihrer Praxis danach.",
    "The value that we need is not in the report. Please ask your practice for it.",
    "La valeur dont nous avons besoin ne figure pas dans le résultat. Merci de la demander à votre médecin.",
    "Il valore che ci serve non è nel referto. Lo chieda al suo medico, per favore.",
)
_CONTRADICTION = _phrase(
    "contradiction",
    "Einige Antworten passen nicht zusammen. Bitte sehen Sie sie noch einmal durch.",
    "Some answers don't fit together. Please look through them once more.",
    "Certaines réponses ne vont pas ensemble. Merci de les relire.",
    "Alcune risposte non vanno d’accordo. Le riguardi ancora una volta, per favore.",
)
_MORE = _phrase(
    "more-detail",
    "Bitte beschreiben Sie Ihre Antwort etwas genauer.",
    "Please describe your answer in more detail.",
    "Merci de préciser un peu votre réponse.",
    "Descriva meglio la sua risposta, per favore.",
)
_NUMBER = _phrase(
    "number-odd",
    "Eine Zahl sieht nach einem Tippfehler aus. Bitte prüfen Sie Ihre Angaben.",
    "A number looks like a typing mistake. Please check what you entered.",
    "Un chiffre semble être une faute de frappe. Merci de vérifier vos réponses.",
    "Un numero sembra un errore di battitura. Controlli i suoi dati, per favore.",
)

BY_KIND: Mapping[str, tuple[Phrase, ...]] = {
    Kind.DOCUMENT: (_UNREADABLE, _WRONG, _PAGE, _SIDE, _CUT_OFF, _SIGNATURE, _PERSON),
    Kind.FORM: (_CONTRADICTION, _MORE, _NUMBER),
}
_LAB = (_VALUE, _UNREADABLE, _PAGE, _WRONG, _PERSON)
BY_CODE: Mapping[str, tuple[Phrase, ...]] = {
    **dict.fromkeys(
        ("creatinine", "creatinine-tsh", "egfr", "tsh", "coagulation", "biopsy-blood", "surgery-blood"), _LAB
    ),
    "referral": (_STAMP, _UNREADABLE, _SIDE, _WRONG, _CUT_OFF, _PERSON),
    "implant-card": (_SIDE, _UNREADABLE, _WRONG, _PERSON),
    "consent-sheet": (_SIGNATURE, _PAGE, _UNREADABLE, _WRONG, _PERSON),
}


def phrases_for(prerequisite: Prerequisite, *, dated: bool, days: int | None) -> list[Phrase]:
    """What fits it. `dated`: it is judged by its date; `days`: it may be too old, by so many days."""
    by_code = BY_CODE.get(prerequisite.code or prerequisite.key)
    usual = by_code if by_code is not None else BY_KIND.get(prerequisite.kind, ())
    if days is not None and prerequisite.kind == Kind.DOCUMENT:
        usual = (_LAB_TOO_OLD if by_code is _LAB else _TOO_OLD, *usual)
    return [*usual, _DATE] if dated and prerequisite.kind == Kind.DOCUMENT else list(usual)


def ready(phrases: list[Phrase], *, days: int | None, theirs: str, ours: str) -> list[Ready]:
    """The phrases in both languages."""
    return [
        Ready(key=one.key, theirs=one.said(theirs, days=days), ours=one.said(ours, days=days))
        for one in phrases
    ]
