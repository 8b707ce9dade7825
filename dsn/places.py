"""The folders of the project, each once."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "assets"
CHECKPOINTS = ROOT / "checkpoints"
