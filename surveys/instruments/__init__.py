"""The library of instruments: validated scales as data, one TOML file each in ``library/``.

A lab adds its own as files in a folder of its own (``own``). In a file, ``[scales]`` names lists of options, and an
item may say ``scale = "name"`` in place of its options.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from surveys.instruments.model import Instrument, Scoring
from surveys.instruments.scoring import Score, score

__all__ = ["Instrument", "InstrumentError", "Score", "Scoring", "library", "load", "own", "read", "score"]


class InstrumentError(Exception):
    """An instrument's file that cannot be used; ``problems`` says where (file, line, field) and what."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@cache
def library() -> Mapping[str, Instrument]:
    """Every instrument of the library by key, in alphabetical order. Raises InstrumentError if a file is wrong."""
    folder = files("surveys.instruments").joinpath("library")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    found = (read(folder.joinpath(name).read_bytes(), name) for name in names)
    return MappingProxyType({instrument.key: instrument for instrument in found})


def own(folder: Path) -> tuple[dict[str, Instrument], list[str]]:
    """(a lab's instruments in this folder by key, in alphabetical order; what is wrong with files that are left out).

    A key of the shipped library is not taken: what a study says it used must mean one thing everywhere.
    """
    if not folder.is_dir():
        return {}, [f"{folder}: no such folder of instruments. Make it, or change the setting."]
    found, problems = dict[str, Instrument](), list[str]()
    for file in sorted(folder.glob("*.toml")):
        try:
            instrument = read(file.read_bytes(), file.name)
        except InstrumentError as error:
            problems += error.problems
        except OSError as error:
            problems.append(f"{file.name}: cannot be read: {error.strerror}.")
        else:
            if instrument.key in library():
                problems.append(f"{file.name}: the library has an instrument {instrument.key!r}: choose another key.")
            else:
                found[instrument.key] = instrument
    return found, problems


def load(key: str) -> Instrument:
    """The instrument with this key. Raises KeyError if the library has none, InstrumentError if a file is wrong."""
    return library()[key]


def read(content: bytes, name: str) -> Instrument:
    """The instrument in a TOML file called ``name``, which must be its key and '.toml'.

    Raises InstrumentError with every problem: the file, the line where it can be told, the field, and what to do.
    """
    try:
        text = content.decode("utf-8")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise InstrumentError([f"{name}: not UTF-8 text (byte {error.start}). Save it as UTF-8."]) from error
    except tomllib.TOMLDecodeError as error:
        raise InstrumentError([f"{name}: not TOML: {error}."]) from error
    try:
        instrument = Instrument.model_validate(_with_scales(data, name, text))
    except ValidationError as error:
        problems = [_sentence(name, text, problem["loc"], problem["msg"]) for problem in error.errors()]
        raise InstrumentError(problems) from error
    if name != f"{instrument.key}.toml":
        what = f"is {instrument.key!r}: rename the file to {instrument.key}.toml, or change the key"
        raise InstrumentError([_sentence(name, text, ("key",), what)])
    return instrument


def _with_scales(data: dict[str, Any], name: str, text: str) -> dict[str, Any]:
    """The parsed file with each item's ``scale`` replaced by that scale's options."""
    scales, items = data.get("scales", {}), data.get("items", [])
    if not isinstance(scales, dict) or not isinstance(items, list):
        wrong = "scales" if not isinstance(scales, dict) else "items"
        raise InstrumentError([_sentence(name, text, (wrong,), "write it as [scales] and [[items]] tables.")])
    filled = []
    for number, item in enumerate(items):
        if isinstance(item, dict) and "scale" in item:
            scale = item["scale"]
            if not isinstance(scale, str) or scale not in scales:
                known = ", ".join(sorted(scales)) or "none"
                what = f"no scale {scale!r}. There are: {known}."
                raise InstrumentError([_sentence(name, text, ("items", number, "scale"), what)])
            item = {key: value for key, value in item.items() if key != "scale"} | {"options": scales[scale]}
        filled.append(item)
    return {key: value for key, value in data.items() if key != "scales"} | {"items": filled}


def _sentence(name: str, text: str, where: tuple[int | str, ...], what: str) -> str:
    """'file.toml, line 12, items[1].kind: …'."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).lstrip(".")
    line = _line(text, where)
    place = [name, *([f"line {line}"] if line else []), *([path] if path else [])]
    return f"{', '.join(place)}: {what.removeprefix('Value error, ')}"


def _line(text: str, where: tuple[int | str, ...]) -> int:
    """The line, from 1, that a field stands on as these files are written, or that its table starts on; 0 if unknown.

    The TOML parser keeps no positions, so the field's table and then its name are looked for.
    """
    lines = text.splitlines()
    start, names = 0, [step for step in where if isinstance(step, str)]
    if not names:
        return 0
    if len(where) > 1:
        header = re.compile(rf"\s*\[+{re.escape(str(where[0]))}\]+")
        tables = [number for number, line in enumerate(lines) if header.match(line)]
        nth = where[1] if isinstance(where[1], int) else 0
        if nth >= len(tables):
            return 0
        start, names = tables[nth], names[1:] or names
    for number in range(start + (len(where) > 1), len(lines)):
        if re.match(rf"\s*{re.escape(names[0])}\s*[.=]", lines[number]):
            return number + 1
        if lines[number].lstrip().startswith("[["):
            break
    return start + 1 if len(where) > 1 else 0
