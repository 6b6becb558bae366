"""A study's life: draft -> frozen -> live <-> paused -> closed; the only place that moves a study's status."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from surveys import audit, study_file
from surveys.definition import DefinitionError, FrozenStudy, canonical, digest, read_definition
from surveys.models import Article, Membership, Mode, Researcher, Role, Study, StudyVersion, Unblinding
from surveys.wording import untranslated

Status = Study.Status


class LifecycleError(Exception):
    """A step that the study cannot take now; ``problems`` says why, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Gate:
    """One line of the checklist before freezing. A gate that does not block is advice.

    ``where`` is the part of the study in which it is mended: texts, design, questions, arms, articles, or '' for none;
    ``url`` the page of another app that says more and where it is mended, with ``step`` on the button that leads there.
    """

    label: str
    passed: bool
    detail: str = ""
    blocks: bool = True
    where: str = ""
    url: str = ""
    step: str = ""


@dataclass(frozen=True)
class Tab:
    """A page of another app about a study, as the workbench lists it."""

    label: str
    url: str
    current: bool


def study_tabs(request: HttpRequest, study: Study) -> list[Tab]:
    """The tabs that the other apps add to a study for the researcher of this request."""
    tabs = (import_string(name)(request, study) for name in settings.STUDY_TABS)
    return [tab for tab in tabs if tab is not None]


@dataclass(frozen=True)
class Panel:
    """What another app shows below an article in the workbench: a template of its own and what that is about."""

    template: str
    about: object


def article_panels(request: HttpRequest, study: Study, article: Article) -> list[Panel]:
    """What the other apps know of an article, for the researcher of this request."""
    panels = (import_string(name)(request, study, article) for name in settings.ARTICLE_PANELS)
    return [panel for panel in panels if panel is not None]


def hides_models(study: Study) -> bool:
    """Whether the other apps keep from ``study.role``, for now, which model wrote a text and in which arm it stands."""
    return any(import_string(name)(study) for name in settings.BLINDED_BY)


def new_study(by: Researcher, name: str, template_key: str | None = None) -> Study:
    """A draft with ``by`` as its owner, from a shipped template or empty. Raises ``LifecycleError``."""
    if template_key is not None and template_key not in study_file.templates():
        raise LifecycleError([_("There is no template %(key)s.") % {"key": template_key}])
    with transaction.atomic():
        study = Study.objects.create(name=name, created_by=by, allocation_seed=secrets.randbits(62))
        Membership.objects.create(study=study, researcher=by, role=Role.OWNER)
        if template_key is not None:
            study_file.apply(study, study_file.templates()[template_key])
        audit.record(study, "study made", by=by, subject=template_key or "")
    return study


def copy_study(source: Study, by: Researcher, name: str) -> Study:
    """A draft with the same definition, arms, stories and standing articles; it records its source."""
    with transaction.atomic():
        study = new_study(by, name)
        study.source = source
        study.recruitment = source.recruitment
        study.save(update_fields=["source", "recruitment"])
        study_file.apply(study, study_file.read(study_file.export(source)))
        arms = {arm.key: arm for arm in study.arms.all()}
        for story in source.stories.all():
            copied = study.stories.create(key=story.key, title=story.title)
            for article in Article.objects.standing().filter(story=story).select_related("arm"):
                arm_key = article.arm.key if article.arm else ""
                article.pk = None
                article._state.adding = True
                article.study, article.story, article.arm = study, copied, arms.get(arm_key)
                article.created_by = by
                article.save(force_insert=True)
        audit.record(study, "study copied", by=by, subject=source.key)
    return study


def import_definition(study: Study, by: Researcher, content: bytes) -> None:
    """Replace a draft's definition, and its arms if the file has some. Raises ``LifecycleError``."""
    with _moved(study, {Status.DRAFT}):
        try:
            study_file.apply(study, study_file.read(content))
        except DefinitionError as error:
            raise LifecycleError(error.problems) from error
        audit.record(study, "definition imported", by=by, content=content)


def export_definition(study: Study) -> bytes:
    """The definition and arms as a JSON file. Raises ``LifecycleError`` if the draft cannot be read."""
    try:
        return study_file.export(study)
    except DefinitionError as error:
        raise LifecycleError(error.problems) from error


def compose(study: Study) -> FrozenStudy:
    """The draft as it would be frozen now. Raises ``DefinitionError``."""
    arms = list(study.arms.order_by("position", "pk"))
    articles = Article.objects.standing().filter(study=study).select_related("story", "arm").order_by("key")
    return FrozenStudy(
        definition=read_definition(study.definition),
        arms=tuple(study_file.frozen_arm(arm) for arm in arms),
        articles=tuple(
            study_file.frozen_article(article, article.arm) for article in articles if article.arm is not None
        ),
    )


