"""Made-up values for torch modules and for the folders that transformers writes."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import made_up_weights


def values(name: str, like: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(made_up_weights.weights(name, tuple(like.shape)))


def fill(module: torch.nn.Module) -> torch.nn.Module:
    for name, tensor in module.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(values(name, tensor))
    return module.eval()


def write_folder(module, folder: Path) -> None:
    """As save_pretrained does, the values by the names that are in the file: those in memory differ."""
    module.save_pretrained(folder, max_shard_size="100GB")
    file = folder / "model.safetensors"
    state = load_file(file)
    for name, tensor in state.items():
        if tensor.dtype.is_floating_point:
            state[name] = values(name, tensor)
    save_file(state, file, {"format": "pt"})


def write_json(path: Path, value) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")
