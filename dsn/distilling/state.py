"""The state of a training after each epoch, as safetensors: an interruption loses at most one epoch."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from dsn.files import write_tensors


class TrainingState:
    """Saves and restores networks, the optimizer and whatever else a training needs to go on.

    Args:
        path: of the file; None saves nothing.
        parts: networks by name.
        optimizer: of their weights.
        run: what is trained and how; a file of another run is not gone on from.
    """

    def __init__(self, path: Path | None, parts: dict[str, nn.Module], optimizer: torch.optim.Adam, run: str) -> None:
        self.path, self.parts, self.optimizer, self.run = path, parts, optimizer, run

    def save(self, epoch: int, extra: dict[str, Tensor]) -> None:
        """Write the state after this many epochs, with the extra tensors."""
        if self.path is None:
            return
        tensors = {
            f"{part}/{name}": value
            for part, module in self.parts.items()
            for name, value in module.state_dict().items()
        }
        for index, slots in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{index}/{slot}": value for slot, value in slots.items()}
        tensors |= {f"extra/{name}": value for name, value in extra.items()}
        write_tensors(self.path, tensors, {"epoch": str(epoch), "run": self.run})

    def load(self, device: str) -> tuple[int, dict[str, Tensor]]:
        """Finished epochs and the extra tensors; (0, {}) where there is nothing to go on from."""
        if self.path is None or not self.path.exists():
            return 0, {}
        with safe_open(self.path, "pt") as file:
            metadata = file.metadata()
        if metadata.get("run") != self.run:
            return 0, {}
        tensors = load_file(self.path, device=device)
        for part, module in self.parts.items():
            module.load_state_dict(under(tensors, f"{part}/"))
        state = self.optimizer.state_dict()
        for name, value in under(tensors, "optimizer/").items():
            index, slot = name.split("/")
            state["state"].setdefault(int(index), {})[slot] = value
        self.optimizer.load_state_dict(state)
        return int(metadata["epoch"]), under(tensors, "extra/")


def digest(tensors: Iterable[Tensor]) -> str:
    """Tells one teacher and serial from another without giving either away: 16 hexadecimal digits."""
    content = hashlib.sha256()
    for tensor in tensors:
        content.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return content.hexdigest()[:16]


def under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
