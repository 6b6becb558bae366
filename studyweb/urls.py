"""Every address of studyweb, by whom it serves."""

from django.urls import include, path

from studyweb.health import health
from surveys.participant.entry import personal_link

urlpatterns = [
    path("health/", health, name="health"),
    path("s/<slug:study_key>/", include("surveys.participant.urls")),
    path("r/<str:token>/", personal_link, name="participant-link"),
    path("studies/<slug:study_key>/generation/", include("generation.urls")),
    path("studies/<slug:study_key>/analysis/", include("analysis.urls")),
    path("", include("generation.registry_urls")),
    path("", include("surveys.workbench.urls")),
]
