"""Addresses of generation, below a study."""

from django.urls import path

from generation.views import batches, decisions, review

app_name = "generation"

BATCH = "batches/<int:number>/"
CANDIDATE = f"{BATCH}<int:index>/"

urlpatterns = [
    path("", batches.index, name="index"),
    path("batches/new/", batches.new, name="batch-new"),
    path(BATCH, batches.batch, name="batch"),
    path(f"{BATCH}progress/", batches.progress, name="batch-progress"),
    path(f"{BATCH}cancel/", batches.cancel, name="batch-cancel"),
    path(f"{BATCH}resume/", batches.resume, name="batch-resume"),
    path(f"{BATCH}extend/", batches.extend, name="batch-extend"),
    path(f"{BATCH}pick/", batches.pick, name="batch-pick"),
    path("review/", review.queue, name="review"),
    path("review/undo/", decisions.undo, name="undo"),
    path(CANDIDATE, review.candidate, name="candidate"),
    path(f"{CANDIDATE}accept/", decisions.accept, name="accept"),
    path(f"{CANDIDATE}edit/", decisions.edit, name="edit"),
    path(f"{CANDIDATE}reject/", decisions.reject, name="reject"),
    path(f"{CANDIDATE}reopen/", decisions.reopen, name="reopen"),
]
