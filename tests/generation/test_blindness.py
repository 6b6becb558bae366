"""No page tells a blind curator which model wrote a text, nor in which arm it stands, until the study is frozen.

As for participants, the proof is a swap: two models' texts change models, arms and everything that follows from them,
and every address below the study answers with the same bytes.
"""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from analysis.urls import urlpatterns as analysis_urls
from generation import continuing, curation, placing, registry, rules, terms
from generation.lineage import text_sha256
from generation.models import Batch, Candidate, LanguageModel, TextScore, Worker
from generation.urls import urlpatterns as generation_urls
from surveys.models import Article, Study
from surveys.workbench.urls import urlpatterns as workbench_urls
from tests.factories import ready_study
from tests.generation.factories import CONTINUATION, curator, synthetic_arm, text_of, written

pytestmark = pytest.mark.django_db

SECOND = ' Nobody came. "It was late," an invented neighbour said, and the bridge stayed as it was for a year.'
MODELS = ("built-in", "second-invented")


@pytest.fixture
def study() -> Study:
    """Two models with an arm each; of each model's texts one is accepted, one edited, one rejected and one open."""
    made = ready_study()
    first = LanguageModel.objects.get(key=registry.BUILTIN_KEY)
    LanguageModel.objects.create(
        key=MODELS[1], name="A second invented model", source=first.source, location=first.location, context_length=99
    )
    for model in MODELS:
        synthetic_arm(made, model_slot=model, label=f"Texts of {model}", key=f"arm-{model}")
    for number, text in enumerate((CONTINUATION, SECOND)):
        batch = written([text, f"{text} More.", f"{text} Much more.", f"{text} Again."], made)
        if number:
            batch.language_model = LanguageModel.objects.get(key=MODELS[1])
            batch.save()
        by = batch.created_by
        arm = placing.default_arm(batch)
        assert arm is not None
        curation.accept(text_of(batch, 0), by=by, arm=arm)
        curation.edit(text_of(batch, 1), by=by, text=f"{text} Edited.")
        curation.reject(text_of(batch, 2), by=by, reason="It contradicts itself.")
    scored = Article.objects.filter(candidate__isnull=False, study=made)
    for rank, article in enumerate(scored.order_by("pk"), start=1):
        TextScore.objects.create(
            article=article, language_model=first, status="done", model_sha256="0" * 64, requested_by=made.created_by,
            ends=[0, 5], ranks=[rank * 50], logprobs=[-1.0], perplexity=10.0 * rank,
        )  # fmt: skip
    rules.set_rules(made, by=made.created_by, is_blind=True, most_edited=None)
    return made


def test_swapping_the_models_changes_no_page_that_a_blind_curator_gets(client: Client, study: Study) -> None:
    client.force_login(curator(study))
    before = {name: seen(client, study, name) for name in PAGES}
    swap(study)
    after = {name: seen(client, study, name) for name in PAGES}
    assert [name for name in PAGES if before[name] != after[name]] == []
    assert sum("200" in answer[:3] for answer in before.values()) > len(PAGES) / 3


def test_the_same_swap_is_seen_by_an_owner(client: Client, study: Study) -> None:
    """Else the swap would prove nothing."""
    client.force_login(study.created_by)
    before = {name: seen(client, study, name) for name in PAGES}
    swap(study)
    changed = {name for name in PAGES if before[name] != seen(client, study, name)}
    assert changed >= {
        "generation:index",
        "generation:batch",
        "workbench:study-article",
        "workbench:study-articles",
        "workbench:study-article-edit",
    }


def test_whether_a_text_found_an_arm_changes_no_page_that_a_blind_curator_gets(client: Client, study: Study) -> None:
    """Where not every model has an arm, that tells the model. A swap of two that have one would not show it."""
    ask_about_stories(study)
    for by, names in ((curator(study), list(PAGES)), (study.created_by, ["workbench:study"])):
        client.force_login(by)
        before = {name: seen(client, study, name) for name in names} | {"home": home(client)}
        placed = dict(Article.objects.filter(study=study, candidate__isnull=False).values_list("pk", "arm"))
        Article.objects.filter(pk__in=placed).update(arm=None)
        after = {name: seen(client, study, name) for name in names} | {"home": home(client)}
        changed = {name for name in before if before[name] != after[name]}
        for pk, arm in placed.items():
            Article.objects.filter(pk=pk).update(arm=arm)
        if by == study.created_by:
            assert changed == {"workbench:study", "home"}, "else it would prove nothing"
        else:
            assert changed == set()


