"""Articles of a study: adding, replacing, placing, taking down. A text that was stored is never changed."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models.functions import Now
from django.utils.text import slugify
from django.utils.translation import gettext as _

from surveys import audit
from surveys.definition import DefinitionError, read_definition
from surveys.items import is_language_tag
from surveys.models import (
    Arm,
    Article,
    Curation,
    Origin,
    Researcher,
    Story,
    Study,
    article_digest,
    normal_text,
)
from surveys.other_apps import refusal

LONGEST_TEXT = 100_000
LONGEST_HEADLINE = 300
LONGEST_UNTRUE = 20_000


class ArticleError(Exception):
    """An article that cannot be stored; ``problems`` gives a sentence a field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in problems.items()))
        self.problems = dict(problems)


class DraftOnly(Exception):  # noqa: N818 -- it names the rule that was met
    """The study is frozen: its arms, stories and articles do not change any more."""

    def __init__(self) -> None:
        super().__init__(_("This study is frozen and does not change any more. Make a copy to go on."))


def languages(study: Study) -> tuple[str, ...]:
    """The languages of the study's draft; none where it cannot be read, which its checklist says."""
    try:
        return read_definition(study.definition).languages
    except DefinitionError:
        return ()


def untrue_name(tag: str) -> str:
    """How files and problems call what is not true in an article in one of the study's further languages."""
    return f"untrue[{tag}]"


def story_named(study: Study, title: str) -> Story:
    """The study's story with this title; made if there is none, with the study's row held.

    Raises ``ArticleError`` for an empty title, ``DraftOnly`` where a story would be added to a frozen study.
    """
    title = normal_text(title)
    if not title:
        raise ArticleError({"story": _("Give the story a name: what both the real and the written article report.")})
    if len(title) > 200:
        raise ArticleError({"story": _("The story's name is longer than 200 characters.")})
    found = Story.objects.filter(study=study, title=title).first()
    if found is not None:
        return found
    with transaction.atomic():
        lock_draft(study)
        stories = dict(Story.objects.filter(study=study).values_list("key", "title"))
        if title in stories.values():
            return Story.objects.get(study=study, title=title)
        key = free_key(slugify(title)[:50] or "story", {*stories})
        return Story.objects.create(study=study, key=key, title=title)


def add_article(
    study: Study,
    *,
    by: Researcher,
    story: Story,
    arm: Arm | None,
    origin: str,
    headline: str,
    text: str,
    key: str = "",
    language: str = "en",
    source: str = "",
    author: str = "",
    published_on: datetime.date | None = None,
    url: str = "",
    model_name: str = "",
    curation: str = "",
    untrue: str = "",
    untrue_in: Mapping[str, str] | None = None,
    is_invented: bool = False,
    lineage: Mapping[str, Any] | None = None,
) -> Article:
    """The stored article. Raises ``ArticleError`` with a sentence a field, ``DraftOnly`` if the study is frozen."""
    article = Article(
        study=study,
        story=story,
        arm=arm,
        origin=origin,
        headline=normal_text(headline),
        text=normal_text(text),
        language=language,
        source=source.strip(),
        author=author.strip(),
        published_on=published_on,
        url=url.strip(),
        model_name=model_name.strip(),
        curation=curation,
        untrue=normal_text(untrue),
        untrue_in=_by_tag(untrue_in or {}),
        is_invented=is_invented,
        lineage=dict(lineage or {}),
        created_by=by,
    )
    article.key = key
    return add_articles(study, [article], by=by)[0]


def add_articles(study: Study, articles: Sequence[Article], *, by: Researcher) -> list[Article]:
    """Store articles as ``add_article`` does each, those without a key under one; as many statements as for one.

    Raises ``ArticleError`` for the first that cannot be stored, and then stores none; ``DraftOnly``.
    """
    with transaction.atomic():
        lock_draft(study)
        taken = set(Article.objects.filter(study=study).values_list("key", flat=True))
        for article in articles:
            mark = "r" if article.origin == Origin.REAL else "s"
            article.key = article.key or free_key(f"{article.story.key}-{mark}", taken)
            _check(article, taken)
            taken.add(article.key)
            article.sha256 = article_digest(article.headline, article.text)
        stored = Article.objects.bulk_create(articles)
        entries = [(article.key, article.sha256) for article in stored]
        audit.record_all(study, "article added", by=by, entries=entries)
    return stored


