"""Runs the original Real-CUGAN classes on whole pictures and shows their floats before rounding.

Nothing of the original is copied or rewritten here: its module is imported from a path and its own np2tensor
and forward run unchanged. Two calls inside forward are watched: F.pad, because torch refuses a reflection
wider than the picture, and Tensor.round, because its argument is the result before rounding.
"""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from ncnn_model import state_dict

CONSERVATIVE, NO_DENOISE, DENOISE3X = "conservative", "no-denoise", "denoise3x"
ALL_LEVELS = (CONSERVATIVE, NO_DENOISE, "denoise1x", "denoise2x", DENOISE3X)
THREE_LEVELS = (CONSERVATIVE, NO_DENOISE, DENOISE3X)
RELEASED = (
    ("se", 2, ALL_LEVELS),
    ("se", 3, THREE_LEVELS),
    ("se", 4, THREE_LEVELS),
    ("pro", 2, THREE_LEVELS),
    ("pro", 3, THREE_LEVELS),
    ("nose", 2, (NO_DENOISE,)),
)


@dataclass(frozen=True)
class Network:
    family: str
    scale: int
    denoise: str

    @property
    def name(self):
        return f"{self.family}-{self.scale}x-{self.denoise}"

    @property
    def pro(self):
        return self.family == "pro"

    @property
    def se(self):
        return self.family != "nose"

    def files(self, weights):
        """Paths of its .param and .bin in a folder holding models-se, models-pro and models-nose."""
        stem = Path(weights) / f"models-{self.family}" / f"up{self.scale}x-{self.denoise}"
        return stem.with_name(stem.name + ".param"), stem.with_name(stem.name + ".bin")


def released_networks():
    return [Network(family, scale, d) for family, scale, levels in RELEASED for d in levels]


def load_upstream(path):
    """The module upcunet_v3 from a file, or from anywhere in a checkout."""
    path = Path(path)
    if path.is_dir():
        path = next(iter(sorted(path.rglob("upcunet_v3.py"))))
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("upcunet_v3", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_reproducible():
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("highest")
    torch.set_grad_enabled(False)


def build(upstream, network, weights):
    """UpCunet{scale}x with the released weights; nose is the same class with squeeze-excite off."""
    model = getattr(upstream, f"UpCunet{network.scale}x")()
    if not network.se:
        for block in model.modules():
            if isinstance(block, upstream.UNetConv):
                block.seblock = None
    arrays = state_dict(*network.files(weights), network.scale, network.se)
    state = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    model.load_state_dict(state, strict=True)
    return model.eval()


def reflect_pad(x, pads):
    """numpy.pad(mode='reflect') of x [n, c, h, w] by pads (left, right, top, bottom), however wide."""
    left, right, top, bottom = pads
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (top, bottom), (left, right)), mode="reflect")
    return torch.from_numpy(np.ascontiguousarray(padded))


def too_wide(x, pads):
    h, w = x.shape[2:]
    return max(pads[:2]) >= w or max(pads[2:]) >= h


class Watch(TorchFunctionMode):
    """Pads by numpy what torch refuses and keeps the padded input and the argument of round.

    padded: float32 [1, 3, padded h, padded w]. rounded: float32 [1, 3, oh, ow] in 0..255 units, unclamped.
    """

    def __init__(self):
        super().__init__()
        self.padded = self.rounded = None

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.nn.functional.pad and kwargs.get("mode") == "reflect":
            x, pads = args[:2]
            self.padded = reflect_pad(x, pads) if too_wide(x, pads) else func(*args, **kwargs)
            return self.padded.clone()
        if func is torch.Tensor.round:
            assert self.rounded is None
            self.rounded = args[0].clone()
        return func(*args, **kwargs)


def run(upstream, model, network, picture, strength=1.0):
    """picture: uint8 [h, w, 3] -> (bytes uint8 [1, 3, s h, s w], Watch), forward's tile_mode 0."""
    settings = SimpleNamespace(pro=network.pro, half=False, device="cpu")
    x = upstream.RealWaifuUpScaler.np2tensor(settings, picture)
    with Watch() as watch:
        out = model(x, 0, 0, strength, network.pro)
    assert watch.padded is not None and watch.rounded is not None
    return out, watch


def to_bytes(values):
    """The original's last step, on values as Watch.rounded has them."""
    return values.round().clamp(0, 255).to(torch.uint8)


def to_picture(tensor):
    """uint8 [1, 3, h, w] -> [h, w, 3]."""
    return np.ascontiguousarray(tensor[0].numpy().transpose(1, 2, 0))


def plain(upstream, model, network, picture, strength=1.0):
    """-> (picture uint8 [oh, ow, 3], values float32 [1, 3, oh, ow] before rounding)."""
    out, watch = run(upstream, model, network, picture, strength)
    assert torch.equal(out, to_bytes(watch.rounded))
    return to_picture(out), watch.rounded.numpy()


TTA = [(t, v, h) for t in (False, True) for v in (False, True) for h in (False, True)]


def transform(array, tta):
    """Rows and columns are the first two axes: transpose, then flip vertically, then horizontally."""
    transpose, vertical, horizontal = tta
    array = array.swapaxes(0, 1) if transpose else array
    array = array[::-1] if vertical else array
    return array[:, ::-1] if horizontal else array


def undo(array, tta):
    transpose, vertical, horizontal = tta
    array = array[:, ::-1] if horizontal else array
    array = array[::-1] if vertical else array
    return array.swapaxes(0, 1) if transpose else array


def tta_mean(upstream, model, network, picture):
    """As plain, on the mean of eight runs: float32 sum in TTA's order, times 1/8, then round and clamp.

    Each run pads, and takes its squeeze-excite means over, its own transformed picture.
    """
    total = None
    for tta in TTA:
        turned = np.ascontiguousarray(transform(picture, tta))
        values = run(upstream, model, network, turned)[1].rounded.numpy()[0].transpose(1, 2, 0)
        values = undo(values, tta)
        total = values.copy() if total is None else total + values
    mean = np.ascontiguousarray((total * np.float32(0.125)).transpose(2, 0, 1)[None])
    return to_picture(to_bytes(torch.from_numpy(mean))), mean
