"""The addresses of a participant's way: they carry the study and the step, and nothing about the person."""

from django.urls import path

from surveys.participant import paradata, shared, views

app_name = "participant"
urlpatterns = [
    path("", views.entry, name="entry"),
    path("draft/", views.draft, name="draft"),
    path("paradata/", paradata.report, name="paradata"),
    path("key/", shared.key, name="key"),
    path("next/", shared.next_person, name="next"),
    path("leave/", views.leave, name="leave"),
    path("withdraw/", views.withdraw, name="withdraw"),
    path("<slug:slug>/", views.step, name="step"),
]
