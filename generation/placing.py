"""In which arm a text belongs: its model's, and one that holds texts chosen as this one was."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.models import Batch, LanguageModel
from surveys.models import Arm, Article, Curation, Origin, Study
from surveys.readiness import Gate


def default_arm(batch: Batch, curation: str = Curation.CURATED) -> Arm | None:
    """The arm for a batch's texts that were chosen so: its model's, else one for any model; None where none fits.

    Of each the arm for this way of choosing comes before one that names none. An arm for the other way never fits: in
    it the text would count as chosen otherwise.
    """
    arms = list(Arm.objects.filter(study=batch.study_id, origin=Origin.SYNTHETIC).order_by("position", "pk"))
    called = _names_of(batch.language_model)
    of_model = [arm for arm in arms if arm.model_slot and arm.model_slot.casefold() in called]
    of_any = [arm for arm in arms if not arm.model_slot]
    fitting = (arm for some in (of_model, of_any) for way in (curation, "") for arm in some if arm.curation == way)
    return next(fitting, None)


def refusal(article: Article) -> str:
    """Why a text that a model wrote here does not belong in the arm that it stands in, or is to; '' where it does."""
    arm = article.arm
    if arm is None or _is_for(arm, article.lineage, _names_now):
        return ""
    model = article.lineage["model"]
    message = _(
        "The arm “%(arm)s” is for texts of %(slot)s, and %(model)s wrote this one. Choose another arm, or write "
        "“%(key)s” as the arm’s model."
    )
    return message % {"arm": arm.label, "slot": arm.model_slot, "model": model["name"], "key": model["key"]}


def gates(study: Study) -> Iterator[Gate]:
    """Lines of the checklist: that texts stand in their models' arms, and that every accepted one stands in an arm."""
    made = Article.objects.filter(study=study, replaced_by=None, taken_down_at=None).exclude(lineage={})
    articles = list(made.select_related("arm").only("key", "lineage", "arm").order_by("key"))
    if not articles:
        return
    keys = {article.lineage["model"]["key"] for article in articles if article.lineage.get("model")}
    names = {model.key: _names_of(model) for model in LanguageModel.objects.filter(key__in=keys)}
    strange = [
        f"{article.key} ({article.arm.label})"
        for article in articles
        if article.arm and not _is_for(article.arm, article.lineage, lambda key: names.get(key, set()))
    ]
    detail = _("Of other models: %(all)s. Place them in another arm, or change the arm’s model.")
    yield Gate(
        _("The arms hold texts of their own models"),
        not strange,
        detail % {"all": ", ".join(strange)} if strange else "",
        where="articles",
    )
    left = sum(article.arm is None for article in articles)
    detail = ngettext(
        "%(n)s accepted text stands in no arm, and nobody would read it. Place it, or take it down.",
        "%(n)s accepted texts stand in no arm, and nobody would read them. Place them, or take them down.",
        left,
    )
    yield Gate(
        _("Every accepted text stands in an arm"),
        not left,
        detail % {"n": left} if left else "",
        blocks=False,
        where="articles",
    )


def _is_for(arm: Arm, lineage: dict[str, Any], names_now: Callable[[str], set[str]]) -> bool:
    """Whether an arm is for a lineage's model, by what that was called then or is now: ``names_now`` of its key."""
    model = lineage.get("model", {})
    if not arm.model_slot or not model:
        return True
    slot = arm.model_slot.casefold()
    if slot in _called([model["key"], model["name"], model.get("identity", {}).get("repository", "")]):
        return True
    return slot in names_now(model["key"])


def _names_now(key: str) -> set[str]:
    model = LanguageModel.objects.filter(key=key).first()
    return set() if model is None else _names_of(model)


def _names_of(model: LanguageModel) -> set[str]:
    return _called([model.key, model.name, model.location])


def _called(names: Iterable[str]) -> set[str]:
    # A slot says 'gpt2-medium' or 'SmolLM2-135M-Instruct' and not in which folder or whose repository that lies.
    return {called.casefold() for name in names for called in (name, name.rstrip("/").rpartition("/")[2]) if called}
