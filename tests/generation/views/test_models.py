"""The registry's pages: what is offered, who may add, closed models, downloads that can be watched and stopped."""

from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from generation import batches, downloads, registry
from generation.batches import RequestError
from generation.engine.builtin import builtin_model
from generation.engine.served import Server
from generation.models import Download, LanguageModel, TermsAcceptance
from surveys.models import Researcher
from tests.factories import ResearcherFactory
from tests.generation.factories import built_in, queued

pytestmark = pytest.mark.django_db

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = {"repository": "invented/model", "revision": COMMIT, "key": "mine", "name": "", "licence": "MIT"}
SERVER = {
    "address": "http://gpu.example.org:8000/v1",
    "model": "invented/large",
    "dialect": "vllm",
    "context_length": "8192",
    "key_variable": "STUDYWEB_MODEL_KEY_LAB",
    "key": "large",
}


@pytest.fixture
def boss(client: Client) -> Researcher:
    boss = ResearcherFactory(is_superuser=True)
    client.force_login(boss)
    return boss


def page(client: Client, name: str, *rest: str) -> str:
    return client.get(reverse(f"models:{name}", args=rest)).content.decode()


def test_the_family_of_the_staged_release_is_listed_each_at_its_commit(client: Client, boss: Researcher) -> None:
    built_in()
    html = page(client, "index")
    for name in ("GPT-2 124M", "GPT-2 355M", "GPT-2 774M", "GPT-2 1558M", "SmolLM2 135M"):
        assert name in html
    family = LanguageModel.objects.filter(source="hub")
    assert family.count() == 4
    assert all(len(model.revision) == 40 and model.licence and model.note for model in family)
    assert "Not on this machine" in html


def test_only_what_is_here_is_offered_for_a_batch(settings: Any, tmp_path: Path) -> None:
    built_in()
    assert [model.key for model in registry.offered()] == [registry.BUILTIN_KEY]


def test_a_model_of_the_hub_is_added_by_who_looks_after_the_installation(
    client: Client, boss: Researcher, broker: redis.Redis
) -> None:
    answer = client.post(reverse("models:add-hub"), HUB)
    assert answer.status_code == 302
    model = LanguageModel.objects.get(key="mine")
    assert (model.location, model.revision, model.licence) == ("invented/model", COMMIT, "MIT")
    assert Download.objects.get(language_model=model).requested_by == boss
    html = page(client, "model", "mine")
    assert "Stop the download" in html
    assert COMMIT in html


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"repository": "../etc"}, "no repository of the hub"),
        ({"revision": "main"}, "40 hexadecimal digits"),
        ({"key": "built-in"}, "Another model is called so"),
        ({"key": "two words"}, "slug"),
    ],
)
def test_what_the_hub_could_not_have_is_refused_beside_the_form(
    client: Client, boss: Researcher, changes: dict[str, str], sentence: str
) -> None:
    built_in()
    answer = client.post(reverse("models:add-hub"), HUB | changes)
    assert sentence in answer.content.decode()
    assert not LanguageModel.objects.filter(key="mine").exists()