def problems_of(article: Article) -> dict[str, str]:
    """A sentence for each field for which ``add_articles`` would not store it, whatever else the study holds."""
    try:
        _check(article, set())
    except ArticleError as error:
        return error.problems
    return {}


def revise_article(article: Article, *, by: Researcher, **changes: Any) -> Article:
    """A new row in the place of ``article``, with these fields changed; the old one stays, marked as replaced.

    Whoever hands over a ``lineage`` accounts in it for a changed text; another app may keep a text from all others
    (``refusal``). Raises ``ArticleError``, also where somebody else has replaced it already, and ``DraftOnly``.
    """
    with transaction.atomic():
        lock_draft(article.study)
        current = Article.objects.select_related("story", "arm", "study").get(pk=article.pk)
        if current.replaced_by_id is not None:
            raise ArticleError({"text": _("Somebody edited this article in the meantime. Open it again to see how.")})
        kept = {name: getattr(current, name) for name in REVISABLE}
        changes_text = normal_text(changes.get("text", current.text)) != normal_text(current.text)
        if changes_text and "lineage" not in changes and (why := refusal(current, "change the text")):
            raise ArticleError({"text": why})
        lineage = changes.pop("lineage", current.lineage)
        given = {**kept, **changes}
        stays = (given["arm"], given["curation"]) == (current.arm, current.curation)
        # Where it stays it is not placed anew: its arm may have become another model's since, which the checklist says.
        placed = {**given, "arm": None} if stays else given
        new = add_article(current.study, by=by, origin=current.origin, lineage=lineage, **placed)
        Article.objects.filter(pk=current.pk).update(replaced_by=new, arm=None)
        if stays and current.arm is not None:
            new.arm = current.arm
            Article.objects.filter(pk=new.pk).update(arm=new.arm)
        audit.record(current.study, "article replaced", by=by, subject=f"{current.key} -> {new.key}")
    return new


REVISABLE = (
    "story",
    "arm",
    "headline",
    "text",
    "language",
    "source",
    "author",
    "published_on",
    "url",
    "model_name",
    "curation",
    "untrue",
    "untrue_in",
    "is_invented",
)


def place(article: Article, arm: Arm | None, *, by: Researcher) -> None:
    """Put an article into an arm, or out of all. Raises ``ArticleError`` if it does not belong there."""
    with transaction.atomic():
        lock_draft(article.study)
        article.arm = arm
        _check_arm(article)
        Article.objects.filter(pk=article.pk).update(arm=arm)
        audit.record(article.study, "article placed", by=by, subject=f"{article.key} -> {arm.key if arm else ''}")


def describe_untrue(article: Article, untrue: str, others: Mapping[str, str], *, by: Researcher) -> None:
    """Say what is not true in an article, for the debriefing: in the study's first language, and in ``others`` by tag.

    Raises ``DraftOnly``: participants see it, frozen.
    """
    with transaction.atomic():
        lock_draft(article.study)
        told = _by_tag(others)
        Article.objects.filter(pk=article.pk).update(untrue=normal_text(untrue), untrue_in=told)
        content = "\n".join([untrue, *(f"{tag}: {text}" for tag, text in told.items())])
        audit.record(article.study, "debrief note changed", by=by, subject=article.key, content=content)


def _by_tag(texts: Mapping[str, str]) -> dict[str, str]:
    return {tag: clean for tag, text in texts.items() if (clean := normal_text(text))}


def take_down(article: Article, *, by: Researcher) -> None:
    """Take an article of a draft out of use; ``put_back`` undoes it."""
    _set_down(article, by, "article taken down", Now())


