"""What pure modules say of plans and files, in the page's language."""

from django.utils.translation import gettext

from prerequisites.sentences import Sentence


def said(text: str) -> str:
    """The sentence with its parts looked up in the catalogue; what is no sentence stays as it is."""
    if not isinstance(text, Sentence):
        return text
    values = {name: said(part) if isinstance(part, str) else part for name, part in text.values.items()}
    return gettext(text.pattern) % values if values else gettext(text.pattern)
