"""The Django application of the project itself: its commands, base templates and system checks."""

from django.apps import AppConfig


class StudywebConfig(AppConfig):
    name = "studyweb"

    def ready(self) -> None:
        from studyweb import checks  # noqa: F401 -- importing it registers the checks
