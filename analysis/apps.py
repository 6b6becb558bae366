"""The Django application of reports and exports."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "analysis"