def test_a_blind_curator_cannot_place_or_edit_a_machine_written_article_but_a_real_one(
    client: Client, study: Study
) -> None:
    client.force_login(curator(study))
    text = Article.objects.filter(study=study, candidate__isnull=False)[0]
    real = Article.objects.filter(study=study, origin="real")[0]
    for name in ("study-article-place", "study-article-edit"):
        for article, allowed in ((text, False), (real, True)):
            answer = client.post(reverse(f"workbench:{name}", args=[study.key, article.key]), {"arm": ""})
            assert (answer.status_code != 403) == allowed, (name, article.origin)
    text.refresh_from_db()
    assert text.arm is not None


def test_the_log_says_what_was_done_but_not_to_which_batch(client: Client, study: Study) -> None:
    client.force_login(curator(study))
    log = client.get(reverse("workbench:study-log", args=[study.key])).content.decode()
    assert "candidate accepted" in log
    assert "batch 1" not in log
    client.force_login(study.created_by)
    assert "batch 1, candidate 0" in client.get(reverse("workbench:study-log", args=[study.key])).content.decode()


def test_a_copy_which_would_be_ones_own_is_not_offered(client: Client, study: Study) -> None:
    client.force_login(curator(study))
    assert f"copy:{study.key}" not in client.get(reverse("workbench:study-new")).content.decode()
    refused = client.post(reverse("workbench:study-new"), {"name": "Mine", "start": f"copy:{study.key}"})
    assert refused.status_code == 200
    assert not Study.objects.filter(name="Mine").exists()


def test_neither_deciding_nor_opening_again_shows_the_raw_draft_or_its_ranks(client: Client, study: Study) -> None:
    client.force_login(curator(study))
    batch = Batch.objects.filter(study=study)[0]
    batch.candidates.update(removals=[{"what": "<|im_end|>", "why": "a special token"}])
    for index in (0, 2, 3):
        code = text_of(batch, index).code
        ranks = client.get(reverse("generation:ranks", args=[study.key, code])).content.decode()
        assert "shown once the study is frozen" in ranks
        assert "im_end" not in client.get(reverse("generation:candidate", args=[study.key, code])).content.decode()


@pytest.mark.parametrize("max_tokens", ["8", "9000"])
def test_going_on_from_a_text_answers_alike_whatever_its_model_holds_or_asks(
    client: Client, study: Study, max_tokens: str
) -> None:
    """The second model has room for 99 tokens, and terms."""
    second = LanguageModel.objects.get(key=MODELS[1])
    by = curator(study)
    client.force_login(by)
    texts = [text_of(batch, 3) for batch in Batch.objects.filter(study=study).order_by("number")]

    def answers() -> set[str]:
        found = set()
        for text in texts:
            url = reverse("generation:continue", args=[study.key, text.code])
            cut = continuing.places_to_cut(curation.standing_text(text))[0][0]
            shown = text_sha256(curation.standing_text(text))
            asked = {"cut": cut, "size": 1, "max_tokens": max_tokens, "shown": shown}
            answer = client.post(url, asked)
            page = re.sub(r'value="\w{64}"|X-CSRFToken": "\w{64}', "", answer.content.decode())
            told = [part for part in page.split("\n") if "error" in part or "notice" in part]
            found.add(f"{answer.status_code} {told}")
        return found

    second.terms = "For research only."
    second.save()
    assert len(refused := answers()) == 1
    assert "400" in refused.pop()
    terms.accept(second, by, read=terms.terms_sha256(second))
    assert answers() == {"302 []"}


def test_the_page_of_workers_tells_a_blind_curator_neither_the_idle_model_nor_its_memory(
    client: Client, study: Study
) -> None:
    Worker.objects.create(name="w:1", process=1, model_name="Second invented", device="cpu", memory=2**31, free=2**32)
    page = reverse("models:workers")
    client.force_login(curator(study))
    blind = client.get(page).content.decode()
    assert "w:1" in blind
    for told in ("Second invented", "2.0\xa0GB", "4.0\xa0GB"):
        assert told not in blind
    client.force_login(study.created_by)
    assert "Second invented" in (owner := client.get(page).content.decode())
    assert "2.0\xa0GB" in owner


def test_once_the_study_is_frozen_everything_is_open(client: Client, study: Study) -> None:
    client.force_login(curator(study))
    text = Article.objects.get(study=study, candidate__batch__number=2)
    assert text.arm is not None
    page = reverse("workbench:study-article", args=[study.key, text.key])
    assert text.arm.label not in client.get(page).content.decode()
    version = study.versions.create(number=1, document="{}", sha256="0" * 64, frozen_by=study.created_by)
    Study.objects.filter(pk=study.pk).update(status=Study.Status.FROZEN, current_version=version)
    assert text.arm.label in client.get(page).content.decode()


