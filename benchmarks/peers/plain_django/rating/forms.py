"""The form under an article: four radio questions and a comment."""

from django import forms

from rating.content import CONTENT


def rating(name):
    choices = list(CONTENT["options"].items())
    return forms.ChoiceField(label=CONTENT["questions"][name], choices=choices, widget=forms.RadioSelect)


class RatingForm(forms.Form):
    believable = rating("believable")
    accurate = rating("accurate")
    clear = rating("clear")
    share = rating("share")
    comment = forms.CharField(label=CONTENT["comment"], widget=forms.Textarea(attrs={"rows": 5}))
