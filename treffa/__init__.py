"""Treffa makes booked appointments performable: a layer beside Doctolib."""

from treffa.celery import app as celery_app

__all__ = ["celery_app"]
