"""The page's sentences, all from one file."""

import json
from pathlib import Path

ALL: dict = json.loads((Path(__file__).parent / "texts.json").read_text("utf-8"))
TEXTS: dict[str, str] = {name: text for name, text in ALL.items() if isinstance(text, str)}
TRACE_CHANGES: dict[str, str] = ALL["trace_changes"]
MINT: dict[str, str] = ALL["mint"]
ATTACK: dict[str, str] = ALL["attack"]
ATTACKS_SHOWN: dict[str, str] = ALL["attacks_shown"]
