"""Whether a model's attention can share its prompt: two steps of the loop, held against the model's own whole pass.

Most families hand the loop's cache down to their attention and compute nothing in it that `slots` does not. Some keep
it to themselves, and would write as if there were no prompt; others add a term of their own (sinks, biases by
distance, a difference of two attentions). Nothing in a config tells the one from the other, and the texts look like
texts: so each model is tried once when it is loaded.
"""

from __future__ import annotations

import logging

import torch
from transformers import PreTrainedModel

from generation.engine.families import not_shared
from generation.engine.memory import is_out_of_memory
from generation.engine.slots import ATTENTION, SlotCache, cached_pass
from generation.engine.stepping import Step, step_of
from generation.engine.tokens import ModelFolderError

_PROMPT = 8  # tokens, any of the vocabulary
_STEPS = 2  # with the second, a row's own slots are read too
# Root mean square of what the logits differ by, in standard deviations of the logits: rounding stays far below, and an
# attention that misses its prompt far above.
_TOLERANCE = {torch.float32: 0.005}
_TOLERANCE_HALF = 0.3  # of a trained model, bfloat16 took 0.05

logger = logging.getLogger(__name__)


@torch.inference_mode()
def check_sharing(model: PreTrainedModel) -> None:
    """Raise ModelFolderError where two greedy steps of the loop differ from the model's own pass without a cache.

    To be called before layers are packed or rounded to 8 bits. The steps are those that a batch will take. Families
    that `step_of` knows are held by tests; with half the bits they are tried all the same, since that is another device
    than the tests ran on.
    """
    step = step_of(model)
    if step is not None and model.dtype == torch.float32:
        return
    family = str(model.config.model_type)
    model.eval()
    try:
        ids, stepped = _stepped(model, step)
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        raise ModelFolderError(f"{not_shared(family)} ({type(error).__name__}: {error})") from error
    expected = _whole(model, ids)[-len(stepped) :]
    away = deviation(stepped, expected)
    if not away <= _TOLERANCE.get(model.dtype, _TOLERANCE_HALF):  # also where it is not a number
        logger.warning("Steps of %s differ from its own pass by %.3g deviations.", family, away)
        raise ModelFolderError(not_shared(family))


def deviation(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Return by how much logits (rows, vocabulary) differ, the worst row's root mean square, in standard deviations."""
    away = (found - expected).square().mean(dim=-1).sqrt() / expected.std(dim=-1).clamp(min=1e-9)
    return float(away.max())


def _stepped(model: PreTrainedModel, step_by: Step | None) -> tuple[list[int], torch.Tensor]:
    """Return a prompt with the words that the loop adds to it, and the logits after the prompt and each step."""
    vocabulary = int(model.config.get_text_config().vocab_size)
    ids = [(11 + 37 * number * number) % vocabulary for number in range(_PROMPT)]
    slots = SlotCache(model.config.num_hidden_layers)

    def logits_after(rows: list[list[int]], start: int) -> torch.Tensor:
        token_ids = torch.tensor(rows, device=model.device)
        positions = torch.arange(start, start + token_ids.shape[1], device=model.device).expand_as(token_ids)
        return cached_pass(model, token_ids, positions, slots)

    found = [logits_after([ids], 0)]
    slots.open(2, _STEPS)
    for step in range(_STEPS):
        ids.append(int(found[-1][0].argmax()))
        written = torch.tensor([step, step], device=model.device)
        slots.begin_step(written, longest=step)
        if step_by is None:
            found.append(logits_after([ids[-1:]] * 2, _PROMPT + step))
        else:
            found.append(step_by(torch.tensor(ids[-1:] * 2, device=model.device), written + _PROMPT, slots))
    return ids, torch.stack([logits[0] for logits in found])


def _whole(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    """Return the logits after each of the words, by the attention that the model's makers wrote out."""
    model.set_attn_implementation("eager")
    try:
        output = model(input_ids=torch.tensor([ids], device=model.device), use_cache=False)
    finally:
        model.set_attn_implementation(ATTENTION)
    logits: torch.Tensor = output.logits[0].float()
    return logits
