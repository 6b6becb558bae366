"""What the study says, read once from the file that all sides of the benchmark share."""

import json
from pathlib import Path

CONTENT = json.loads((Path(__file__).parent.parent / "content.json").read_text(encoding="utf-8"))
