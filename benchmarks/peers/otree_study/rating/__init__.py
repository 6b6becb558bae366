"""The article pages of the oTree peer: a round an article, four radio questions and a comment."""

from content import CONTENT
from otree.api import BaseConstants, BaseGroup, BasePlayer, BaseSubsession, Page, models, widgets


def rating(name):
    choices = [[code, label] for code, label in CONTENT["options"].items()]
    return models.StringField(label=CONTENT["questions"][name], choices=choices, widget=widgets.RadioSelect)


class C(BaseConstants):
    NAME_IN_URL = "rating"
    PLAYERS_PER_GROUP = None
    NUM_ROUNDS = len(CONTENT["articles"])


class Subsession(BaseSubsession):
    pass


class Group(BaseGroup):
    pass


class Player(BasePlayer):
    believable = rating("believable")
    accurate = rating("accurate")
    clear = rating("clear")
    share = rating("share")
    comment = models.LongStringField(label=CONTENT["comment"])


class Rating(Page):
    form_model = "player"
    form_fields = ["believable", "accurate", "clear", "share", "comment"]

    @staticmethod
    def vars_for_template(player):
        return {"content": CONTENT, "article": CONTENT["articles"][player.round_number - 1]}


page_sequence = [Rating]
