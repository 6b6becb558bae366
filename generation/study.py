"""What generation adds to a study in the workbench: a tab."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from surveys.lifecycle import Tab
from surveys.models import Study


def tab(request: HttpRequest, study: Study) -> Tab | None:
    """The tab to the study's batches and their review."""
    url = reverse("generation:index", kwargs={"study_key": study.key})
    return Tab(label=_("Generation"), url=url, current=request.path.startswith(url))
