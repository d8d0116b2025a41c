"""Reads a released ncnn .param/.bin pair and names its weights as the original PyTorch class does.

The graph is matched node by node against the one the PyTorch class computes, so a weight gets its name from
where it stands in the network, never from its place in the file or from a layer name.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

PARAM_MAGIC = "7767517"
FP16_FLAG = 0x01306B47
FP32_FLAG = 0
RELU, LEAKY, SIGMOID = "relu", "leaky", "sigmoid"
ACTIVATIONS = {0: None, 1: RELU, 2: LEAKY, 4: SIGMOID}
ADD, MUL = 0, 2


@dataclass
class Layer:
    """One line of a .param file; keys maps a parameter's number to its text (array parameters to a list)."""

    kind: str
    name: str
    inputs: list
    outputs: list
    keys: dict
    weight: np.ndarray | None = None
    bias: np.ndarray | None = None

    def integer(self, key, default=0):
        return int(self.keys.get(key, default))


def parse_keys(words):
    """["0=32", "-23310=1,0.1"] -> {0: "32", 10: ["0.1"]}."""
    keys = {}
    for word in words:
        number, text = word.split("=")
        number = int(number)
        if number > -23300:
            keys[number] = text
            continue
        count, *values = text.split(",")
        assert int(count) == len(values), word
        keys[-number - 23300] = values
    return keys


def read_param(path):
    """The layers of a .param file, in order."""
    lines = Path(path).read_text().split("\n")
    assert lines[0] == PARAM_MAGIC, path
    layer_count, blob_count = map(int, lines[1].split())
    layers = []
    for line in filter(None, lines[2:]):
        kind, name, n_in, n_out, *rest = line.split()
        n_in, n_out = int(n_in), int(n_out)
        blobs, words = rest[: n_in + n_out], rest[n_in + n_out :]
        layers.append(Layer(kind, name, blobs[:n_in], blobs[n_in:], parse_keys(words)))
    assert len(layers) == layer_count, path
    assert sum(len(layer.outputs) for layer in layers) == blob_count, path
    return layers


class BinReader:
    """Takes arrays from the front of a .bin file."""

    def __init__(self, path):
        self.data = Path(path).read_bytes()
        self.at = 0

    def take(self, count, dtype):
        array = np.frombuffer(self.data, dtype, count, self.at)
        self.at += array.nbytes
        return array.astype(np.float32) if dtype != "<u4" else array

    def flagged(self, count):
        """Weights behind a flag: fp16 widened to float32 (payload padded to 4 bytes) or float32 as it is."""
        flag = int(self.take(1, "<u4")[0])
        assert flag in (FP16_FLAG, FP32_FLAG), f"flag {flag:#x} at {self.at - 4}"
        if flag == FP32_FLAG:
            return self.take(count, "<f4")
        weights = self.take(count, "<f2")
        self.at = (self.at + 3) // 4 * 4
        return weights


def weight_shape(layer):
    """Shape in the file: Convolution and Deconvolution [oc, ic, kh, kw], InnerProduct [oc, ic]."""
    oc, size = layer.integer(0), layer.integer(2 if layer.kind == "InnerProduct" else 6)
    if layer.kind == "InnerProduct":
        return oc, size // oc
    kw = layer.integer(1)
    kh = layer.integer(11, kw)
    assert size % (oc * kh * kw) == 0, layer.name
    return oc, size // (oc * kh * kw), kh, kw


def read_model(param_path, bin_path):
    """The layers with weight (file layout) and bias [oc] filled in; the whole .bin must be used."""
    layers, reader = read_param(param_path), BinReader(bin_path)
    for layer in layers:
        if layer.kind not in ("Convolution", "Deconvolution", "InnerProduct"):
            continue
        shape = weight_shape(layer)
        layer.weight = reader.flagged(int(np.prod(shape))).reshape(shape)
        assert layer.integer(1 if layer.kind == "InnerProduct" else 5) == 1, f"{layer.name} has no bias"
        layer.bias = reader.take(shape[0], "<f4")
    assert reader.at == len(reader.data), f"{len(reader.data) - reader.at} bytes left in {bin_path}"
    return layers


