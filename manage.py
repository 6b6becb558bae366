#!/usr/bin/env python
"""Django's command line for studyweb."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyweb.settings")
    from django.core.management import execute_from_command_line

    # `replay-allocation` is typed with a hyphen; the module that holds a command cannot be named with one.
    typed = sys.argv.copy()
    if len(typed) > 1 and not typed[1].startswith("-"):
        typed[1] = typed[1].replace("-", "_")
    execute_from_command_line(typed)


if __name__ == "__main__":
    main()
