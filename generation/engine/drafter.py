"""Writes drafts: a prompt, a sampling specification and seeds go in, drafts come out one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

from generation.engine.draft import Draft
from generation.engine.identity import EngineVersions, ModelIdentity
from generation.engine.prompt import Prompt
from generation.engine.sampling import Sampling


class Drafter:
    versions: EngineVersions
    identity: ModelIdentity

    @classmethod
    def load(cls, folder: Path, identity: ModelIdentity, *, device: str = "auto", threads: int | None = None) -> Self:
        raise NotImplementedError

    def draft(
        self,
        prompt: Prompt,
        sampling: Sampling,
        jobs: Sequence[tuple[int, int]],
        *,
        rows: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> Iterator[Draft]:
        raise NotImplementedError
