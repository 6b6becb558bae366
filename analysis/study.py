"""What the analysis adds to a study in the workbench: a tab."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from surveys.lifecycle import Tab
from surveys.models import Study


def tab(request: HttpRequest, study: Study) -> Tab | None:
    """The tab to the results, once there is a version that somebody could have taken part in."""
    if study.current_version_id is None:
        return None
    url = reverse("analysis:results", kwargs={"study_key": study.key})
    return Tab(label=_("Results"), url=url, current=request.path.startswith(url))
