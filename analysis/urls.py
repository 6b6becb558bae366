"""Addresses of the analysis, below a study."""

from django.urls import path

from analysis import export_views, power_views, views

app_name = "analysis"
urlpatterns = [
    path("", views.results, name="results"),
    path("unblind/", views.unblind, name="unblind"),
    path("reports/", views.request_report, name="request-report"),
    path("reports/<slug:report_key>/progress/", views.progress, name="progress"),
    path("reports/<slug:report_key>/cancel/", views.cancel, name="cancel-report"),
    path("reports/<slug:report_key>/figures/<slug:name>.svg", views.figure, name="figure"),
    path("reports/<slug:report_key>/report.html", views.download_html, name="report"),
    path("reports/<slug:report_key>/report.zip", views.download_archive, name="report-files"),
    path("power/", power_views.power, name="power"),
    path("power/<slug:plan_key>/progress/", power_views.progress, name="power-progress"),
    path("power/<slug:plan_key>/cancel/", power_views.cancel, name="cancel-power"),
    path("power/<slug:plan_key>/curve.svg", power_views.figure, name="power-figure"),
    path("files/", export_views.files, name="exports"),
    path("files/new/", export_views.request_export, name="request-export"),
    path("files/<slug:export_key>/progress/", export_views.progress, name="export-progress"),
    path("files/<slug:export_key>/cancel/", export_views.cancel, name="cancel-export"),
    path("files/<slug:export_key>/delete/", export_views.delete, name="delete-export"),
    path("files/<slug:export_key>/data.zip", export_views.download, name="export"),
]
