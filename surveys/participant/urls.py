"""The addresses of a participant's way: they carry the study and the step, and nothing about the person."""

from django.urls import path

from surveys.participant import endings, entry, paradata, shared, steps

app_name = "participant"
urlpatterns = [
    path("", entry.entry, name="entry"),
    path("draft/", steps.draft, name="draft"),
    path("paradata/", paradata.report, name="paradata"),
    path("key/", shared.key, name="key"),
    path("next/", shared.next_person, name="next"),
    path("leave/", endings.leave, name="leave"),
    path("withdraw/", endings.withdraw, name="withdraw"),
    path("<slug:slug>/", steps.step, name="step"),
]
