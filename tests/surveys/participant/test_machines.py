"""Programs that look at a link for somebody: nobody arrives by them, and no person is taken for one for good."""

import pytest

from surveys.models import Participant, Study
from tests.surveys.participant.person import Person
from tests.surveys.test_devices import AGENTS

pytestmark = pytest.mark.django_db
MACHINES = [
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "WhatsApp/2.23.20.0 A",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
]
PEOPLE = [
    *AGENTS,
    "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20 Build/RP1A) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Mobile/15E148 [FBAN/FBIOS;FBAV/500.0]",
    "",
]


@pytest.mark.parametrize("agent", MACHINES)
def test_a_program_that_shows_what_a_link_leads_to_has_not_arrived(study: Study, agent: str) -> None:
    machine = Person(study, enter=False, headers={"user-agent": agent})
    for query in ("", "?PROLIFIC_PID=5f3a&SESSION_ID=77cc"):
        page = machine.enter(query)
        assert page.status_code == 200
        assert "nofollow" in page["X-Robots-Tag"]
    assert not machine.client.cookies.keys() & {"participant", "entrant"}
    assert not Participant.objects.exists()


@pytest.mark.parametrize("agent", PEOPLE)
def test_nobody_is_taken_for_a_program_by_the_name_of_their_phone(study: Study, agent: str) -> None:
    Person(study, headers={"user-agent": agent})
    assert Participant.objects.count() == 1


def test_whoever_is_taken_for_a_program_presses_a_button_and_is_in_with_all_that_their_link_said(study: Study) -> None:
    person = Person(study, enter=False, headers={"user-agent": MACHINES[0]})
    page = person.enter("?PROLIFIC_PID=5f3a&SESSION_ID=77cc").content.decode()
    onward = "?PROLIFIC_PID=5f3a&SESSION_ID=77cc&opened=yes"
    assert f'href="{onward.replace("&", "&amp;")}"' in page
    person.enter(onward)
    person.walk_to("before-1")
    assert person.row.panel_identity.panel == "prolific"


def test_a_personal_link_in_a_message_moves_nobody(study: Study) -> None:
    owner = Person(study).walk_to("reading-1")
    machine = Person(study, enter=False, headers={"user-agent": MACHINES[1]})
    response = machine.client.get(f"/r/{owner.token}/", follow=True)
    assert (response.status_code, response.redirect_chain) == (200, [])
    assert owner.row.exposed_at is None
    assert owner.token not in response.content.decode()


@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"])
@pytest.mark.parametrize("value", ["prefetch", "preview", "prefetch;prerender"])
def test_a_browser_that_looks_ahead_has_not_arrived(study: Study, header: str, value: str) -> None:
    ahead = Person(study, enter=False, headers={header: value})
    status = 200 if (header, value) == ("X-Purpose", "preview") else 503
    assert ahead.enter().status_code == status
    assert ahead.client.head(ahead.base).status_code == status
    assert not Participant.objects.exists()
    assert Person(study, enter=False).client.head(ahead.base).status_code == 200
    assert not Participant.objects.exists()


def test_a_browser_that_shows_what_it_fetched_in_advance_shows_a_button_that_leads_in(study: Study) -> None:
    ahead = {"X-Purpose": "preview"}
    person = Person(study, enter=False)
    page = person.client.get(f"{person.base}?PROLIFIC_PID=5f3a&SESSION_ID=77cc", headers=ahead)
    onward = "?PROLIFIC_PID=5f3a&SESSION_ID=77cc&opened=yes"
    assert f'href="{onward.replace("&", "&amp;")}"' in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert not page.cookies
    assert not Participant.objects.exists()
    person.enter(onward)
    person.walk_to("reading-1")
    page = person.get(headers=ahead)
    assert 'href="?opened=yes"' in page.content.decode()
    assert "Invented headline" not in page.content.decode()
    assert person.row.exposed_at is None
    assert "Invented headline" in person.client.get(f"{person.base}reading-1/?opened=yes").content.decode()