def swap(study: Study) -> None:
    """Give each batch the other's model, and each of its texts what follows: numbers, raw ends, arm, lineage, score."""
    one, two = Batch.objects.filter(study=study).order_by("number")
    one.language_model, two.language_model = two.language_model, one.language_model
    one.sampling |= {"temperature": 0.123, "max_tokens": 77}
    for batch in (one, two):
        batch.save()
        batch.candidates.update(mean_logprob=-9.87, seed=1234, finish_reason="length", tokens=777, rows=31)
        for text in batch.candidates.all():
            text.raw_text += "<|im_end|>"
            text.removals = [{"what": "<|im_end|>", "why": "a special token"}]
            text.save()
    first, second = Article.objects.filter(study=study, candidate__isnull=False).order_by("candidate__batch__number")
    first.arm, second.arm = second.arm, first.arm
    first.model_name, second.model_name = second.model_name, first.model_name
    for part in ("model", "engine", "sampling", "batch", "candidate", "score"):
        first.lineage[part], second.lineage[part] = second.lineage[part], first.lineage[part]
    for article in (first, second):
        # What people wrote of a text is no matter of its model: the parts that it is measured by stay.
        article.lineage["raw"]["text"] += "<|im_end|>"
    first.save()
    second.save()
    TextScore.objects.filter(article=first).update(ranks=[9999], perplexity=99.9)


def seen(client: Client, study: Study, name: str) -> str:
    """What an address answers, for every text or article that it can be asked of, without tokens, nonces and times."""
    answers = []
    for values in filled(study, name):
        response = client.get(reverse(name, kwargs=values), follow=True)
        answers.append(f"{response.status_code} {response.redirect_chain} {stable(response.content.decode())}")
    return "\n".join(answers)


def home(client: Client) -> str:
    """The list of studies, which names the next step in each."""
    return stable(client.get(reverse("workbench:home")).content.decode())


def stable(page: str) -> str:
    """A page without tokens, nonces and times."""
    changing = r'value="(\w{64}|[0-9a-f]{16})"|X-CSRFToken": "\w{64}|nonce="[^"]+"|\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?'
    return re.sub(changing, "", page)


def ask_about_stories(study: Study) -> None:
    """A question with a correct answer for each story that is told now, of texts in arms alone."""
    told = Article.objects.filter(study=study).exclude(arm=None).values_list("story__key", flat=True)
    reading = next(block for block in study.definition["blocks"] if block["when"] == "reading")
    reading["items"].append({
        "key": "about-what", "kind": "single", "wording": {"en": "What is it about?"},
        "options": [{"code": "bridge", "label": {"en": "A bridge"}}, {"code": "school", "label": {"en": "A school"}}],
        "correct_by_story": {key: ["bridge"] for key in set(told)},
    })  # fmt: skip
    study.save()


def filled(study: Study, name: str) -> list[dict[str, Any]]:
    """The values of an address's parameters: all texts and articles, and one of each other thing."""
    wanted = PAGES[name]
    base: dict[str, Any] = {"study_key": study.key} | {key: OTHERS[key] for key in wanted if key in OTHERS}
    texts = [{"code": code} for code in Candidate.objects.filter(batch__study=study).values_list("code", flat=True)]
    articles = [{"article_key": key} for key in study.articles.values_list("key", flat=True)]
    arms = [{"arm_key": f"arm-{model}"} for model in MODELS]
    blocks = [{"block_key": block["key"]} for block in study.definition["blocks"]]
    for key, found in (("code", texts), ("article_key", articles), ("arm_key", arms), ("block_key", blocks)):
        if key in wanted:
            return [base | values for values in found]
    return [base]


# What of a study is neither text, article, arm nor block: any will do, also one that is not there.
OTHERS: dict[str, Any] = {
    "number": 1,
    "prompt": 1,
    "gate": "leaks",
    "member": "none",
    "person_key": "none",
    "item_key": "none",
    "kind": "text",
    "report_key": "none",
    "export_key": "none",
    "plan_key": "none",
    "name": "none",
}


def pages() -> dict[str, set[str]]:
    """{name: parameters} of every address below a study, whoever it belongs to: a new one is held to it by itself."""
    found = {}
    for app, patterns in (
        ("workbench", workbench_urls), ("generation", generation_urls), ("analysis", analysis_urls)
    ):  # fmt: skip
        for pattern in patterns:
            assert isinstance(pattern, URLPattern)
            parameters = set(pattern.pattern.converters)
            if app != "workbench" or "study_key" in parameters:
                found[f"{app}:{pattern.name}"] = parameters - {"study_key"}
    return found


PAGES = pages()
