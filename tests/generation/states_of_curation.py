"""The pages of curation in every state: the queue, a text, its edits, what goes on from it, curators, pairs."""

from collections.abc import Iterator

from django.urls import reverse

from generation import comparing, curation, opinions, remarks, scratch
from generation.assignments import assign
from generation.models import Candidate
from generation.rules import set_rules
from surveys.models import Researcher, Role, Study
from tests.factories import ArmFactory, ArticleFactory, StudyFactory, member
from tests.generation.factories import CONTINUATION, OPENING, address, curator, synthetic_arm, text_of, written
from tests.generation.states import Shown, nothing_waits, seen
from tests.generation.test_continuing import continued

TEXTS = [f"{CONTINUATION} Version {number}." for number in range(4)]
MARKED = " It ends.\nAdvertisement\nSubscribe to our newsletter today!\n\nAs an AI language model, I can"


def of_curation() -> Iterator[Shown]:
    """All of them."""
    nothing_waits()
    yield from _queues()
    yield from _texts()
    yield from _edits()
    yield from _goes_on()
    yield from _panels()
    yield from _curators()
    yield from _pairs()


def _queues() -> Iterator[Shown]:
    study = StudyFactory()
    by = study.created_by
    yield "review, no texts yet", seen(by, address(study, "review"))
    yield "review, no texts yet, to an observer", seen(member(study, Role.OBSERVER), address(study, "review"))
    batch = written([CONTINUATION], study=study)
    yield "review, no text fits the filters", seen(by, f"{address(study, 'review')}?decision=rejected&sort=long")
    curation.reject(text_of(batch), by=by, reason="dull")
    yield "review, all decided", seen(by, address(study, "review"))
    set_rules(study, by=by, is_blind=True, most_edited=None)
    blind = curator(study)
    yield "review, all decided, to a blind curator", seen(blind, address(study, "review"))
    yield "checklist, to a blind curator", seen(blind, reverse("workbench:study", args=[study.key]))


def _texts() -> Iterator[Shown]:
    batch = written([CONTINUATION, MARKED, "", *TEXTS], headline="The old bridge")
    study, by = batch.study, batch.created_by
    real = ArmFactory(study=study, origin="real")
    ArticleFactory(arm=real, story=batch.prompt.story, text=f"{OPENING}\n\n{CONTINUATION}")

    def page(index: int) -> str:
        return address(study, "candidate", 1, index)

    yield "text, pending", seen(by, page(0))
    yield "text, with filters", seen(by, f"{page(0)}?batch=1&sort=long")
    yield "text, with flags and what cleaning took out", seen(by, page(1))
    yield "text, nothing left of it", seen(by, page(2))
    yield "text, to an observer", seen(member(study, Role.OBSERVER), page(0))
    yield "text, rejected without a reason", seen(by, address(study, "reject", 1, 0), {"revision": 0})
    yield "text, accepted into nothing", seen(by, address(study, "accept", 1, 0), {"revision": 0, "story": "none"})
    curation.accept(text_of(batch, 3), by=by, arm=synthetic_arm(study))
    yield "text, accepted", seen(by, page(3))
    curation.reject(text_of(batch, 4), by=by, reason="dull")
    yield "text, rejected", seen(by, page(4))
    remarks.remark(text_of(batch, 5), by=by, toggle=True, text="Who is meant here?")
    scratch.keep(text_of(batch, 5), by=by, sequence=1, revision=0, text="Typed, not saved.", note="Not saved either.")
    curation.edit(text_of(batch, 5), by=by, text=f"{OPENING} Another end.")
    yield "text, marked, noted and edited", seen(by, page(5))
    yield "text, a note that is too long", seen(by, address(study, "note", 1, 5), {"text": "long " * 1000})
    yield "text, under the ranks of its words", seen(by, address(study, "ranks", 1, 0))
    Candidate.objects.filter(batch=batch, index=1).update(ranks=[])
    yield "text, no ranks", seen(by, address(study, "ranks", 1, 1))


def _edits() -> Iterator[Shown]:
    batch = written(headline="The old bridge")
    study, by, page = batch.study, batch.created_by, address(batch.study, "edit", 1, 0)
    yield "edit", seen(by, page)
    yield "edit, nothing left", seen(by, page, {"text": "", "revision": 0})
    scratch.keep(text_of(batch), by=by, sequence=1, revision=0, text="Typed, not saved.")
    yield "edit, what was not saved", seen(by, page)
    curation.edit(text_of(batch), by=by, text=f"{OPENING} Another end.")
    yield "edit, what was not saved, changed since", seen(by, page)
    yield "edit, somebody else was quicker", seen(by, page, {"text": "My own.", "revision": 0})
    set_rules(study, by=by, is_blind=False, most_edited=10)
    yield "edit, up to a share", seen(by, page, {"text": "Short.", "revision": 1})
    set_rules(study, by=by, is_blind=False, most_edited=0)
    yield "edit, forbidden", seen(by, page)


