"""Converts the built-in model in a process of its own: `python -m studyweb.supervision.model CACHE`.

The supervisor must not import torch: it would keep its memory for as long as the installation runs.
"""

import sys
from pathlib import Path

from generation.engine.builtin import BuiltinModelError, builtin_model

if __name__ == "__main__":
    try:
        builtin_model(Path(sys.argv[1]))
    except BuiltinModelError as missing:
        sys.exit(str(missing))
