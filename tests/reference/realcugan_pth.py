"""Writes the pickles of original Real-CUGAN checkpoints, without their megabytes of weights.

    python tests/reference/realcugan_pth.py --upstream U --out tests/goldens/realcugan_pth

NAME.pkl is the data.pkl that torch.save() puts into a .pth of the state dict of UpCunet2x; NAME.txt has a line a
storage, `KEY ELEMENTS TENSOR`. A test puts elements of its own beside the pickle and has the whole file. nose is the
class with its squeeze-excite blocks set to None; pro is the released form with the entry "pro" beside the weights.
"""

import argparse
import io
import sys
import zipfile
from pathlib import Path

import torch

from realcugan_original import Network, load_upstream


def state_of(upstream, network):
    model = upstream.UpCunet2x()
    if not network.se:
        for block in model.modules():
            if isinstance(block, upstream.UNetConv):
                block.seblock = None
    state = model.state_dict()
    if network.pro:
        state["pro"] = True
    return state


def write(state, stem):
    memory = io.BytesIO()
    torch.save(state, memory)
    archive = zipfile.ZipFile(memory)
    pickle = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
    stem.with_suffix(".pkl").write_bytes(archive.read(pickle))
    tensors = [(name, value) for name, value in state.items() if isinstance(value, torch.Tensor)]
    lines = [f"{key} {tensor.numel()} {name}" for key, (name, tensor) in enumerate(tensors)]
    for line, (_, tensor) in zip(lines, tensors):
        assert archive.getinfo(f"{pickle[:-8]}data/{line.split()[0]}").file_size == 4 * tensor.numel()
    stem.with_suffix(".txt").write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--out", required=True, type=Path)
    arguments = parser.parse_args()
    upstream = load_upstream(arguments.upstream)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for family in ("nose", "pro"):
        network = Network(family, 2, "no-denoise")
        write(state_of(upstream, network), arguments.out / family)
    return 0


if __name__ == "__main__":
    sys.exit(main())