def readiness(study: Study) -> list[Gate]:
    """The checklist before freezing: each gate with what is still to do."""
    try:
        draft = compose(study)
    except DefinitionError as error:
        return [Gate(_("The definition can be read"), False, " ".join(error.problems), where="questions")]
    gates = [*_wording_gates(draft), *_design_gates(draft)]
    for name in settings.LAUNCH_GATES:
        gates += import_string(name)(study)
    return gates


def _wording_gates(draft: FrozenStudy) -> Iterator[Gate]:
    definition = draft.definition
    labels = {
        "title": _("The study has a title"),
        "consent": _("The consent text is written"),
        "debrief": _("The debriefing is written"),
    }
    for name, label in labels.items():
        texts = getattr(definition.wording, name)
        missing = [language for language in definition.languages if not texts.get(language, "").strip()]
        detail = _("Missing in: %(all)s.") % {"all": ", ".join(missing)} if missing else ""
        yield Gate(label, not missing, detail, where="texts")
    for factor in definition.design.factors:
        texts = [factor.texts[name] for name in factor.texts_needed]  # type: ignore[index]  # they are its keys
        missing = [tag for tag in definition.languages if not all(text.get(tag, "").strip() for text in texts)]
        detail = _("Missing in: %(all)s.") % {"all": ", ".join(missing)} if missing else ""
        label = _("What is shown beside the articles is written (%(factor)s)") % {"factor": factor.key}
        yield Gate(label, not missing, detail, where="design")
    gaps = "; ".join(f"{tag}: {', '.join(keys)}" for tag, keys in untranslated(definition).items())
    advice = _("Missing in %(gaps)s. An instrument can be used only in languages in which it was published.")
    yield Gate(
        _("Every question is written in every language"),
        not gaps,
        advice % {"gaps": gaps} if gaps else "",
        where="questions",
    )
    contact = definition.contact
    yield Gate(
        _("Participants can reach somebody"),
        bool(contact.name and contact.email),
        _("Write a name and an e-mail address on the texts page.") if not (contact.name and contact.email) else "",
        where="texts",
    )
    yield Gate(
        _("The ethics board is named"),
        bool(contact.ethics_board),
        "" if contact.ethics_board else _("Name the board and its approval, or say that none was needed."),
        where="texts",
    )


def _design_gates(draft: FrozenStudy) -> Iterator[Gate]:
    definition = draft.definition
    yield Gate(
        _("Something is asked about each article"),
        bool(definition.at("reading")),
        "" if definition.at("reading") else _("Add a block with when = 'reading', such as kreps-credibility."),
        where="questions",
    )
    yield from _story_gates(draft)
    problems = draft.design_spec().problems()
    yield Gate(_("The articles fit the design"), not problems, " ".join(problems), where="articles")
    known = {arm.key for arm in draft.arms}
    yield Gate(
        _("The analysis plan names its reference arm"),
        definition.plan.reference in known,
        ""
        if definition.plan.reference in known
        else _("Choose one of: %(arms)s.") % {"arms": ", ".join(sorted(known)) or _("no arms yet")},
        where="design",
    )
    yield from _check_gates(draft)
    alone = sorted(arm for arm in known if sum(article.arm == arm for article in draft.articles) == 1)
    yield Gate(
        _("Each arm has several articles"),
        bool(draft.articles) and not alone,
        _("Only one article in: %(arms)s. Nothing can then be said about articles in general.")
        % {"arms": ", ".join(alone)}
        if alone
        else "",
        blocks=False,
        where="articles",
    )
    languages = {arm.key: sorted({a.language for a in draft.articles if a.arm == arm.key}) for arm in draft.arms}
    spoken = [f"{arm}: {', '.join(tags)}" for arm, tags in languages.items() if tags]
    differ = len({tuple(tags) for tags in languages.values() if tags}) > 1
    yield Gate(
        _("The arms hold articles in the same languages"),
        bool(draft.articles) and not differ,
        _("They differ, and a page names the language of its text, which could tell the arm. %(all)s.")
        % {"all": "; ".join(spoken)}
        if differ
        else "",
        blocks=False,
        where="articles",
    )


def _story_gates(draft: FrozenStudy) -> Iterator[Gate]:
    """Of questions whose correct answer depends on the story: whether they have one for each."""
    stories = {article.story for article in draft.articles}
    items = [item for block in draft.definition.blocks for item in block.items if item.correct_by_story]
    wrong = [
        _("%(item)s: %(stories)s") % {"item": item.key, "stories": ", ".join(sorted(differing))}
        for item in items
        if (differing := stories.symmetric_difference(item.correct_by_story))
    ]
    if items:
        detail = _("Lacking a correct answer, or no story of this study: %(all)s.") % {"all": "; ".join(wrong)}
        label = _("Questions about the stories have a correct answer for each")
        yield Gate(label, not wrong, detail if wrong else "", where="questions")


