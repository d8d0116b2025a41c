"""Writes the Real-CUGAN goldens: what the original PyTorch classes make of our pictures, as PNG.

--out must hold the pictures of make_pictures.py; goldens and manifest.txt are written beside them. With
--floats also every result before rounding, and every layer's output for one case, as .npy in that folder.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from make_pictures import pictures
from realcugan_original import (build, load_upstream, make_reproducible, plain, released_networks, run,
                                tta_mean)

SMALL_ODD = "lineart-61x45"
STRENGTHS = (0.75, 1.3)
STRENGTH_NETWORKS = ("se-2x-conservative", "pro-3x-denoise3x", "se-4x-no-denoise")
TTA_NETWORKS = ("se-2x-no-denoise", "se-4x-conservative", "pro-2x-denoise3x")
LAYERS_NETWORK, LAYERS_PICTURE = "se-2x-no-denoise", "noise-32x32"


@dataclass(frozen=True)
class Case:
    network: str
    picture: str
    strength: float = 1.0
    tta: bool = False

    @property
    def stem(self):
        extra = "-tta" if self.tta else "" if self.strength == 1 else f"-strength{self.strength:g}"
        return f"{self.network}/{self.picture}{extra}"

    @property
    def line(self):
        """network picture strength tta golden."""
        return f"{self.network} {self.picture}.png {self.strength:g} {int(self.tta)} {self.stem}.png"


def cases_of(network, names):
    cases = [Case(network, picture) for picture in names]
    if network in STRENGTH_NETWORKS:
        cases += [Case(network, SMALL_ODD, strength) for strength in STRENGTHS]
    if network in TTA_NETWORKS:
        cases.append(Case(network, SMALL_ODD, tta=True))
    return cases


def save_floats(folder, stem, values):
    path = Path(folder) / f"{stem}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ascontiguousarray(values, dtype=np.float32))


def save_layers(folder, upstream, model, network, picture):
    """padded.npy, and the output of each module as <module>.npy, before any activation the forward adds.

    All float32 [1, c, h, w]; order.txt lists them as they were computed.
    """
    order, hooks = [], []

    def keep(name):
        def hook(module, inputs, output):
            save_floats(folder, name, output.numpy())
            order.append(f"{name} {'x'.join(map(str, output.shape))}")
        return hook

    for name, module in model.named_modules():
        if name:
            hooks.append(module.register_forward_hook(keep(name)))
    save_floats(folder, "padded", run(upstream, model, network, picture)[1].padded.numpy())
    for hook in hooks:
        hook.remove()
    (Path(folder) / "order.txt").write_text("\n".join(order) + "\n")


def save_case(case, upstream, model, network, picture, out, floats):
    if case.tta:
        golden, values = tta_mean(upstream, model, network, picture)
    else:
        golden, values = plain(upstream, model, network, picture, case.strength)
    path = out / f"{case.stem}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(golden).save(path, optimize=True)
    if floats:
        save_floats(floats, case.stem, values)


def read_pictures(folder):
    """File stem -> uint8 [h, w, 3], as the PNGs in folder hold them."""
    found = {name: np.array(Image.open(folder / f"{name}.png")) for name in pictures()}
    for name, picture in found.items():
        assert picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == np.uint8, name
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True, help="upcunet_v3.py or a checkout holding it")
    parser.add_argument("--weights", required=True, help="folder of models-se, models-pro, models-nose")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--floats", help="folder for .npy files, for debugging an engine")
    args = parser.parse_args()
    make_reproducible()
    upstream, inputs, lines = load_upstream(args.upstream), read_pictures(args.out), []
    for network in released_networks():
        model = build(upstream, network, args.weights)
        for case in cases_of(network.name, inputs):
            save_case(case, upstream, model, network, inputs[case.picture], args.out, args.floats)
            lines.append(case.line)
        if args.floats and network.name == LAYERS_NETWORK:
            folder = Path(args.floats) / network.name / f"{LAYERS_PICTURE}-layers"
            save_layers(folder, upstream, model, network, inputs[LAYERS_PICTURE])
        print(network.name, flush=True)
    (args.out / "manifest.txt").write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} cases, torch {torch.__version__}")


if __name__ == "__main__":
    main()
