"""The Django application of studies, articles, participants and answers."""

from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