def _check_gates(draft: FrozenStudy) -> Iterator[Gate]:
    """Whether the rule about failed attention checks can apply, and is not harsher than panels allow."""
    definition = draft.definition
    most = definition.failed_checks
    if not most:
        return
    times = {"reading": definition.design.per_person, "looking-back": definition.design.per_person}
    asked = sum(
        times.get(block.when, 1) for block in definition.blocks for item in block.items if item.instructed is not None
    )
    yield Gate(
        _("There are as many attention checks as the rule about them needs"),
        asked >= most,
        ""
        if asked >= most
        else _("The rule ends a person's part at %(most)s failed checks, and %(asked)s are asked.")
        % {"most": most, "asked": asked},
        where="questions",
    )
    yield Gate(
        _("Nobody is ended by a single slip"),
        most > 1,
        "" if most > 1 else _("Panels such as Prolific ask for two failed checks in studies of five minutes or more."),
        blocks=False,
        where="design",
    )


def freeze(study: Study, by: Researcher) -> StudyVersion:
    """The draft as a version with its hash. Raises ``LifecycleError`` with what the checklist still misses."""
    with _moved(study, {Status.DRAFT}):
        open_gates = [gate for gate in readiness(study) if gate.blocks and not gate.passed]
        if open_gates:
            raise LifecycleError([f"{gate.label}: {gate.detail}" if gate.detail else gate.label for gate in open_gates])
        document = canonical(compose(study))
        number = study.versions.count() + 1
        version = StudyVersion.objects.create(
            study=study, number=number, document=document, sha256=digest(document), frozen_by=by
        )
        study.current_version = version
        study.status = Status.FROZEN
        study.save(update_fields=["current_version", "status"])
        audit.record(study, "frozen", by=by, subject=f"v{number}", content=document)
    return version


def launch(study: Study, by: Researcher) -> None:
    """Open a frozen study to participants. Raises ``LifecycleError``."""
    _move(study, by, {Status.FROZEN}, Status.LIVE, "launched", launched_at=Now())


def pause(study: Study, by: Researcher) -> None:
    """Let nobody in from now on; those inside finish. Raises ``LifecycleError``."""
    _move(study, by, {Status.LIVE}, Status.PAUSED, "paused")


def resume(study: Study, by: Researcher) -> None:
    """Let people in again. Raises ``LifecycleError``."""
    _move(study, by, {Status.PAUSED}, Status.LIVE, "resumed")


def close(study: Study, by: Researcher) -> None:
    """End a study for good: who is inside goes to the debrief. Raises ``LifecycleError``."""
    _move(study, by, {Status.LIVE, Status.PAUSED, Status.FROZEN}, Status.CLOSED, "closed", closed_at=Now())


def revise(study: Study, by: Researcher) -> None:
    """Open a frozen or paused study for a new version. Those inside finish the version they began.

    Raises ``LifecycleError``, also after an unblinding: a design changed in view of its outcomes is a new study.
    """
    if is_unblinded(study):
        raise LifecycleError([_("This study is unblinded. Copy it to go on with another design.")])
    _move(study, by, {Status.FROZEN, Status.PAUSED}, Status.DRAFT, "opened for a new version")


def unblind(study: Study, by: Researcher, reason: str) -> Unblinding:
    """From now on outcomes may be seen by arm. Raises ``LifecycleError`` without a reason, or a second time."""
    if not reason.strip():
        raise LifecycleError([_("Write why the study is unblinded now. The reason is kept with the results.")])
    with _moved(study, {Status.LIVE, Status.PAUSED, Status.CLOSED}):
        if is_unblinded(study):
            raise LifecycleError([_("The study is unblinded already.")])
        unblinding = Unblinding.objects.create(study=study, by=by, reason=reason.strip())
        audit.record(study, "unblinded", by=by, content=reason)
    return unblinding


def is_unblinded(study: Study) -> bool:
    """Whether outcomes of live participants may be seen together with arm, origin or article."""
    return Unblinding.objects.filter(study=study).exists()


def may_show_outcomes(study: Study, mode: str) -> bool:
    """Whether outcomes by arm may be shown for participants of this mode: simulated data is always open."""
    return mode == Mode.SIMULATED or is_unblinded(study)


@contextmanager
def _moved(study: Study, allowed: set[Status]) -> Iterator[None]:
    """A transaction that holds the study's row and has read its status afresh; it must be one of ``allowed``."""
    with transaction.atomic():
        locked = Study.objects.select_for_update().get(pk=study.pk)
        study.status, study.current_version = locked.status, locked.current_version
        study.definition = locked.definition
        if locked.status not in allowed:
            status = locked.get_status_display().lower()
            raise LifecycleError([_("The study is %(status)s now; this is not possible then.") % {"status": status}])
        yield


def _move(study: Study, by: Researcher, allowed: set[Status], to: Status, verb: str, **stamps: Now) -> None:
    with _moved(study, allowed):
        Study.objects.filter(pk=study.pk).update(status=to, **stamps)
        study.status = to
        audit.record(study, verb, by=by, subject=f"v{study.current_version.number}" if study.current_version else "")