def _goes_on() -> Iterator[Shown]:
    batch = written([*TEXTS, ""], headline="The old bridge", opening_shown=False, kind="instruction")
    study, by = batch.study, batch.created_by
    yield "continue", seen(by, address(study, "continue", 1, 0))
    yield "continue, nothing chosen", seen(by, address(study, "continue", 1, 0), {"size": 0, "max_tokens": 10**6})
    yield "continue, an empty text", seen(by, address(study, "continue", 1, 4))
    branch = written([CONTINUATION], headline="The old bridge")
    continued(text_of(branch), len(OPENING))
    yield "text, with a tree", seen(branch.created_by, address(branch.study, "candidate", 1, 0))


def _panels() -> Iterator[Shown]:
    """Texts that several are asked about, curated blind."""
    batch = written(TEXTS, headline="The old bridge")
    study, by = batch.study, batch.created_by
    one, two, third = _people(study)
    set_rules(study, by=by, is_blind=True, most_edited=20)
    assign(study, list(batch.candidates.all()), by=by, curators=[one, two], each=2, seed=1)
    page = address(study, "candidate", 1, 0)
    yield "text, to one of those asked", seen(one, address(study, "review"))
    yield "text, opinions awaited, to an owner", seen(by, page)
    yield "text, an opinion without a reason", seen(one, address(study, "reject", 1, 0), {"revision": 0})
    opinions.give(text_of(batch), by=one, verdict="accept")
    opinions.give(text_of(batch), by=two, verdict="reject", reason="It contradicts itself.")
    yield "text, opinions differ", seen(third, page)
    yield "text, opinions differ, no reason", seen(third, address(study, "accept", 1, 0), {"revision": 0})
    yield "text, opinions differ, to one of both", seen(two, page)
    yield "curators, some to adjudicate", seen(by, address(study, "curation"))
    yield "curators, to a blind curator", seen(one, address(study, "curation"))
    for index in (1, 2, 3):
        opinions.give(text_of(batch, index), by=one, verdict="accept")
    yield "text, my opinion is kept and another's awaited", seen(one, address(study, "candidate", 1, 1))
    yield "review, nothing left for me", seen(one, f"{address(study, 'review')}?want=mine")


def _curators() -> Iterator[Shown]:
    study = StudyFactory()
    by, page = study.created_by, address(study, "curation")
    yield "curators, no texts", seen(by, page)
    written(TEXTS, study=study)
    one, two, _third = _people(study)
    yield "curators, nobody asked", seen(by, page)
    yield "curators, to an observer", seen(member(study, Role.OBSERVER), page)
    yield "curators, wrong rules", seen(by, address(study, "curation-rules"), {"most_edited": 101})
    yield "curators, nobody chosen", seen(by, address(study, "assign"), {"each": 2})
    asked = {"each": 2, "curators": [one.pk, two.pk]}
    yield "curators, asked", seen(by, address(study, "assign"), asked)


def _pairs() -> Iterator[Shown]:
    study = StudyFactory()
    by = study.created_by
    yield "pairs, none", seen(by, address(study, "pairs"))
    batch = written(TEXTS, study=study, headline="The old bridge")
    written(TEXTS, study=study)
    prompt = batch.prompt
    yield "pairs", seen(by, address(study, "pairs"))
    yield "ranking, nothing compared", seen(by, address(study, "ranking", prompt.number))
    pair = address(study, "pair", prompt.number)
    yield "pair", seen(by, pair)
    texts = list(batch.candidates.order_by("index"))

    def compare(first: int, second: int, winner: int | None) -> None:
        left, right = texts[first].code, texts[second].code
        chosen = "" if winner is None else texts[winner].code
        comparing.compare_pair(study, prompt, by=by, left=left, right=right, winner=chosen)

    compare(0, 1, 0)
    compare(2, 3, None)
    yield "pair, with an undo", seen(by, pair)
    yield "ranking, of groups", seen(by, address(study, "ranking", prompt.number))
    compare(1, 2, 1)
    yield "ranking", seen(by, address(study, "ranking", prompt.number))
    yield "ranking, to an observer", seen(member(study, Role.OBSERVER), address(study, "ranking", prompt.number))
    curation.edit(text_of(batch, 3), by=by, text=f"{OPENING} Another end.")
    yield "ranking, too many wanted", seen(by, address(study, "accept-best", prompt.number), {"k": 99, "shown": "x"})
    for index in range(4):
        curation.reject(text_of(batch, index), by=by, reason="dull")
    yield "ranking, no text left", seen(by, address(study, "ranking", prompt.number))


def _people(study: Study) -> list[Researcher]:
    # As long as addresses can be: they stand in lists, labels and buttons.
    long = "some.name.that.is.as.long.as.some.are"
    return [member(study, Role.CURATOR, email=f"{long}.{study.pk}.{n}@example.org") for n in range(3)]
