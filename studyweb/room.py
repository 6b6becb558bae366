"""Whether there is room on the disk. Workers take up nothing new on a disk that is nearly full: answers come first."""

import errno
import shutil
from collections.abc import Iterator

from django.conf import settings

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DISK_FULL = "53100"  # PostgreSQL's SQLSTATE
_SQLITE_FULL = "database or disk is full"


def is_short() -> bool:
    """Whether the data folder's disk has less than ``settings.DISK_RESERVE_MB`` free. One call of the system."""
    return shutil.disk_usage(settings.DATA_DIR).free < settings.DISK_RESERVE_MB * 2**20


def is_full(error: BaseException) -> bool:
    """Whether an error, or what it was raised from, says that a disk or a quota is full."""
    return any(
        (isinstance(each, OSError) and each.errno in _FULL)
        or getattr(each, "sqlstate", None) == _DISK_FULL
        or str(each) == _SQLITE_FULL
        for each in _chain(error)
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
