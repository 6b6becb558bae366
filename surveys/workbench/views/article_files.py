"""Importing articles from a file, with a row-by-row report."""

import csv
import io

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from surveys.access import Permission, signed_in, study_for
from surveys.article_files import REQUIRED, ImportReport, columns, import_articles
from surveys.articles import DraftOnly
from surveys.workbench.forms.material import ArticleFileForm
from surveys.workbench.pages import show_problems, study_page

# Past this many lines a report is not read; the file's first problems show what is wrong with the rest.
MOST_PROBLEMS = 200
EXAMPLE = {
    "story": "The city council’s vote (an invented example: replace this row)",
    "headline": "Council votes to widen the river path",
    "text": "The city council voted on Tuesday to widen the river path.\n\nWork begins in spring, the mayor said.",
    "origin": "real",
    "source": "The Invented Times",
    "author": "A. Writer",
    "published_on": "2019-08-20",
    "url": "https://example.org/river-path",
    "language": "en",
}


@login_required
@require_http_methods(["GET", "POST"])
def load(request: HttpRequest, study_key: str) -> HttpResponse:
    """Store every article of a file, or none and say what is wrong in which row."""
    study = study_for(request, study_key, Permission.CURATE)
    is_sent = request.method == "POST"
    form = ArticleFileForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    report = ImportReport()
    if is_sent and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            report = import_articles(study, by=signed_in(request), filename=file.name, content=file.read())
        except DraftOnly as error:
            show_problems(form, [str(error)])
        if report.articles:
            told = ngettext("%(n)s article is imported.", "%(n)s articles are imported.", len(report.articles))
            messages.success(request, told % {"n": len(report.articles)})
            return redirect("workbench:study-articles", study_key=study.key)
    context = {
        "form": form,
        "report": report,
        "problems": report.problems[:MOST_PROBLEMS],
        "more": max(0, len(report.problems) - MOST_PROBLEMS),
        "filename": form.cleaned_data["file"].name if report.problems else "",
        "columns": columns(study),
        "required": REQUIRED,
        "arms": study.arms.order_by("position", "pk"),
    }
    return study_page(request, study, "article_import.html", context)


@login_required
@require_safe
def template(request: HttpRequest, study_key: str) -> HttpResponse:
    """A CSV with every column and one invented row, to be filled in with any spreadsheet."""
    study = study_for(request, study_key, Permission.CURATE)
    first_arm = study.arms.filter(origin="real").order_by("position", "pk").first()
    out = io.StringIO()
    writer = csv.DictWriter(out, columns(study), restval="")
    writer.writeheader()
    writer.writerow({**EXAMPLE, "arm": first_arm.key if first_arm else ""})
    # The mark at the start lets spreadsheets read the file as UTF-8.
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="articles.csv"'
    return response
