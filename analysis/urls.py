"""Addresses of the analysis, below a study."""

from django.urls import path

from analysis import views

app_name = "analysis"
urlpatterns = [
    path("", views.results, name="results"),
    path("unblind/", views.unblind, name="unblind"),
    path("reports/", views.request_report, name="request-report"),
    path("reports/<slug:report_key>/progress/", views.progress, name="progress"),
    path("reports/<slug:report_key>/cancel/", views.cancel, name="cancel-report"),
    path("reports/<slug:report_key>/figures/<slug:name>.svg", views.figure, name="figure"),
    path("reports/<slug:report_key>/report.html", views.download_html, name="report"),
    path("reports/<slug:report_key>/exports.zip", views.download_archive, name="exports"),
]
