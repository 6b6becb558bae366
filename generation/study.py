"""What generation adds to a study in the workbench: a tab."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from generation.rules import sees_models
from surveys.lifecycle import Tab
from surveys.models import Study


def tab(request: HttpRequest, study: Study) -> Tab | None:
    """The tab to the study's batches and their review."""
    url = reverse("generation:index", kwargs={"study_key": study.key})
    # Under blind curation its first page, which names the models, is closed to those who only curate.
    first = url if sees_models(study) else reverse("generation:review", kwargs={"study_key": study.key})
    return Tab(label=_("Generation"), url=first, current=request.path.startswith(url))
