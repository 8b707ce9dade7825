"""The folders of the project, each once, and where it is published."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "assets"
CHECKPOINTS = ROOT / "checkpoints"
CODE = ""  # address of the code, once it is published somewhere: students' cards link to it
