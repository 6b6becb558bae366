"""Room on the disk: how much is asked for, and which errors say that there is none."""

import errno
import shutil
import sqlite3
from typing import Any

import psycopg
import pytest
from django.db.utils import OperationalError

from studyweb import room


def test_a_disk_with_less_than_the_reserve_is_short(settings: Any) -> None:
    free = shutil.disk_usage(settings.DATA_DIR).free // 2**20
    settings.DISK_RESERVE_MB = free * 2 + 1
    assert room.is_short()
    settings.DISK_RESERVE_MB = 0
    assert not room.is_short()


def raised(by: BaseException) -> OperationalError:
    """As Django raises it, from the driver's own."""
    try:
        raise OperationalError(*by.args) from by
    except OperationalError as error:
        return error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        raised(sqlite3.OperationalError("database or disk is full")),
        raised(psycopg.errors.DiskFull("could not extend file")),
    ],
)
def test_a_full_disk_is_recognised_whoever_meets_it(error: Exception) -> None:
    assert room.is_full(error)


@pytest.mark.parametrize(
    "error", [FileNotFoundError(errno.ENOENT, "x"), raised(sqlite3.OperationalError("locked")), ValueError("full")]
)
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not room.is_full(error)
