"""The forms of a launched study's amendments: another target, an article that is not given any more."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.design import Amended
from surveys.frozen import FrozenStudy

REASON = forms.CharField(
    label=_("Reason"),
    max_length=2000,
    widget=forms.Textarea(attrs={"rows": 3}),
    help_text=_("It stands in the log as a digest, and in the report beside the deviation."),
)


class TargetForm(forms.Form):
    """Another target for an arm, or for the arms that one person reads together."""

    prefix = "target"
    use_required_attribute = False
    arm = forms.ChoiceField(label=_("Arm"))
    target = forms.IntegerField(
        label=_("New target"), min_value=1, required=False, help_text=_("Completed participants; empty for no limit.")
    )
    reason = REASON

    def __init__(self, frozen: FrozenStudy, now: Amended, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {arm.key: arm.label for arm in frozen.arms}
        choices = []
        for _name, arms in frozen.design_spec().amended(now).groups:
            limit = _("no limit") if arms[0].target is None else arms[0].target
            choices.append((arms[0].key, f"{' + '.join(labels[arm.key] for arm in arms)} ({limit})"))
        self.fields["arm"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField


class ArticleForm(forms.Form):
    """An article that nobody is given any more."""

    prefix = "article"
    use_required_attribute = False
    article = forms.ChoiceField(label=_("Article"))
    whole_story = forms.BooleanField(label=_("And every other version of its story"), required=False)
    reason = REASON

    def __init__(self, frozen: FrozenStudy, now: Amended, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        left = [article for article in frozen.articles if article.key not in now.dropped]
        self.fields["article"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (article.key, f"{article.key} ({article.story}, {article.arm})") for article in left
        ]
