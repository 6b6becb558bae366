"""Addresses of what all studies share: the models and the workers."""

from django.urls import path

from generation.views import models, workers

app_name = "models"

urlpatterns = [
    path("models/", models.index, name="index"),
    path("models/hub/", models.add_hub, name="add-hub"),
    path("models/server/", models.add_server, name="add-server"),
    path("models/<slug:key>/", models.model, name="model"),
    path("models/<slug:key>/accept/", models.accept, name="accept"),
    path("models/<slug:key>/terms/", models.change_terms, name="terms"),
    path("models/<slug:key>/trust/", models.change_trust, name="trust"),
    path("models/<slug:key>/download/", models.download, name="download"),
    path("models/<slug:key>/download/cancel/", models.cancel_download, name="download-cancel"),
    path("models/<slug:key>/download/progress/", models.download_progress, name="download-progress"),
    path("workers/", workers.index, name="workers"),
]
