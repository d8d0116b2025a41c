"""Proves the weight mapping: each of the architectures in PyTorch against the same files run by ncnn.

Both sides get the same padded picture, and the floats before post-processing are compared.
"""

import argparse

import ncnn
import numpy as np
from PIL import Image

from realcugan_original import build, load_upstream, make_reproducible, released_networks, run

BOUND = 1e-3


def ncnn_forward(files, padded):
    """padded: float32 [1, 3, h, w] -> float32 [3, oh, ow]; plain fp32, no Winograd."""
    net = ncnn.Net()
    for option in ("use_vulkan_compute", "use_winograd_convolution", "use_sgemm_convolution",
                   "use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
        setattr(net.opt, option, False)
    net.opt.num_threads = 2
    assert net.load_param(str(files[0])) == 0 and net.load_model(str(files[1])) == 0
    with net.create_extractor() as extractor:
        extractor.input("in0", ncnn.Mat(np.ascontiguousarray(padded[0])).clone())
        code, out = extractor.extract("out0")
    assert code == 0
    return np.array(out)


def values_of(watch, network):
    """The network's output on the scale of its input: post-processing undone, float64 [3, oh, ow]."""
    values = watch.rounded.double().numpy()[0]
    return values / (255 / 0.7) + 0.15 if network.pro else values / 255


def difference(upstream, network, weights, picture):
    model = build(upstream, network, weights)
    _, watch = run(upstream, model, network, picture)
    ours = values_of(watch, network)
    theirs = ncnn_forward(network.files(weights), watch.padded.numpy()).astype(np.float64)
    theirs = theirs[:, : ours.shape[1], : ours.shape[2]]
    if network.scale == 4:
        x = picture.astype(np.float64).transpose(2, 0, 1) / 255
        theirs = theirs + x.repeat(4, axis=1).repeat(4, axis=2)
    return float(np.abs(ours - theirs).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True, help="upcunet_v3.py or a checkout holding it")
    parser.add_argument("--weights", required=True, help="folder of models-se, models-pro, models-nose")
    parser.add_argument("--picture", required=True)
    args = parser.parse_args()
    make_reproducible()
    upstream = load_upstream(args.upstream)
    picture = np.array(Image.open(args.picture).convert("RGB"))
    for network in released_networks():
        worst = difference(upstream, network, args.weights, picture)
        print(f"{network.name}: max difference {worst:.2e}")
        assert worst <= BOUND, network.name


if __name__ == "__main__":
    main()
