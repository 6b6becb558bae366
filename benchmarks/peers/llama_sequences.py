"""llama.cpp writing many texts of one prompt at once; prints {"seconds": ..., "deciding": ...} as one line of JSON.

`python llama_sequences.py MODEL.gguf SEQUENCES TOKENS THREADS ID ID ...`: the ids are the prompt's tokens. It runs in
the virtual environment that the benchmark makes for llama-cpp-python. The prompt is decoded once and shared by all
sequences, as here; every step decodes one token a sequence and draws each from the whole distribution with llama.cpp's
own sampler. `deciding` is the part of the seconds that the sampler took.
"""

import ctypes
import json
import sys
import time

import llama_cpp as llama


def main(path: str, sequences: int, tokens: int, threads: int, prompt: list[int]) -> None:
    """Write the texts and print what they took, without loading."""
    quiet = llama.llama_log_callback(lambda level, text, data: None)
    llama.llama_log_set(quiet, ctypes.c_void_p(0))
    llama.llama_backend_init()
    model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
    settings = llama.llama_context_default_params()
    settings.n_ctx = len(prompt) + sequences * tokens + 256
    settings.n_batch = settings.n_ubatch = max(512, sequences)
    settings.n_seq_max = sequences
    settings.n_threads = settings.n_threads_batch = threads
    settings.kv_unified = True  # or the prompt would be held once a sequence
    context = llama.llama_init_from_model(model, settings)
    if not model or not context:
        sys.exit(f"{path} cannot be loaded")
    samplers = [llama.llama_sampler_init_dist(seed) for seed in range(sequences)]
    begun, deciding = time.perf_counter(), 0.0
    _decode(context, [(token, place, 0) for place, token in enumerate(prompt)])
    for sequence in range(1, sequences):
        llama.llama_memory_seq_cp(llama.llama_get_memory(context), 0, sequence, -1, -1)
    outputs = [-1] * sequences  # all draw from the logits after the prompt
    for step in range(tokens):
        since = time.perf_counter()
        drawn = [
            llama.llama_sampler_sample(sampler, context, output)
            for sampler, output in zip(samplers, outputs, strict=True)
        ]
        deciding += time.perf_counter() - since
        if step + 1 < tokens:
            _decode(
                context, [(token, len(prompt) + step, sequence) for sequence, token in enumerate(drawn)], every=True
            )
            outputs = list(range(sequences))
    print(json.dumps({"seconds": time.perf_counter() - begun, "deciding": deciding}))


def _decode(context: object, entries: list[tuple[int, int, int]], *, every: bool = False) -> None:
    """Decode (token, place, sequence) entries; logits are wanted of the last, or of every one."""
    batch = llama.llama_batch_init(len(entries), 0, 1)
    batch.n_tokens = len(entries)
    for number, (token, place, sequence) in enumerate(entries):
        batch.token[number], batch.pos[number] = token, place
        batch.n_seq_id[number], batch.seq_id[number][0] = 1, sequence
        batch.logits[number] = every or number == len(entries) - 1
    if failed := llama.llama_decode(context, batch):
        sys.exit(f"llama.cpp could not decode: {failed}")
    llama.llama_batch_free(batch)


if __name__ == "__main__":
    main(sys.argv[1], *(int(given) for given in sys.argv[2:5]), [int(given) for given in sys.argv[5:]])
