"""Forms for arms and articles, and for files of articles."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from surveys.article_files import LARGEST_FILE
from surveys.articles import LONGEST_HEADLINE, LONGEST_TEXT, LONGEST_UNTRUE, languages
from surveys.languages import own_name
from surveys.models import Arm, Article, Curation, Origin, Study
from surveys.other_apps import refusal


class ArmForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only, not in Django
    """An arm. Its key is chosen once, since files and the frozen version name the arm by it."""

    key = forms.SlugField(
        label=_("Key"),
        required=False,
        max_length=40,
        help_text=_("How files call this arm. Empty: made from the label. It cannot be changed later."),
    )

    weight = forms.IntegerField(
        label=_("Weight"),
        min_value=1,
        initial=1,
        help_text=_("Its share of the participants against the other arms."),
    )
    target = forms.IntegerField(
        label=_("Target"),
        min_value=1,
        required=False,
        help_text=_("Completed participants wanted; the arm closes at this number. Empty: no limit."),
    )

    class Meta:
        model = Arm
        fields = ("label", "origin", "curation", "model_slot", "level", "group", "weight", "target")
        labels = {
            "label": _("Label"),
            "origin": _("Origin of its articles"),
            "curation": _("Curation"),
            "level": _("Level"),
            "group": _("Group"),
        }
        help_texts = {
            "model_slot": _(
                "Which model’s texts belong here: its key or name, such as gpt2-medium. What another model wrote here "
                "is not taken. Empty: any model’s."
            ),
            "level": _("A place on an ordered scale, such as millions of parameters, for a trend test."),
        }
        widgets = {"origin": forms.RadioSelect(choices=Origin.choices)}

    field_order = ("label", "key", "origin", "curation", "model_slot", "level", "group", "weight", "target")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["origin"].choices = Origin.choices  # type: ignore[attr-defined]  # without the empty choice
        if self.instance.pk:
            del self.fields["key"]


class ArticleForm(forms.Form):
    """An article as somebody types or pastes it; ``values`` is what ``surveys.articles`` takes."""

    story = forms.CharField(
        label=_("Story"),
        max_length=200,
        help_text=_("The event that is reported. Its versions have one name; nobody reads two of them."),
        widget=forms.TextInput(attrs={"list": "stories", "autocomplete": "off"}),
    )
    arm = forms.ChoiceField(label=_("Arm"), required=False)
    origin = forms.ChoiceField(
        label=_("Who wrote it"),
        required=False,
        choices=Origin.choices,
        widget=forms.RadioSelect,
        help_text=_("Without a choice it is as its arm says."),
    )
    headline = forms.CharField(label=_("Headline"), required=False, max_length=LONGEST_HEADLINE)
    text = forms.CharField(
        label=_("Text"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"class": "long"}),
        help_text=_("An empty line begins a paragraph."),
    )
    untrue = forms.CharField(
        label=_("What is not true in it"),
        required=False,
        max_length=LONGEST_UNTRUE,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Shown at the debriefing, beside this article, to those who read it."),
    )
    source = forms.CharField(label=_("Source"), required=False, max_length=200)
    author = forms.CharField(label=_("Author"), required=False, max_length=200)
    published_on = forms.DateField(
        label=_("Published on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    url = forms.URLField(label=_("Address"), required=False, max_length=500, assume_scheme="https")
    model_name = forms.CharField(label=_("Model"), required=False, max_length=200)
    curation = forms.ChoiceField(label=_("Curation"), required=False, choices=Curation.choices)
    language = forms.CharField(label=_("Language"), max_length=35, initial="en")
    is_invented = forms.BooleanField(
        label=_("The text is invented for a demonstration"), required=False, help_text=_("The debriefing says so.")
    )

    def __init__(self, study: Study, *args: Any, article: Article | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study, self.article = study, article
        self.arms = {arm.key: arm for arm in study.arms.order_by("position", "pk")}
        self.fields["arm"].choices = [("", _("not placed yet")), *((k, a.label) for k, a in self.arms.items())]  # type: ignore[attr-defined]  # a ChoiceField
        self.further = UntrueFields(self, languages(study), article)
        if article is not None:
            # The origin of a stored text is part of where it came from; a wrong one is taken down and added again.
            del self.fields["origin"]
            for name in self.base_fields.keys() & self.fields.keys():
                self.fields[name].initial = getattr(article, name)
            self.fields["story"].initial = article.story.title
            self.fields["arm"].initial = article.arm.key if article.arm else ""
            if why := refusal(article, "change the text"):
                self.fields["text"].help_text = why
                self.fields["text"].widget.attrs["readonly"] = True

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.article is None and not given.get("origin"):
            arm = self.arms.get(given.get("arm", ""))
            if arm is None:
                self.add_error("origin", _("Say who wrote it, or choose an arm."))
            else:
                given["origin"] = arm.origin
        return given

    def values(self) -> dict[str, Any]:
        """The valid form's values but for the story, with the arm's row in place of its key."""
        further = {**(self.article.untrue_in if self.article else {}), **self.further.others()}
        given = {name: value for name, value in self.cleaned_data.items() if name in self.base_fields}
        del given["story"]
        return {**given, "arm": self.arms.get(given["arm"]), "untrue_in": further}


class UntrueForm(forms.Form):
    """What is not true in an article, in each language of the study: it can be written without an edit of the text."""

    untrue = ArticleForm.base_fields["untrue"]

    def __init__(self, article: Article, languages: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["untrue"].initial = article.untrue
        self.further = UntrueFields(self, languages, article)

    def others(self) -> dict[str, str]:
        """The valid form's texts in the languages but the first."""
        return self.further.others()


