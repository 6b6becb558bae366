"""Reads settings from the environment, and says by name what is wrong with a value."""

import os
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

ON = {"1", "true", "yes", "on"}
OFF = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The value, or the default where it is not set or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    """1, true, yes, on; or 0, false, no, off. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() not in ON | OFF:
        raise ImproperlyConfigured(f"{name} must be 1 or 0 (or true, false, yes, no, on, off), not {value!r}.")
    return value.strip().lower() in ON


def whole_number(name: str, default: int, *, at_least: int) -> int:
    """A whole number that is not too small. Raises ImproperlyConfigured."""
    value = text(name, str(default))
    if not value.isascii() or not value.removeprefix("-").isdigit() or int(value) < at_least:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {at_least}, not {value!r}.")
    return int(value)


def one_of(name: str, default: str, *, choices: set[str]) -> str:
    """One of a few words, in capitals. Raises ImproperlyConfigured."""
    value = text(name, default).upper()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(sorted(choices))}, not {value!r}.")
    return value


def database(name: str) -> dict[str, Any] | None:
    """Django's settings of the database at that address; None where it is not set.

    Raises ImproperlyConfigured for anything but PostgreSQL and SQLite, and never repeats the address, which holds a
    password.
    """
    address = text(name)
    if not address:
        return None
    if address.split("://")[0] not in {"postgres", "postgresql", "sqlite"}:
        raise ImproperlyConfigured(f"{name} must begin with postgres:// or sqlite://.")
    try:
        read: dict[str, Any] = environ.Env.db_url_config(address)
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(
            f"{name} cannot be read as an address: postgres://user:password@host/name."
        ) from error
    if not read.get("NAME"):
        raise ImproperlyConfigured(f"{name} names no database: postgres://user:password@host/name.")
    return read
