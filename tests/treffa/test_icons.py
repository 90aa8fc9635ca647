"""The icons: one file a face, kept for ever."""

import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import Client

from treffa import icons

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def test_an_icon_points_into_its_sprite_which_is_kept_for_ever(client: Client) -> None:
    html = Template('{% icon "bell" %}').render(Context())
    address, _, name = re.search(r'href="([^"]+)"', html)[1].partition("#")
    response = client.get(address)
    assert name == "bell"
    assert '<symbol id="bell"' in response.content.decode()
    assert "immutable" in response["Cache-Control"]


def test_a_sprite_of_an_older_release_is_not_found(client: Client) -> None:
    assert client.get("/icons-0123456789ab.svg").status_code == 404


def test_an_unknown_icon_is_an_error_and_an_unknown_prerequisite_icon_a_sheet_of_paper() -> None:
    with pytest.raises(LookupError):
        icons.address("no-such-icon", sprite="staff")
    assert "#file-text" in Template('{% requirement_icon "no-such-icon" "patient" %}').render(Context())


def test_every_icon_that_a_template_names_is_in_its_sprite() -> None:
    for path in TEMPLATES.rglob("*.html"):
        for name, sprite in re.findall(r'{% icon "([\w-]+)"(?: (?:sprite=)?"(\w+)")? %}', path.read_text()):
            assert name in icons.SPRITES[sprite or "staff"], f"{path.name}: {name}"