def test_a_served_model_is_added_with_its_dialect_and_the_name_of_its_key(client: Client, boss: Researcher) -> None:
    assert client.post(reverse("models:add-server"), SERVER).status_code == 302
    model = LanguageModel.objects.get(key="large")
    assert (model.source, model.revision, model.dialect) == ("server", "invented/large", "vllm")
    assert registry.server(model).key_variable == "STUDYWEB_MODEL_KEY_LAB"
    assert model in registry.offered()
    assert "STUDYWEB_MODEL_KEY_LAB" in page(client, "model", "large")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"address": "gpu.example.org"}, "Must be a whole address"),
        ({"key_variable": "SECRET_KEY"}, "Must begin with STUDYWEB_MODEL_KEY_"),
        ({"dialect": "klingon"}, "Select a valid choice"),
        ({"context_length": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_server_that_cannot_be_is_refused_at_its_field(
    client: Client, boss: Researcher, changes: dict[str, str], sentence: str
) -> None:
    answer = client.post(reverse("models:add-server"), SERVER | changes)
    assert sentence in answer.content.decode()
    assert not LanguageModel.objects.filter(key="large").exists()


@pytest.mark.parametrize("name", ["add-hub", "add-server"])
def test_others_see_the_models_and_add_none(client: Client, name: str) -> None:
    client.force_login(ResearcherFactory())
    assert client.get(reverse("models:index")).status_code == 200
    assert client.get(reverse(f"models:{name}")).status_code == 403
    assert client.post(reverse(f"models:{name}"), HUB).status_code == 403


@pytest.mark.parametrize("name", ["terms", "download", "download-cancel"])
def test_others_change_no_model(client: Client, name: str) -> None:
    built_in()
    client.force_login(ResearcherFactory())
    assert client.post(reverse(f"models:{name}", args=["built-in"])).status_code == 403


@pytest.mark.parametrize("name", ["index", "workers"])
def test_who_is_not_signed_in_is_asked_to(client: Client, name: str) -> None:
    answer = client.get(reverse(f"models:{name}"))
    assert answer.status_code == 302
    assert "/sign-in/" in answer.headers["Location"]


def closed() -> LanguageModel:
    built_in()
    LanguageModel.objects.filter(key="built-in").update(terms="For research only. Publish no text as real news.")
    return LanguageModel.objects.get(key="built-in")


def test_a_closed_model_writes_for_who_accepted_its_terms_and_the_acceptance_is_logged(client: Client) -> None:
    builtin_model(django_settings.CACHE_DIR)
    model = closed()
    with pytest.raises(RequestError, match="accept its terms"):
        queued()
    study_owner = ResearcherFactory()
    client.force_login(study_owner)
    html = page(client, "model", "built-in")
    assert "For research only" in html
    read = html.split('name="read" value="')[1].split('"')[0]
    client.post(reverse("models:accept", args=["built-in"]), {"read": read})
    acceptance = TermsAcceptance.objects.get()
    assert (acceptance.language_model, acceptance.researcher) == (model, study_owner)
    assert "I accept" not in page(client, "model", "built-in")
    assert str(study_owner) in page(client, "model", "built-in")


def test_accepting_twice_is_logged_once_and_changed_terms_ask_again(client: Client, boss: Researcher) -> None:
    closed()
    read = page(client, "model", "built-in").split('name="read" value="')[1].split('"')[0]
    for _ in range(2):
        client.post(reverse("models:accept", args=["built-in"]), {"read": read})
    assert TermsAcceptance.objects.count() == 1
    client.post(reverse("models:terms", args=["built-in"]), {"terms": "Other terms.", "licence": "Apache-2.0"})
    assert "I accept" in page(client, "model", "built-in")
    client.post(reverse("models:accept", args=["built-in"]), {"read": read})
    assert TermsAcceptance.objects.count() == 1, "what was shown before is not what stands now"


def test_a_download_can_be_watched_stopped_and_taken_up_again(
    client: Client, boss: Researcher, broker: redis.Redis
) -> None:
    model = registry.add_unfetched("mine", "invented/model", COMMIT)
    client.post(reverse("models:download", args=["mine"]))
    Download.objects.update(bytes_done=500_000, bytes_total=2_000_000)
    watched = client.get(reverse("models:download-progress", args=["mine"]))
    assert watched.status_code == 200
    assert "488.3" in watched.content.decode()
    client.post(reverse("models:download-cancel", args=["mine"]))
    ended = client.get(reverse("models:download-progress", args=["mine"]))
    assert ended.status_code == 286
    assert "goes on from there" in ended.content.decode()
    client.post(reverse("models:download", args=["mine"]))
    assert Download.objects.get(language_model=model).status == "queued"
    assert downloads.cancel(model)


def test_a_model_of_no_hub_cannot_be_downloaded(client: Client, boss: Researcher) -> None:
    registry.add_server("large", Server("http://gpu.example.org/v1", "large"))
    answer = client.post(reverse("models:download", args=["large"]), follow=True)
    assert "no repository of the hub" in answer.content.decode()
    assert not Download.objects.exists()


def test_a_served_model_refuses_settings_that_it_has_no_word_for_before_anything_is_queued() -> None:
    from generation.engine import Sampling

    registry.add_server("large", Server("http://gpu.example.org/v1", "large"))
    with pytest.raises(RequestError) as refused:
        queued(language_model="large", sampling=Sampling(top_k=40))
    assert set(refused.value.problems) == {"top_k"}
    assert queued(language_model="large", sampling=Sampling()).prompt_tokens == 0
    assert batches.MOST_CANDIDATES


def test_a_models_own_code_is_allowed_by_who_looks_after_the_installation_with_a_reason(
    client: Client, boss: Researcher
) -> None:
    registry.add_unfetched("mine", "invented/model", COMMIT)

    def is_trusted() -> bool:
        return LanguageModel.objects.get(key="mine").trusts_code

    html = page(client, "model", "mine")
    assert "never runs" in html
    url = reverse("models:trust", args=["mine"])
    assert "Write why" in client.post(url, {"reason": "", "trusts_code": ""}).content.decode()
    client.post(url, {"reason": "I read it.", "trusts_code": ""})
    assert is_trusted()
    html = page(client, "model", "mine")
    assert "may run" in html
    assert "I read it." in html
    # A page from before the change does not turn it round.
    assert "so already" in client.post(url, {"reason": "Twice.", "trusts_code": ""}).content.decode()
    client.post(url, {"reason": "No more.", "trusts_code": "True"})
    assert not is_trusted()
    client.force_login(ResearcherFactory())
    assert client.post(url, {"reason": "Mine.", "trusts_code": ""}).status_code == 403
    assert "Let it run" not in page(client, "model", "mine")


def test_a_gguf_file_of_the_hub_is_asked_for_by_its_name(client: Client, boss: Researcher, broker: redis.Redis) -> None:
    refused = client.post(reverse("models:add-hub"), {**HUB, "file": "../model.gguf"})
    assert "is no GGUF file" in refused.content.decode()
    client.post(reverse("models:add-hub"), {**HUB, "file": "model.Q4_K_M.gguf"})
    assert LanguageModel.objects.get(key="mine").file == "model.Q4_K_M.gguf"
    assert "model.Q4_K_M.gguf" in page(client, "model", "mine")
