"""The Django application of the project itself: its commands, base templates and system checks."""

from django.apps import AppConfig


class StudywebConfig(AppConfig):
    name = "studyweb"

    def ready(self) -> None:
        from studyweb import catalogues, checks  # noqa: F401 -- importing the checks registers them

        # Where they cannot be written, as in an image, they were compiled when it was made (Dockerfile).
        catalogues.compile_stale()
