"""Whether a draft can be frozen: what it would be, and the checklist of what is still to do, with other apps' lines."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from surveys import recruitment, study_file
from surveys.definition import DefinitionError, read_definition
from surveys.design import RULE
from surveys.frozen import FrozenStudy
from surveys.models import Article, Outcome, Study
from surveys.other_apps import hides_models
from surveys.recruitment import PANEL_NAMES
from surveys.wording import untranslated


@dataclass(frozen=True)
class Gate:
    """One line of the checklist before freezing. A gate that does not block is advice.

    ``where`` is the part of the study in which it is mended: texts, design, questions, arms, articles, or '' for none;
    ``url`` the page of another app that says more and where it is mended, with ``step`` on the button that leads there.
    ``reads_articles`` says of one that is mended elsewhere that it depends on which articles stand in arms.
    """

    label: str
    passed: bool
    detail: str = ""
    blocks: bool = True
    where: str = ""
    url: str = ""
    step: str = ""
    reads_articles: bool = False


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
        allocation_rule=RULE,
    )


def readiness(study: Study) -> list[Gate]:
    """The checklist before freezing: each gate with what is still to do."""
    try:
        draft = compose(study)
    except DefinitionError as error:
        return [Gate(_("The definition can be read"), False, " ".join(error.problems), where="questions")]
    gates = [*_wording_gates(draft), *_design_gates(draft), *_panel_gates(study)]
    for name in settings.LAUNCH_GATES:
        gates += import_string(name)(study)
    return gates


def told(study: Study) -> list[Gate]:
    """The checklist as ``study.role`` may read it: without what would tell of a text whether it found an arm."""
    gates = readiness(study)
    if not hides_models(study):
        return gates
    # That a line is met, or one more of them is, tells it as well as what the line says.
    return [gate for gate in gates if gate.where != "articles" and not gate.reads_articles]


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
    if unclear := definition.problems_before_freezing():
        yield Gate(_("Every answer can be told from the others"), False, "; ".join(unclear), where="questions")
    yield from _story_gates(draft)
    problems = draft.design_spec().problems()
    yield Gate(_("The articles fit the design"), not problems, " ".join(problems), where="articles")
    yield from _curation_gates(draft)
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
    yield from _debriefing_gates(draft)
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


def _curation_gates(draft: FrozenStudy) -> Iterator[Gate]:
    """Whether articles were chosen as their arms say: reports compare arms, and files tell each article's own way."""
    ways = {arm.key: arm.curation for arm in draft.arms}
    if not any(ways.values()):
        return
    strange = [f"{a.key} ({a.arm})" for a in draft.articles if a.curation and ways[a.arm] not in {"", a.curation}]
    detail = _("Chosen otherwise: %(all)s. Place them in another arm, or change the arm’s curation.")
    yield Gate(
        _("The articles were chosen as their arms say"),
        not strange,
        detail % {"all": ", ".join(strange)} if strange else "",
        where="articles",
    )


def _debriefing_gates(draft: FrozenStudy) -> Iterator[Gate]:
    """Whether models wrote what is called theirs, and everybody learns, in their language, what is wrong in it."""
    written = [article for article in draft.articles if article.origin == "synthetic"]
    people = [article.key for article in written if article.rewritten_by_people]
    if written:
        advice = _("People wrote most of: %(all)s. Readers are told so, and the arm counts as its model’s.")
        yield Gate(
            _("Most of each machine-written article is a model’s"),
            not people,
            advice % {"all": ", ".join(people)} if people else "",
            blocks=False,
            where="articles",
        )
    first, *others = draft.definition.languages
    missing = {first: [article.key for article in written if not article.untrue]}
    missing |= {tag: [article.key for article in written if not article.untrue_in.get(tag)] for tag in others}
    gaps = "; ".join(f"{tag}: {', '.join(keys)}" for tag, keys in missing.items() if keys)
    if written:
        advice = _("Missing in %(gaps)s. Write it on each article's page, or that nothing in it is untrue.")
        yield Gate(
            _("The debriefing says what is not true in the machine-written articles"),
            not gaps,
            advice % {"gaps": gaps} if gaps else "",
            blocks=False,
            where="articles",
        )


def _panel_gates(study: Study) -> Iterator[Gate]:
    """Whether who completes is led back to the panel, which pays by what it gave to this study alone."""
    labels = {
        "prolific": _("Prolific’s completion code is set"),
        "connect": _("The project of CloudResearch Connect is set"),
        "sona": _("SONA’s host, experiment and credit token are set"),
    }
    try:
        panel = recruitment.read(study)
    except recruitment.RecruitmentError as error:
        label, detail, passed = _("The panel’s settings can be read"), " ".join(error.problems), False
    else:
        if panel.panel not in labels:
            return
        label, name = labels[panel.panel], PANEL_NAMES[panel.panel]
        if panel.panel == "prolific":
            passed = bool(recruitment.code(panel, Outcome.COMPLETED))
        else:
            # SONA's link has each person's own id besides.
            passed = bool(recruitment.return_link(panel, Outcome.COMPLETED, panel.panel, "1"))
        detail = _("Without it nobody is led back, and %(panel)s does not know whom to pay.") % {"panel": name}
    yield Gate(
        label,
        passed,
        "" if passed else detail,
        blocks=False,
        url=reverse("workbench:study-recruitment", kwargs={"study_key": study.key}),
        step=_("Recruitment"),
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
        yield Gate(label, not wrong, detail if wrong else "", where="questions", reads_articles=True)


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
