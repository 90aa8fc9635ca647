"""The patient's addresses. Only the first holds a token; the rest say nothing about whose they are."""

from django.urls import path

from treffa.patient import helping, others, pages, questions, referrer, views, ways_out, wishes

app_name = "patient"

urlpatterns = [
    path("t/<str:token>", views.enter, name="enter"),
    path("h/<str:token>", helping.enter, name="enter_helper"),
    path("r/<str:token>", referrer.enter, name="enter_referrer"),
    path("r/<int:helper_id>/", referrer.errand, name="errand"),
    path("p/", views.home, name="home"),
    path("p/calendar.ics", views.calendar, name="calendar"),
    path("p/privacy/", views.privacy, name="privacy"),
    path("p/question/", ways_out.ask, name="ask"),
    path("p/question/asked/", ways_out.asked, name="asked"),
    path("p/not-me/", ways_out.not_me, name="not_me"),
    path("p/helper/", helping.relative, name="helper"),
    path("p/imprint/", views.imprint, name="imprint"),
    path("p/messages/", wishes.messages, name="messages"),
    path("u/<str:token>", wishes.opt_out, name="opt_out"),
    path("p/appointment/<int:case_id>/", others.switch, name="switch"),
    path("p/<int:requirement_id>/", views.item, name="item"),
    path("p/<int:requirement_id>/pages/", pages.change, name="pages"),
    path("p/<int:requirement_id>/pages/send/", pages.hand_in, name="hand_in"),
    path("p/<int:requirement_id>/pages/<str:key>/", pages.change, name="page"),
    path("p/<int:requirement_id>/pages/<str:key>/piece/", pages.piece, name="piece"),
    path("p/<int:requirement_id>/questions/<str:key>/", questions.question, name="question"),
    path("p/<int:requirement_id>/check/", questions.check, name="check"),
    path("p/<int:requirement_id>/referrer/", helping.referrer, name="referrer"),
    path("p/<int:requirement_id>/bring/", ways_out.bring, name="bring"),
    path("p/<int:requirement_id>/cannot/", ways_out.cannot_get, name="cannot_get"),
    path("p/<int:requirement_id>/done/", views.done, name="done"),
]
