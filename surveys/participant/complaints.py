"""The words for what is wrong with an answer."""

from django.utils.translation import gettext

from surveys.items import Problem


def sentence(problem: Problem) -> str:
    """What is wrong with a value and what to do, in the page's language."""
    words = {
        "missing": gettext("Please answer this question."),
        "asked-now": gettext("An answer above leads to this question: please answer it, too."),
        "not-agreed": gettext("Please tick this box to go on."),
        "unknown-code": gettext("Please choose one of the answers shown."),
        "several": gettext("Please give one answer only."),
        "exclusive": gettext("Please either answer, or choose that you prefer not to say."),
        "exclusive-option": gettext("One of the answers that you chose excludes the others: please choose again."),
        "rank-missing": gettext("Please give each of these a place."),
        "rank-twice": gettext("Please give each place once: two of these have the same."),
        "not-a-number": gettext("Please write a number, in digits."),
        "thousands": gettext(
            "“%(limit)s” can be read in two ways: please choose below which number you mean, or write another."
        ),
        "off-step": gettext("Please write a number in steps of %(limit)s."),
        "too-small": gettext("Please write a number that is not below %(limit)s."),
        "too-large": gettext("Please write a number that is not above %(limit)s."),
        "too-long": gettext("Please shorten this to at most %(limit)s characters."),
    }
    return words[problem.key] % {"limit": problem.limit}
