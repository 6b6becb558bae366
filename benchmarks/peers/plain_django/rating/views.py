"""The pages: consent, an article with its form, the end. Written as a tutorial would."""

from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render

from rating.content import CONTENT
from rating.forms import RatingForm
from rating.models import Article, Rating, Reader


def consent(request):
    if request.method == "POST":
        request.session["reader"] = Reader.objects.create().pk
        return redirect("article")
    return render(request, "rating/consent.html", {"content": CONTENT})


def article(request):
    reader = get_object_or_404(Reader, pk=request.session.get("reader"))
    shown = Article.objects.filter(position=reader.position).first()
    if shown is None:
        return redirect("end")
    form = RatingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            Rating.objects.create(reader=reader, article=shown, **form.cleaned_data)
            reader.position += 1
            reader.save(update_fields=["position"])
        last = reader.position == len(CONTENT["articles"])
        return redirect("end" if last else "article")
    return render(request, "rating/article.html", {"content": CONTENT, "article": shown, "form": form})


def end(request):
    reader = get_object_or_404(Reader, pk=request.session.get("reader"))
    return render(request, "rating/end.html", {"content": CONTENT, "reader": reader})
