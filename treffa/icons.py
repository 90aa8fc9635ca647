"""The icons of the two faces, each face's in one sprite file whose address changes with its content."""

from functools import cache

from django.http import Http404, HttpRequest, HttpResponse

from treffa.assets import icon_sprite

FALLBACK = "file-text"

# What prerequisites may show, on either face. A pack's icon must be one of these.
PREREQUISITE = (
    "activity", "apple", "bed", "calendar-check", "camera", "car", "circle-alert", "clipboard-list",
    "clipboard-pen", "droplets", "file-heart", "file-image", "file-text", "flask-conical", "glass-water",
    "hand", "handshake", "heart-pulse", "id-card", "info", "list-checks", "map-pin", "message-circle-question-mark",
    "pen-line", "phone", "pill", "scan-eye", "shield-check", "shirt", "stethoscope", "syringe", "users", "utensils",
)  # fmt: skip

STAFF = (
    *PREREQUISITE,
    "archive", "arrow-down", "arrow-right", "arrow-up", "bell", "calendar-clock", "calendar-days", "calendar-x", "check", "check-check",
    "chart-column", "chevron-down", "chevron-left", "chevron-right", "chevron-up", "circle-check", "circle-dashed", "circle-pause", "circle-x", "clock",
    "clock-alert", "columns-2", "download", "ellipsis", "eye", "file-lock", "hourglass", "inbox", "languages", "layers", "link",
    "lock", "lock-open", "log-out", "mail", "message-square", "message-square-warning", "octagon-x", "paperclip",
    "pencil", "phone-off", "play", "plus", "refresh-cw", "repeat", "rotate-ccw", "rotate-cw", "search", "send", "settings-2", "tags",
    "trash-2", "triangle-alert", "undo-2", "upload", "user-round", "user-round-x", "users", "wifi-off", "x",
    "zoom-in", "zoom-out",
)  # fmt: skip

PATIENT = (
    *PREREQUISITE,
    "arrow-down", "arrow-left", "arrow-right", "arrow-up", "calendar-plus", "check", "chevron-right", "circle-check", "clock",
    "hourglass", "languages", "link", "lock", "mail", "message-square", "paperclip", "pencil", "printer", "rotate-cw", "send",
    "trash-2", "triangle-alert", "upload", "user-round-x", "x",
)  # fmt: skip

SPRITES = {"staff": STAFF, "patient": PATIENT}


@cache
def address(name: str, *, sprite: str) -> str:
    """Where the icon is: the sprite's file and the symbol in it. LookupError for one that the sprite lacks."""
    names = SPRITES[sprite]
    if name not in names:
        raise LookupError(f"the {sprite} sprite has no icon {name!r}: add it in treffa/icons.py")
    return f"/icons-{icon_sprite(names)[1]}.svg#{name}"


def sprite_file(request: HttpRequest, digest: str) -> HttpResponse:
    """A sprite, for ever: another content has another address."""
    for names in SPRITES.values():
        svg, its_digest = icon_sprite(names)
        if its_digest == digest:
            response = HttpResponse(svg, content_type="image/svg+xml")
            response["Cache-Control"] = "public, max-age=31536000, immutable"
            return response
    raise Http404
