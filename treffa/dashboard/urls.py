"""Addresses of the staff's dashboard. PracticeScopeMiddleware guards everything in this namespace."""

from django.urls import path

from treffa.dashboard.views import (
    board,
    calendar,
    cases,
    contact,
    documents,
    feeds,
    imports,
    naming,
    person,
    same,
    tasks,
    trials,
)

app_name = "dashboard"

_REQUIREMENT = "cases/<int:case_id>/requirements/<int:requirement_id>"

urlpatterns = [
    path("", board.show, name="board"),
    path("search/", board.search, name="search"),
    path("cases/<int:case_id>/", cases.show, name="case"),
    path("cases/<int:case_id>/contact/", contact.save, name="contact"),
    path("cases/<int:case_id>/patient/", naming.name_patient, name="name_patient"),
    path("cases/<int:case_id>/link/unlock/", cases.unlock_link, name="unlock_link"),
    path("cases/<int:case_id>/link/renew/", cases.renew_link, name="renew_link"),
    path("cases/<int:case_id>/birth-date/", cases.birth_date, name="birth_date"),
    path(f"{_REQUIREMENT}/accept/", cases.accept, name="accept"),
    path(f"{_REQUIREMENT}/reject/", cases.reject, name="reject"),
    path(f"{_REQUIREMENT}/waive/", cases.waive, name="waive"),
    path(f"{_REQUIREMENT}/receive/", cases.receive, name="receive"),
    path(f"{_REQUIREMENT}/check/", cases.check, name="check"),
    path(f"{_REQUIREMENT}/undo/", cases.undo, name="undo"),
    path("documents/<int:document_id>/", documents.download, name="document"),
    path("documents/<int:document_id>/pages/<int:number>.png", documents.picture, name="document_page"),
    path("patients/<int:first_id>/<int:second_id>/", same.show, name="same_person"),
    path("patients/merges/<int:merge_id>/undo/", same.undo, name="undo_merge"),
    path("types/assign/", calendar.assign_type, name="assign_type"),
    path("types/<int:type_id>/plan/", calendar.plan_type, name="plan_type"),
    path("contacts/import/", imports.begin, name="import"),
    path("contacts/import/table/", imports.upload, name="import_upload"),
    path("contacts/import/<int:import_id>/", imports.show, name="import_table"),
    path("feeds/", feeds.show_all, name="feeds"),
    path("feeds/new/", trials.new, name="new_feed"),
    path("feeds/trials/<int:trial_id>/", trials.show, name="trial"),
    path("feeds/<int:feed_id>/link/", trials.link, name="feed_link"),
    path("feeds/<int:feed_id>/rules/", trials.rules, name="feed_rules"),
    path("feeds/<int:feed_id>/", feeds.show, name="feed"),
    path("feeds/<int:feed_id>/poll/", feeds.poll, name="poll_feed"),
    path("feeds/<int:feed_id>/pause/", feeds.pause, name="pause_feed"),
    path("feeds/<int:feed_id>/resume/", feeds.resume, name="resume_feed"),
    path("feeds/<int:feed_id>/name/", feeds.rename, name="rename_feed"),
    path("feeds/<int:feed_id>/remove/", feeds.remove, name="remove_feed"),
    path("feeds/<int:feed_id>/missing/", calendar.missing, name="missing"),
    path("tasks/", tasks.show, name="tasks"),
    path("tasks/<int:task_id>/done/", tasks.finish, name="finish_task"),
    path("practice/", person.switch_practice, name="switch_practice"),
    path("language/", person.choose_language, name="choose_language"),
]
