"""Keys are made once, kept as hashes, forgiving to whoever types them, and closed to whoever guesses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import access_keys
from surveys.access_keys import LENGTH, LETTERS, KeyRefused, make, printed, redeem
from surveys.attempts import MOST_ATTEMPTS
from surveys.models import AccessKey, KeyAttempt, Study
from tests import factories

NETWORK = "203.0.113.9"
bodies = st.text(LETTERS, min_size=LENGTH - 1, max_size=LENGTH - 1)


def _whole(body: str) -> str:
    return body + access_keys._check_character(body)


@pytest.fixture
def study(db: None) -> Study:
    return factories.launched_study()


@pytest.fixture
def known(study: Study) -> str:
    return make(study, 1, by=study.created_by)[0]


@given(bodies, st.integers(0, LENGTH - 1), st.sampled_from(LETTERS))
def test_every_single_wrong_character_shows(body: str, at: int, other: str) -> None:
    key = _whole(body)
    wrong = key[:at] + other + key[at + 1 :]
    if wrong != key:
        with pytest.raises(KeyRefused, match="One character is wrong"):
            access_keys._read(wrong)


@given(bodies, st.integers(0, LENGTH - 2))
def test_every_two_neighbours_that_changed_places_show(body: str, at: int) -> None:
    key = _whole(body)
    swapped = key[:at] + key[at + 1] + key[at] + key[at + 2 :]
    if swapped != key:
        with pytest.raises(KeyRefused, match="two have changed places"):
            access_keys._read(swapped)


@given(st.text(max_size=60))
def test_nothing_that_is_typed_does_worse_than_be_refused(typed: str) -> None:
    try:
        assert len(access_keys._read(typed)) == LENGTH
    except KeyRefused as refusal:
        assert str(refusal)  # noqa: PT017 -- either way is right


def test_keys_are_different_and_printed_in_groups_of_four(study: Study) -> None:
    keys = make(study, 200, by=study.created_by)
    assert len(set(keys)) == 200
    assert all(len(key) == LENGTH + 2 and key[4] == key[9] == "-" for key in keys)
    assert not set("".join(keys)) & set("01ILO")


def test_only_hashes_are_kept_and_the_making_is_logged(study: Study) -> None:
    keys = make(study, 3, by=study.created_by)
    make(study, 2, by=study.created_by)
    stored = str(list(AccessKey.objects.values()))
    assert not any(key in stored or key.replace("-", "") in stored for key in keys)
    entry = study.audit.order_by("sequence").filter(verb="access keys made")[0]
    assert entry.subject == "3 keys, sheet 1"
    assert [(batch.number, batch.keys, batch.used) for batch in access_keys.batches(study)] == [(2, 2, 0), (1, 3, 0)]


@pytest.mark.parametrize("count", [0, -1, access_keys.MOST_KEYS + 1])
def test_a_count_out_of_bounds_makes_none(study: Study, count: int) -> None:
    with pytest.raises(ValueError, match="can be made at once"):
        make(study, count, by=study.created_by)
    assert not AccessKey.objects.exists()


@pytest.mark.parametrize(
    "change", [str.lower, lambda key: key.replace("-", ""), lambda key: f"  {key} ".replace("-", " ")]
)
def test_capitals_blanks_and_hyphens_do_not_matter(study: Study, known: str, change: object) -> None:
    entrant = redeem(study, change(known), NETWORK)  # type: ignore[operator]  # a function of texts
    assert (entrant.panel, printed(entrant.panel_id)) == ("keys", known)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type the key"),
        ("- -", "Type the key"),
        ("ABCD-EFGH", "has 12 characters, and this has 8"),
        ("ABCD-EFGH-JKL0", "have no 0, L"),
        ("ÄÖÜ", "have no Ä"),
        ("x" * 100_000, "and this has 200"),
    ],
)
def test_a_mistyped_key_says_what_is_wrong_and_counts_as_no_attempt(study: Study, typed: str, says: str) -> None:
    with pytest.raises(KeyRefused, match=says):
        redeem(study, typed, NETWORK)
    assert not KeyAttempt.objects.exists()


def test_a_key_of_another_study_and_a_revoked_one_let_nobody_in(study: Study, known: str) -> None:
    with pytest.raises(KeyRefused, match="not known here"):
        redeem(factories.launched_study(), known, NETWORK)
    AccessKey.objects.update(revoked_at="2026-01-01T00:00:00Z")
    with pytest.raises(KeyRefused, match="not known here"):
        redeem(study, known, NETWORK)


def test_who_guesses_is_stopped_and_whoever_has_a_key_is_let_in_from_there_too(study: Study, known: str) -> None:
    guess = _whole("2" * (LENGTH - 1))
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(KeyRefused, match="not known here"):
            redeem(study, guess, NETWORK)
    with pytest.raises(KeyRefused, match="Too many keys"):
        redeem(study, guess, NETWORK)
    assert KeyAttempt.objects.count() == MOST_ATTEMPTS
    with pytest.raises(KeyRefused, match="not known here"):
        redeem(study, guess, "203.0.113.10")
    assert redeem(study, known, NETWORK).panel == "keys"
    access_keys.revoke(study, 1, 1, by=study.created_by)
    with pytest.raises(KeyRefused, match="Too many keys"):
        redeem(study, known, NETWORK)
    assert NETWORK not in str(list(KeyAttempt.objects.values()))


def test_after_a_quarter_of_an_hour_keys_can_be_tried_again(study: Study) -> None:
    guess = _whole("2" * (LENGTH - 1))
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(KeyRefused):
            redeem(study, guess, NETWORK)
    KeyAttempt.objects.update(at="2020-01-01T00:00:00Z")
    with pytest.raises(KeyRefused, match="not known here"):
        redeem(study, guess, NETWORK)
    assert KeyAttempt.objects.count() == 1


def test_a_revoked_key_lets_nobody_in_and_the_others_of_its_sheet_still_do(study: Study) -> None:
    keys = make(study, 3, by=study.created_by)
    assert access_keys.revoke(study, 1, 2, by=study.created_by)
    with pytest.raises(KeyRefused, match="not known here"):
        redeem(study, keys[1], NETWORK)
    assert {redeem(study, key, NETWORK).panel for key in (keys[0], keys[2])} == {"keys"}
    (sheet,) = access_keys.batches(study)
    assert (sheet.keys, sheet.used, sheet.revoked, sheet.unused) == (3, 0, 1, 2)
    entry = study.audit.order_by("-sequence")[0]
    assert (entry.verb, entry.subject, entry.researcher) == (
        "access key revoked",
        "number 2, sheet 1",
        study.created_by,
    )


def test_a_used_a_revoked_and_an_unknown_key_are_not_revoked(study: Study) -> None:
    keys = make(study, 2, by=study.created_by)
    access_keys.mark_used(study, redeem(study, keys[0], NETWORK))
    assert access_keys.revoke(study, 1, 2, by=study.created_by)
    before = study.audit.count()
    elsewhere = factories.launched_study()
    assert not access_keys.revoke(study, 1, 1, by=study.created_by)
    assert not access_keys.revoke(study, 1, 2, by=study.created_by)
    assert not access_keys.revoke(study, 2, 1, by=study.created_by)
    assert not access_keys.revoke(elsewhere, 1, 1, by=study.created_by)
    assert redeem(study, keys[0], NETWORK).panel == "keys"
    assert study.audit.count() == before
