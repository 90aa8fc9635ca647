"""A practice's colour: whatever it is, what is written in it or on it can be read."""

import pytest
from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st

from treffa import accent

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@settings(max_examples=60, deadline=None)
@given(colour=COLOURS)
@example(colour="#000000")
@example(colour="#ffffff")
def test_any_colour_becomes_readable_in_light_and_dark(colour: str) -> None:
    derived = accent.accent_of(colour)
    for tokens, papers in ((derived.light, accent.LIGHT_PAPERS), (derived.dark, accent.DARK_PAPERS)):
        for paper in (*papers, tokens["accent-soft"]):
            assert accent.contrast(tokens["accent"], paper) >= accent.READABLE
        for fill in (tokens["accent-fill"], tokens["accent-fill-hover"]):
            assert accent.contrast(fill, tokens["on-accent"]) >= accent.READABLE


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    derived = accent.accent_of(accent.OURS)
    assert derived.light["accent"] == derived.light["accent-fill"] == accent.OURS
    assert not derived.adjusted
    assert accent.accent_of("#ffd400").adjusted


def test_contrast_is_measured_as_the_standard_says() -> None:
    assert accent.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert accent.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colour", ["0B5A63", "0b5a6", "red", "0b5a63x", "%7D"])
def test_what_is_no_colour_has_no_stylesheet(client: Client, colour: str) -> None:
    assert client.get(f"/accent-{colour}.css").status_code == 404


def test_the_stylesheet_says_the_tokens_of_its_address(client: Client) -> None:
    answer = client.get("/accent-d97706.css")
    assert answer["Content-Type"].startswith("text/css")
    assert "immutable" in answer["Cache-Control"]
    assert f"--tr-accent: {accent.accent_of('#d97706').light['accent']};" in answer.content.decode()
