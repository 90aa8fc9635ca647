"""The product's addresses and an empty page of the staff's, to measure the others against."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from treffa.urls import urlpatterns as of_the_product


def empty(request: HttpRequest) -> HttpResponse:
    """Nothing, through all that a page of the staff's goes through."""
    return HttpResponse("")


_staff = include(([path("empty/", empty, name="empty")], "dashboard"), namespace="dashboard")
urlpatterns = [path("bench/", include(([path("", _staff)], "bench"), namespace="bench")), *of_the_product]