class Matcher:
    """Walks the graph from its output to its input beside the expected network.

    Each method takes a blob, checks that the layer making it is the expected one, and returns the layer's
    input blob(s). state collects name -> array in PyTorch's layout.
    """

    def __init__(self, layers):
        self.layers = layers
        self.maker = {blob: layer for layer in layers for blob in layer.outputs}
        self.seen = set()
        self.state = {}

    def layer(self, blob, kind):
        """The layer of that kind making blob, looking through Split (a copy)."""
        layer = self.maker[blob]
        while layer.kind == "Split":
            self.seen.add(layer.name)
            layer = self.maker[layer.inputs[0]]
        assert layer.kind == kind, f"{layer.name}: {layer.kind}, expected {kind}"
        self.seen.add(layer.name)
        return layer

    def source(self, blob):
        """The blob that blob is a copy of."""
        while self.maker[blob].kind == "Split":
            blob = self.maker[blob].inputs[0]
        return blob

    def same(self, a, b):
        assert self.source(a) == self.source(b), f"{a} and {b} differ"

    def activation(self, layer, expected):
        assert ACTIVATIONS[layer.integer(9)] == expected, layer.name
        if expected == LEAKY:
            assert [float(v) for v in layer.keys[10]] == [0.1], layer.name

    def keep(self, name, weight, bias):
        assert name + ".weight" not in self.state, name
        self.state[name + ".weight"] = np.ascontiguousarray(weight)
        self.state[name + ".bias"] = bias

    def conv(self, blob, name, activation, stride=1):
        """Conv2d without padding; PyTorch's weight is [oc, ic, kh, kw], as in the file."""
        layer = self.layer(blob, "Convolution")
        self.activation(layer, activation)
        assert (layer.integer(2, 1), layer.integer(3, 1), layer.integer(4)) == (1, stride, 0), layer.name
        self.keep(name, layer.weight, layer.bias)
        return layer.inputs[0]

    def deconv(self, blob, name, activation, stride, pad):
        """ConvTranspose2d; the file has [oc, ic, kh, kw], PyTorch [ic, oc, kh, kw]."""
        layer = self.layer(blob, "Deconvolution")
        self.activation(layer, activation)
        assert (layer.integer(2, 1), layer.integer(3, 1), layer.integer(4)) == (1, stride, pad), layer.name
        self.keep(name, layer.weight.transpose(1, 0, 2, 3), layer.bias)
        return layer.inputs[0]

    def linear(self, blob, name, activation):
        """A 1x1 Conv2d on a 1x1 map, stored as InnerProduct [oc, ic]; PyTorch's weight is [oc, ic, 1, 1]."""
        layer = self.layer(blob, "InnerProduct")
        self.activation(layer, activation)
        self.keep(name, layer.weight[:, :, None, None], layer.bias)
        return layer.inputs[0]

    def binary(self, blob, operation):
        layer = self.layer(blob, "BinaryOp")
        assert layer.integer(0) == operation and layer.integer(1) == 0, layer.name
        return layer.inputs

    def add_crop(self, blob, margin):
        """cropped(a, margin) + b in either order -> (a, b)."""
        a, b = self.binary(blob, ADD)
        if self.maker[a].kind != "Crop":
            a, b = b, a
        return self.crop(a, margin), b

    def crop(self, blob, margin):
        """F.pad by -margin on all four sides."""
        layer = self.layer(blob, "Crop")
        got = [[int(v) for v in layer.keys[k]] for k in (9, 10, 11)]
        assert got[:2] == [[margin] * 2, [-margin] * 2] and got[2] in ([-2, -1], [1, 2]), layer.name
        return layer.inputs[0]

    def se(self, blob, name):
        """x * sigmoid(conv2(relu(conv1(mean(x))))) -> x."""
        x, scale = self.binary(blob, MUL)
        mean = self.linear(self.linear(scale, name + ".conv2", SIGMOID), name + ".conv1", RELU)
        layer = self.layer(mean, "Pooling")
        assert layer.integer(0) == 1 and layer.integer(4) == 1, layer.name
        self.same(layer.inputs[0], x)
        return x

    def block(self, blob, name, se):
        """UNetConv: two leaky 3x3 convolutions, then squeeze-excite where the network has it."""
        if se:
            blob = self.se(blob, name + ".seblock")
        return self.conv(self.conv(blob, name + ".conv.2", LEAKY), name + ".conv.0", LEAKY)

    def unet1(self, blob, name, se, bottom):
        """bottom: (stride, padding) of conv_bottom, a transposed convolution."""
        blob = self.deconv(blob, name + ".conv_bottom", None, *bottom)
        x1, x2 = self.add_crop(self.conv(blob, name + ".conv3", LEAKY), 4)
        x2 = self.block(self.deconv(x2, name + ".conv2_up", LEAKY, 2, 0), name + ".conv2", se)
        self.same(self.conv(x2, name + ".conv1_down", LEAKY, stride=2), x1)
        return self.block(x1, name + ".conv1", False)

    def unet2(self, blob, name, se):
        blob = self.conv(self.conv(blob, name + ".conv_bottom", None), name + ".conv5", LEAKY)
        x1, x4 = self.add_crop(blob, 16)
        x4 = self.block(self.deconv(x4, name + ".conv4_up", LEAKY, 2, 0), name + ".conv4", se)
        x2, x3 = self.add_crop(x4, 4)
        x3 = self.block(self.deconv(x3, name + ".conv3_up", LEAKY, 2, 0), name + ".conv3", se)
        self.same(self.conv(x3, name + ".conv2_down", LEAKY, stride=2), x2)
        x2 = self.block(x2, name + ".conv2", se)
        self.same(self.conv(x2, name + ".conv1_down", LEAKY, stride=2), x1)
        return self.block(x1, name + ".conv1", False)

    def tail(self, blob):
        """4x only: pixel shuffle by 2 of the cropped conv_final. The nearest residual is not in the file."""
        layer = self.layer(blob, "PixelShuffle")
        assert layer.integer(0) == 2 and layer.integer(1) == 0, layer.name
        return self.conv(self.crop(layer.inputs[0], 1), "conv_final", None)

    def network(self, scale, se):
        blob = self.tail("out0") if scale == 4 else "out0"
        x, x0 = self.add_crop(blob, 20)
        self.same(self.unet2(x0, "unet2", se), x)
        bottom = (3, 2) if scale == 3 else (2, 3)
        self.layer(self.unet1(x, "unet1", se, bottom), "Input")
        unused = [layer.name for layer in self.layers if layer.name not in self.seen]
        assert not unused, f"layers without a place: {unused}"
        return self.state


def state_dict(param_path, bin_path, scale, se):
    """name -> float32 array for UpCunet{scale}x, squeeze-excite names left out when se is false."""
    return Matcher(read_model(param_path, bin_path)).network(scale, se)
