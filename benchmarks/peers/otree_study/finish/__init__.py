"""The end page of the oTree peer."""

from content import CONTENT
from otree.api import BaseConstants, BaseGroup, BasePlayer, BaseSubsession, Page


class C(BaseConstants):
    NAME_IN_URL = "finish"
    PLAYERS_PER_GROUP = None
    NUM_ROUNDS = 1


class Subsession(BaseSubsession):
    pass


class Group(BaseGroup):
    pass


class Player(BasePlayer):
    pass


class Finish(Page):
    @staticmethod
    def vars_for_template(player):
        return {"content": CONTENT}


page_sequence = [Finish]