class UntrueFields:
    """The fields of a form for what is not true in an article in the study's further languages, added to it here."""

    def __init__(self, form: forms.Form, languages: Sequence[str], article: Article | None) -> None:
        self.form, self.languages = form, languages[1:]
        if self.languages:
            form.fields["untrue"].label = _labelled(languages[0])
        for tag in self.languages:
            form.fields[f"untrue-{tag}"] = forms.CharField(
                label=_labelled(tag),
                required=False,
                max_length=LONGEST_UNTRUE,
                initial=article.untrue_in.get(tag, "") if article else "",
                widget=forms.Textarea(attrs={"rows": 4, "lang": tag}),
            )

    def __iter__(self) -> Iterator[BoundField]:
        """For templates: the fields as they are shown."""
        return (self.form[f"untrue-{tag}"] for tag in self.languages)

    def others(self) -> dict[str, str]:
        """The valid form's texts, by language."""
        return {tag: self.form.cleaned_data[f"untrue-{tag}"] for tag in self.languages}


def _labelled(tag: str) -> str:
    return gettext("What is not true in it (%(language)s)") % {"language": own_name(tag)}


class PlaceForm(forms.Form):
    """The arm that an article is put into; only arms of its origin are offered."""

    arm = forms.ChoiceField(label=_("Arm"), required=False)

    def __init__(self, article: Article, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fitting = article.study.arms.filter(origin=article.origin).order_by("position", "pk")
        self.arms = {arm.key: arm for arm in fitting}
        self.fields["arm"].choices = [("", _("none")), *((k, a.label) for k, a in self.arms.items())]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["arm"].initial = article.arm.key if article.arm else ""


class ArticleFileForm(forms.Form):
    """A file of articles."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or JSON, in UTF-8. Either every article in it is stored, or none."),
        widget=forms.FileInput(attrs={"accept": ".csv,.json,text/csv,application/json"}),
        allow_empty_file=True,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(
                _("%(name)s is larger than %(most)s MB. Split it.")
                % {"name": file.name, "most": LARGEST_FILE // 1024 // 1024}
            )
        return file
