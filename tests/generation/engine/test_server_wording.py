"""A server that refuses a setting's name: it is asked by the other one, which is kept, and the lineage says so."""

from collections.abc import Callable
from typing import Any

import pytest

from generation.engine import INSTRUCTION, Prompt, Sampling
from generation.engine.draft import Draft
from generation.engine.served import ServedDrafter, Server
from generation.engine.server_request import ServerError
from generation.engine.server_wording import Wording
from tests.generation.engine.test_server_request import Said, answering, said

BRIDGE = Prompt("Write about a bridge.", INSTRUCTION)
REFUSALS = {
    "max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. "
    "Use 'max_completion_tokens' instead.",
    "max_completion_tokens": "Unsupported parameter: 'max_completion_tokens' is not supported with this model.",
    "top_p": "Unsupported parameter: 'top_p' is not supported with this model.",
    "temperature": "Unsupported parameter: 'temperature' is not supported with this model.",
}


def refusal(name: str, words: str = "") -> Said:
    """What OpenAI's servers answer to a setting that the model does not take."""
    code = "invalid_value" if words else "unsupported_parameter"
    told = {"message": words or REFUSALS[name], "type": "invalid_request_error", "param": name, "code": code}
    return said({"error": told}, status=400)


def model(*refused: str, asked: list[dict[str, Any]], words: str = "") -> Callable[..., Said]:
    """A server whose model refuses these settings, one at a time, and keeps the bodies that it was sent."""

    def answer(_: int, body: dict[str, Any], __: dict[str, str]) -> Said:
        if "messages" not in body:
            return said({"data": [{"id": "thinker"}]})
        asked.append(body)
        for name in refused:
            if name in body:
                return refusal(name, words)
        choice = {"message": {"content": "A bridge."}, "finish_reason": "stop"}
        return said({"choices": [choice], "usage": {"completion_tokens": 3}})

    return answer


def written(address: str, sampling: Sampling, count: int = 1) -> list[Draft]:
    drafts = ServedDrafter(Server(address, "thinker")).draft(BRIDGE, sampling, [(n, n) for n in range(count)], rows=1)
    return [draft for draft in drafts if isinstance(draft, Draft)]


def test_a_model_that_wants_max_completion_tokens_gets_it_and_is_asked_wrongly_once() -> None:
    asked: list[dict[str, Any]] = []
    with answering(model("max_tokens", asked=asked)) as address:
        drafts = written(address, Sampling(max_tokens=50, temperature=0.7), count=3)
        again = written(address, Sampling(max_tokens=60))
    assert [draft.served["sent"] for draft in drafts] == [
        {"temperature": 0.7, "top_p": 1.0, "max_completion_tokens": 50}
    ] * 3
    assert again[0].served["sent"]["max_completion_tokens"] == 60
    assert ["max_tokens" in body for body in asked] == [True, False, False, False, False]
    assert not any({"max_tokens", "max_completion_tokens"} <= set(body) for body in asked)


def test_a_name_that_is_remembered_and_no_longer_right_is_given_up_again() -> None:
    asked: list[dict[str, Any]] = []
    refused = ["max_tokens"]

    def changing(*request: Any) -> Said:
        return model(*refused, asked=asked)(*request)

    with answering(changing) as address:
        assert "max_completion_tokens" in written(address, Sampling())[0].served["sent"]
        refused[:] = ["max_completion_tokens"]
        assert "max_tokens" in written(address, Sampling())[0].served["sent"]


def test_what_a_model_refuses_is_left_out_where_it_says_what_the_model_does_anyway() -> None:
    asked: list[dict[str, Any]] = []
    with answering(model("max_tokens", "temperature", "top_p", asked=asked)) as address:
        [draft] = written(address, Sampling(max_tokens=50))
    assert draft.served["sent"] == {"max_completion_tokens": 50}
    assert len(asked) == 4


@pytest.mark.parametrize(("refused", "changes"), [("temperature", {"temperature": 0.7}), ("top_p", {"top_p": 0.9})])
def test_a_setting_that_says_something_is_never_left_out_in_silence(refused: str, changes: dict[str, Any]) -> None:
    asked: list[dict[str, Any]] = []
    with (
        answering(model(refused, asked=asked)) as address,
        pytest.raises(ServerError, match=f"'{refused}' is not supported with this model"),
    ):
        written(address, Sampling(**changes))
    assert len(asked) == 1


def test_a_server_that_takes_neither_name_is_asked_by_each_once_and_its_words_are_told() -> None:
    asked: list[dict[str, Any]] = []
    with (
        answering(model("max_tokens", "max_completion_tokens", asked=asked)) as address,
        pytest.raises(ServerError, match="not supported with this model"),
    ):
        written(address, Sampling())
    assert len(asked) == 2


def test_a_refusal_of_a_value_changes_no_name() -> None:
    asked: list[dict[str, Any]] = []
    words = "max_tokens is too large: 100000. At most 4096 completion tokens are possible."
    with (
        answering(model("max_tokens", asked=asked, words=words)) as address,
        pytest.raises(ServerError, match="too large"),
    ):
        written(address, Sampling())
    assert len(asked) == 1


def test_a_name_is_found_in_the_words_of_a_server_that_says_it_nowhere_else() -> None:
    body = {"max_tokens": 5, "top_p": 1.0}
    other = Wording().after("litellm.BadRequestError: OpenAIException - " + REFUSALS["max_tokens"], body)
    assert other == Wording("max_completion_tokens")
    assert other.of(body) == {"max_completion_tokens": 5, "top_p": 1.0}
    assert other.after('{"detail": "Unexpected keyword max_completion_tokens"}', body) == Wording("max_tokens")
    assert Wording().after("<html>Bad request</html>", body) is None
