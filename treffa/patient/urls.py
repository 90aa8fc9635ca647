"""The patient's addresses. Only the first holds a token; the rest say nothing about whose they are."""

from django.urls import path

from treffa.patient import others, views, wishes

app_name = "patient"

urlpatterns = [
    path("t/<str:token>", views.enter, name="enter"),
    path("p/", views.home, name="home"),
    path("p/calendar.ics", views.calendar, name="calendar"),
    path("p/privacy/", views.privacy, name="privacy"),
    path("p/messages/", wishes.messages, name="messages"),
    path("u/<str:token>", wishes.opt_out, name="opt_out"),
    path("p/appointment/<int:case_id>/", others.switch, name="switch"),
    path("p/<int:requirement_id>/", views.item, name="item"),
    path("p/<int:requirement_id>/bring/", views.bring, name="bring"),
    path("p/<int:requirement_id>/cannot/", views.cannot_get, name="cannot_get"),
    path("p/<int:requirement_id>/done/", views.done, name="done"),
]
