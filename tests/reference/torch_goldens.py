"""Writes small checkpoints in every form that torch has, and a manifest of their tensors.

    python tests/reference/torch_goldens.py tests/goldens/torch

A line of manifest.txt is `FILE NAME DTYPE SHAPE SHA256`: the name in the state dict, the safetensors spelling of the
type, sizes joined by x (- for none), the hash of the row-major bytes. A line `FILE` alone is a file without tensors.
The names come from torch itself, by its own state_dict() of the same model.
"""

import argparse
import collections
import hashlib
import sys
import types
import warnings
import zipfile
from pathlib import Path

import torch
from torch import nn

warnings.filterwarnings("ignore")

DTYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}


def manifest_lines(file, tensors):
    if not tensors:
        yield file
    for name, tensor in tensors.items():
        tensor = tensor.detach().contiguous()
        raw = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        shape = "x".join(map(str, tensor.shape)) or "-"
        yield f"{file} {name} {DTYPES[tensor.dtype]} {shape} {hashlib.sha256(raw).hexdigest()}"


class Block(nn.Module):
    """A module with everything that a state dict has to sort out."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3, bias=False)
        self.norm = nn.BatchNorm2d(3)
        self.head = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        self.tied = self.head
        self.scale = nn.Parameter(torch.randn(3))
        self.register_parameter("absent", None)
        self.register_buffer("table", torch.arange(6, dtype=torch.int32).reshape(2, 3))
        self.register_buffer("cache", torch.zeros(2), persistent=False)

    def forward(self, x):
        return self.head(self.norm(self.conv(x)).mean((2, 3)) * self.scale)


class Affine(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(size, size))
        self.register_buffer("shift", torch.arange(size))
        self.register_buffer("gain", torch.full((size,), 0.5, dtype=torch.float16))
        self.label, self.sizes = "affine", [size, size]

    def forward(self, x):
        return x @ self.weight * self.gain + self.shift


def without_source(made):
    """Stands for torch's reading of a class's source, which old files carry."""
    return [f"class {made.__name__}: ...\n"], 1, "models.py"


def belongs_to(module, made):
    """Makes the class importable as one of a package that nobody who reads the file need have."""
    parts = module.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    made.__module__ = module
    setattr(sys.modules[module], made.__name__, made)
    return made


def all_types():
    values = torch.tensor([[0.0, 1.5, -2.25], [3.0, 100.0, 0.5]])
    tensors = {DTYPES[t].lower(): values.to(t) for t in DTYPES}
    return collections.OrderedDict(tensors, scalar=torch.tensor(7), empty=torch.zeros(0, 3))


def views():
    base = torch.arange(24, dtype=torch.float32)
    matrix = base.reshape(4, 6)
    qkv = torch.randn(6, 2)
    return collections.OrderedDict(
        whole=matrix, rows=matrix[1:3], columns=matrix[:, 2:5], transposed=matrix.t(), every_other=base[1::2],
        permuted=base.reshape(2, 3, 4).permute(2, 0, 1), expanded=torch.tensor([[1.0], [2.0]]).expand(2, 3),
        one=matrix[2, 3], nothing=matrix[:0], query=qkv[:2], key=qkv[2:4], value=qkv[4:],
        half=base.half().reshape(6, 4).t(), long=torch.arange(8).reshape(2, 4).t(),
        mask=(torch.arange(6) % 2 == 0).reshape(2, 3).t())


def checkpoint(model):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model(torch.randn(2, 2, 5, 5)).sum().backward()
    optimizer.step()
    return {"epoch": 3, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(),
            "loss": torch.tensor(0.25)}


def lightning(model):
    callback = belongs_to("pytorch_lightning.callbacks.model_checkpoint", type("ModelCheckpoint", (), {}))
    attributes = belongs_to("pytorch_lightning.utilities.parsing", type("AttributeDict", (dict,), {}))
    settings = belongs_to("somebody.options", type("Settings", (), {}))()
    settings.rate, settings.names = 0.1, {"a", "b"}
    return {"epoch": 1, "pytorch-lightning_version": "1.0.4", "state_dict": model.state_dict(),
            "callbacks": {callback: {"best_model_score": torch.tensor(0.5), "path": "x"}},
            "hyper_parameters": attributes(width=3, settings=settings), "optimizer_states": [], "lr_schedulers": []}


class Writer:
    def __init__(self, folder):
        self.folder, self.lines = folder, []

    def add(self, name, saved, tensors, **how):
        torch.save(saved, self.folder / name, **how)
        self.lines += manifest_lines(name, tensors)

    def add_script(self, name, script, tensors):
        """Without the debug records, which quote torch's source and the paths of this machine."""
        whole = self.folder / "whole"
        torch.jit.save(script, str(whole))
        reader, writer = torch._C.PyTorchFileReader(str(whole)), torch._C.PyTorchFileWriter(str(self.folder / name))
        for record in reader.get_all_records():
            if not record.endswith((".debug_pkl", "version", "byteorder", "serialization_id")):
                data = reader.get_record(record)
                writer.write_record(record, data, len(data))
        writer.write_end_of_file()
        whole.unlink()
        self.lines += manifest_lines(name, tensors)

    def repack(self, name, source, method):
        """As people do who unpack an archive and pack it again."""
        with zipfile.ZipFile(self.folder / source) as old, zipfile.ZipFile(self.folder / name, "w", method) as new:
            for member in old.namelist():
                with new.open(zipfile.ZipInfo(member), "w", force_zip64=True) as file:
                    file.write(old.read(member))
        self.lines += [line.replace(source, name, 1) for line in self.lines if line.startswith(source + " ")]

    def finish(self):
        (self.folder / "manifest.txt").write_text("\n".join(self.lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    torch.serialization.get_source_lines_and_file = without_source
    writer = Writer(folder)
    model = Block().eval()
    state = model.state_dict()
    legacy = {"_use_new_zipfile_serialization": False}
    belongs_to("somebody.models", Block)

    writer.add("state.pt", state, state)
    writer.add("types.pt", all_types(), all_types())
    writer.add("views.pt", tensors := views(), tensors)
    for protocol in (3, 4, 5):
        writer.add(f"protocol{protocol}.pt", state, state, pickle_protocol=protocol)
    writer.add("empty.pt", {}, {})
    nested = {"generator": {"w": torch.ones(2)}, "parts": [torch.zeros(1), torch.ones(1)], "step": 7}
    writer.add("nested.pt", nested, {"generator.w": torch.ones(2), "parts.0": torch.zeros(1),
                                     "parts.1": torch.ones(1)})
    attributed = nn.Parameter(torch.tensor([1.0, 2.0]))
    attributed.is_shared = True
    writer.add("attributes.pt", {"p": attributed, "q": nn.Parameter(torch.ones(1, 2))},
               {"p": attributed, "q": torch.ones(1, 2)})
    writer.add("module.pt", model, state)
    writer.add("module4.pt", model, state, pickle_protocol=4)
    writer.add("sequential.pt", seq := nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), seq.state_dict())
    saved = checkpoint(Block())
    writer.add("checkpoint.pt", saved, saved["model_state_dict"])
    saved = {"epoch": 2, "model": model, "ema": None}
    writer.add("wrapped_module.pt", saved, state)
    saved = lightning(nn.Linear(2, 2))
    writer.add("lightning.pt", saved, saved["state_dict"])

    writer.add("legacy.pt", state, state, **legacy)
    writer.add("legacy_types.pt", all_types(), all_types(), **legacy)
    writer.add("legacy_views.pt", tensors := views(), tensors, **legacy)
    writer.add("legacy_module.pt", seq, seq.state_dict(), **legacy)
    writer.add("legacy_checkpoint.pt", saved, saved["state_dict"], **legacy)
    for protocol in (3, 4):
        writer.add(f"legacy_protocol{protocol}.pt", seq.state_dict(), seq.state_dict(), pickle_protocol=protocol,
                   **legacy)

    affine = nn.Sequential(Affine(2), nn.Sequential(Affine(2)))
    writer.add_script("script.pt", torch.jit.script(affine), affine.state_dict())
    # Each traced module has attributes of its own, so that a tied one keeps both names; buffers are all alike.
    traced = torch.jit.trace(model, torch.randn(1, 2, 5, 5))
    writer.add_script("traced.pt", traced, traced.state_dict())
    frozen = torch.jit.freeze(torch.jit.script(Affine(2).eval()))
    writer.add_script("frozen.pt", frozen, {})

    writer.repack("repacked.pt", "views.pt", zipfile.ZIP_STORED)
    writer.repack("deflated.pt", "views.pt", zipfile.ZIP_DEFLATED)
    writer.finish()


if __name__ == "__main__":
    main()
