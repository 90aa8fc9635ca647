"""What somebody means who writes to a sender: no more messages, messages again, or something for people to read. Pure.

The words are those at which Twilio and the networks themselves stop, and how people say it in German, French, Italian and
English. Who says more than the one word still means it, and people read the rest.
"""

import re
import unicodedata
from enum import StrEnum

STOP = frozenset(
    [
        "stop",
        "stopp",
        "stopall",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "abmelden",
        "abbestellen",
        "arret",
        "arreter",
        "desabonner",
        "ferma",
        "basta",
        "annulla",
    ]
)
START = frozenset({"start", "unstop"})
# "Stop", "Stopp!", "Arrêt svp": more words may tell of something else that is to end.
MOST_WORDS = 4


class Meaning(StrEnum):
    STOP = "stop"
    START = "start"
    REPLY = "reply"


def meaning(text: str) -> Meaning:
    """What a text means, whatever its case, accents and punctuation."""
    words = _words(text)
    if len(words) == 1 and words[0] in START:
        return Meaning.START
    if words and len(words) <= MOST_WORDS and words[0] in STOP:
        return Meaning.STOP
    return Meaning.REPLY


def says_more(text: str) -> bool:
    """Whether there is more to read than the one word."""
    return len(_words(text)) > 1


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.findall(r"[a-z0-9]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