def put_back(article: Article, *, by: Researcher) -> None:
    """Undo ``take_down``. Raises ``ArticleError`` where another app speaks against it."""
    if why := refusal(article, "put back"):
        raise ArticleError({"": why})
    _set_down(article, by, "article put back", None)


def _set_down(article: Article, by: Researcher, verb: str, when: Now | None) -> None:
    with transaction.atomic():
        lock_draft(article.study)
        Article.objects.filter(pk=article.pk).update(taken_down_at=when)
        audit.record(article.study, verb, by=by, subject=article.key)


def lock_draft(study: Study) -> None:
    """Hold the study's row; raises ``DraftOnly`` unless it is a draft. Needs a transaction."""
    if not Study.objects.select_for_update().filter(pk=study.pk, status=Study.Status.DRAFT).exists():
        raise DraftOnly


def _check(article: Article, taken: set[str]) -> None:
    problems: dict[str, str] = {}
    if not article.text:
        problems["text"] = _("The article has no text.")
    elif len(article.text) > LONGEST_TEXT:
        problems["text"] = _("The text has %(n)s characters; at most %(most)s can be shown.") % {
            "n": len(article.text),
            "most": LONGEST_TEXT,
        }
    if len(article.headline) > LONGEST_HEADLINE:
        problems["headline"] = _("The headline is longer than %(most)s characters.") % {"most": LONGEST_HEADLINE}
    if article.key in taken:
        problems["key"] = _("There is an article with the key %(key)s already.") % {"key": article.key}
    if article.origin not in Origin.values:
        problems["origin"] = _("The origin must be one of: %(all)s.") % {"all": ", ".join(Origin.values)}
    if article.curation not in Curation.values:
        problems["curation"] = _("The curation must be empty or one of: curated, uncurated.")
    if not is_language_tag(article.language):
        problems["language"] = _("Give the language as a tag such as en or pt-BR.")
    if article.url:
        try:
            URLValidator(schemes=["http", "https"])(article.url)
        except ValidationError:
            problems["url"] = _("This is no web address: %(url)s") % {"url": article.url[:80]}
    problems.update(_too_long(article))
    if problems:
        raise ArticleError(problems)
    _check_arm(article)


def _too_long(article: Article) -> Iterator[tuple[str, str]]:
    told = {"untrue": article.untrue} | {untrue_name(tag): text for tag, text in article.untrue_in.items()}
    for name, text in told.items():
        if len(text) > LONGEST_UNTRUE:
            yield name, _("This is longer than %(most)s characters.") % {"most": LONGEST_UNTRUE}
    for name in ("source", "author", "model_name", "url", "language", "key"):
        most = getattr(Article._meta.get_field(name), "max_length", None)
        if most is not None and len(getattr(article, name)) > most:
            yield name, _("This is longer than %(most)s characters.") % {"most": most}


def _check_arm(article: Article) -> None:
    arm = article.arm
    if arm is None:
        return
    if arm.study_id != article.study_id:
        raise ArticleError({"arm": _("This arm belongs to another study.")})
    if arm.origin != article.origin:
        raise ArticleError(
            {
                "arm": _("The arm “%(arm)s” holds %(origin)s articles; this one is not.")
                % {"arm": arm.label, "origin": arm.get_origin_display().lower()}
            }
        )
    if arm.curation and article.curation and arm.curation != article.curation:
        message = _(
            "The arm “%(arm)s” holds articles that are “%(theirs)s”, and this one is “%(own)s”. Choose another arm, or "
            "change the arm’s curation."
        )
        told = {"theirs": arm.get_curation_display(), "own": article.get_curation_display()}
        raise ArticleError({"arm": message % {"arm": arm.label, **told}})
    if why := refusal(article, "place"):
        raise ArticleError({"arm": why})


def free_key(stem: str, taken: set[str]) -> str:
    """``stem`` if it is free, else with the first free number behind it."""
    number = 1
    key = stem
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key
