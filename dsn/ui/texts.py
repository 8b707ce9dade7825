"""The page's sentences, all from one file."""

import json
from pathlib import Path

TEXTS: dict[str, str] = json.loads((Path(__file__).parent / "texts.json").read_text("utf-8"))
