"""Addresses of generation, below a study. A text is named by its random code, which tells neither batch nor model."""

from django.urls import path

from generation.rules import names_models
from generation.views import batches, continuing, curators, decisions, edits, pairs, parity, review, scoring

app_name = "generation"

BATCH = "batches/<int:number>/"
TEXT = "texts/<slug:code>/"

urlpatterns = [
    path("", names_models(batches.index), name="index"),
    path("budget/", batches.budget, name="budget"),
    path("batches/new/", names_models(batches.new), name="batch-new"),
    path(BATCH, names_models(batches.batch), name="batch"),
    path(f"{BATCH}progress/", names_models(batches.progress), name="batch-progress"),
    path(f"{BATCH}cancel/", names_models(batches.cancel), name="batch-cancel"),
    path(f"{BATCH}pause/", names_models(batches.pause), name="batch-pause"),
    path(f"{BATCH}priority/", names_models(batches.prioritise), name="batch-priority"),
    path(f"{BATCH}resume/", names_models(batches.resume), name="batch-resume"),
    path(f"{BATCH}extend/", names_models(batches.extend), name="batch-extend"),
    path(f"{BATCH}pick/", names_models(batches.pick), name="batch-pick"),
    path("review/", review.queue, name="review"),
    path("review/undo/", decisions.undo, name="undo"),
    path("review/reject-flagged/", decisions.reject_flagged, name="reject-flagged"),
    path("curation/", curators.curation, name="curation"),
    path("curation/rules/", curators.rules, name="curation-rules"),
    path("curation/assign/", curators.assign, name="assign"),
    path("curation/release/<slug:member>/", curators.release, name="release"),
    path("pairs/", pairs.index, name="pairs"),
    path("pairs/<int:prompt>/", pairs.pair, name="pair"),
    path("pairs/<int:prompt>/ranking/", pairs.ranking, name="ranking"),
    path("pairs/<int:prompt>/accept/", pairs.accept_best, name="accept-best"),
    path("parity/", names_models(parity.report), name="parity"),
    path("parity/override/<slug:gate>/", names_models(parity.override), name="gate-override"),
    path("scores/", names_models(scoring.request_scores), name="scores"),
    path("scores/progress/", names_models(scoring.progress), name="scores-progress"),
    path(TEXT, review.candidate, name="candidate"),
    path(f"{TEXT}ranks/", scoring.ranks, name="ranks"),
    path(f"{TEXT}accept/", decisions.accept, name="accept"),
    path(f"{TEXT}edit/", edits.edit, name="edit"),
    path(f"{TEXT}keep/", edits.keep, name="keep"),
    path(f"{TEXT}discard/", edits.discard, name="discard"),
    path(f"{TEXT}reject/", decisions.reject, name="reject"),
    path(f"{TEXT}reopen/", decisions.reopen, name="reopen"),
    path(f"{TEXT}mark/", decisions.mark, name="mark"),
    path(f"{TEXT}note/", decisions.note, name="note"),
    path(f"{TEXT}continue/", continuing.continue_from, name="continue"),
]
