"""Reads a network from an ncnn .param/.bin pair; gives its shapes and its operation counts.

This is a second reader, independent of the one in converters/: if both agree on the outputs, neither
misreads the files. Only the layers that the Real-CUGAN networks use are known; anything else is an error.
Blobs are [c, h, w]; a pooled vector is [c, 1, 1]. Split layers are dissolved: a blob may have many readers.
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

PARAM_MAGIC = 7767517
TAG_FLOAT16 = 0x01306B47
TAG_FLOAT32 = 0x0002C056
TAG_NONE = 0

# ncnn's numeric parameter keys, by layer. Keys outside of these lists are refused unless they hold
# the default, because an ignored parameter would be a silently different network.
CONVOLUTION_KEYS = {0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16}
KNOWN_KEYS = {
    "Input": {0, 1, 2},
    "Split": set(),
    "Convolution": CONVOLUTION_KEYS,
    "Deconvolution": CONVOLUTION_KEYS,
    "InnerProduct": {0, 1, 2, 9, 10},
    "Pooling": {0, 4},
    "BinaryOp": {0},
    "Crop": {9, 10, 11},
    "PixelShuffle": {0},
}


class NetworkError(Exception):
    """The files do not hold a network of the known kind; the message names file and place."""


@dataclass
class Layer:
    kind: str
    name: str
    inputs: list[str]
    output: str
    params: dict = field(default_factory=dict)
    # Convolution and Deconvolution [oc, ic, kh, kw], InnerProduct [oc, ic]; float32.
    weights: np.ndarray | None = None
    bias: np.ndarray | None = None

    def activation(self) -> tuple[str, float]:
        code = self.params.get(9, 0)
        if code == 0:
            return "none", 0.0
        if code == 1:
            return "relu", 0.0
        if code == 2:
            return "leaky_relu", self.params[10][0]
        if code == 4:
            return "sigmoid", 0.0
        raise NetworkError(f"layer {self.name}: activation {code} is not one of 0, 1, 2, 4")

    def kernel(self) -> tuple[int, int]:
        kw = self.params[1]
        return self.params.get(11, kw), kw

    def stride(self) -> tuple[int, int]:
        sw = self.params.get(3, 1)
        return self.params.get(13, sw), sw

    def padding(self) -> tuple[int, int]:
        """(ph, pw), the same on both sides. For a Deconvolution: what is cut off its full output."""
        left = self.params.get(4, 0)
        top = self.params.get(14, left)
        if self.params.get(15, left) != left or self.params.get(16, top) != top:
            raise NetworkError(f"layer {self.name}: unequal padding on opposite sides")
        return top, left

    def crop(self, shape: tuple[int, int, int]) -> tuple[int, int, int, int]:
        """(top, left, bottom, right) as absolute limits in [0, h] x [0, w]."""
        starts, ends, axes = self.params[9], self.params[10], self.params[11]
        if list(axes) not in ([-2, -1], [1, 2]):
            raise NetworkError(f"layer {self.name}: crop over axes {axes}, expected height and width")
        limits = []
        for size, start, end in zip(shape[1:], starts, ends):
            limits.append((start if start >= 0 else size + start, end if end > 0 else size + end))
        (top, bottom), (left, right) = limits
        if not (0 <= top < bottom <= shape[1] and 0 <= left < right <= shape[2]):
            raise NetworkError(f"layer {self.name}: crop leaves nothing of {shape[1]}x{shape[2]}")
        return top, left, bottom, right


@dataclass
class Network:
    layers: list[Layer]
    input: str
    output: str

    def shapes(self, height: int, width: int) -> dict[str, tuple[int, int, int]]:
        known = {self.input: (3, height, width)}
        for layer in self.layers:
            known[layer.output] = output_shape(layer, [known[name] for name in layer.inputs])
        return known

    def flops(self, height: int, width: int) -> int:
        """2 x multiply-adds of the direct algorithm; everything but the weighted layers is left out."""
        shapes = self.shapes(height, width)
        total = 0
        for layer in self.layers:
            if layer.weights is None:
                continue
            # A transposed convolution spends its taps on each input position, the others on each output.
            blob = layer.inputs[0] if layer.kind == "Deconvolution" else layer.output
            _, h, w = shapes[blob]
            total += 2 * layer.weights.size * h * w
        return total


def output_shape(layer: Layer, inputs: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    c, h, w = inputs[0]
    if layer.kind in ("Convolution", "Deconvolution"):
        if layer.weights.shape[1] != c:
            wanted = layer.weights.shape[1]
            raise NetworkError(f"layer {layer.name}: weights for {wanted} channels, input has {c}")
        (kh, kw), (sh, sw), (ph, pw) = layer.kernel(), layer.stride(), layer.padding()
        if layer.kind == "Convolution":
            oh, ow = (h + 2 * ph - kh) // sh + 1, (w + 2 * pw - kw) // sw + 1
        else:
            oh, ow = (h - 1) * sh + kh - 2 * ph, (w - 1) * sw + kw - 2 * pw
        if oh < 1 or ow < 1:
            raise NetworkError(f"layer {layer.name}: input {h}x{w} is too small")
        return layer.weights.shape[0], oh, ow
    if layer.kind == "InnerProduct":
        if (h, w) != (1, 1) or layer.weights.shape[1] != c:
            wanted = (layer.weights.shape[1], 1, 1)
            raise NetworkError(f"layer {layer.name}: input {inputs[0]}, expected {wanted}")
        return layer.weights.shape[0], 1, 1
    if layer.kind == "Pooling":
        return c, 1, 1
    if layer.kind == "BinaryOp":
        if inputs[1] not in (inputs[0], (c, 1, 1)):
            raise NetworkError(f"layer {layer.name}: shapes {inputs[0]} and {inputs[1]} do not go together")
        return inputs[0]
    if layer.kind == "Crop":
        top, left, bottom, right = layer.crop(inputs[0])
        return c, bottom - top, right - left
    if layer.kind == "PixelShuffle":
        r = layer.params[0]
        return c // (r * r), h * r, w * r
    raise NetworkError(f"layer {layer.name}: unknown kind {layer.kind}")


def load(param_path: Path) -> Network:
    """Reads NAME.param and the NAME.bin beside it."""
    param_path = Path(param_path)
    network = _read_param(param_path)
    _read_bin(param_path.with_suffix(".bin"), network)
    return network


def _read_param(path: Path) -> Network:
    lines = path.read_text(encoding="ascii").splitlines()
    if not lines or lines[0].strip() != str(PARAM_MAGIC):
        raise NetworkError(f"{path}: the first line is not {PARAM_MAGIC}")
    layer_count = int(lines[1].split()[0])
    rows = [line for line in lines[2:] if line.strip()]
    if len(rows) != layer_count:
        raise NetworkError(f"{path}: {layer_count} layers announced, {len(rows)} found")

    source_of: dict[str, str] = {}  # a Split's output -> the blob that it copies
    read: set[str] = set()
    network = Network([], "", "")
    for row in rows:
        words = row.split()
        kind, name, n_in, n_out = words[0], words[1], int(words[2]), int(words[3])
        inputs = [source_of.get(blob, blob) for blob in words[4:4 + n_in]]
        outputs = words[4 + n_in:4 + n_in + n_out]
        read.update(inputs)
        if kind not in KNOWN_KEYS:
            raise NetworkError(f"{path}: layer {name}: unknown kind {kind}")
        params = dict(_read_key(path, name, word) for word in words[4 + n_in + n_out:])
        _check_params(path, kind, name, params)
        if kind == "Input":
            network.input = outputs[0]
        elif kind == "Split":
            source_of.update((blob, inputs[0]) for blob in outputs)
        else:
            network.layers.append(Layer(kind, name, inputs, outputs[0], params))

    unread = [layer.output for layer in network.layers if layer.output not in read]
    if not network.input or len(unread) != 1:
        raise NetworkError(f"{path}: expected one input and one output, found outputs {unread}")
    network.output = unread[0]
    return network


def _read_key(path: Path, name: str, word: str):
    key, _, value = word.partition("=")
    number = int(key)
    if number > -23300:
        return number, _read_number(value)
    parts = value.split(",")
    if int(parts[0]) != len(parts) - 1:
        raise NetworkError(f"{path}: layer {name}: array {word} has not the length that it announces")
    return -23300 - number, [_read_number(part) for part in parts[1:]]


def _read_number(text: str):
    return float(text) if "." in text or "e" in text else int(text)


def _check_params(path: Path, kind: str, name: str, params: dict) -> None:
    unknown = set(params) - KNOWN_KEYS[kind]
    if unknown:
        raise NetworkError(f"{path}: layer {name}: unknown parameters {sorted(unknown)}")
    wanted = {
        "Pooling": params.get(0) == 1 and params.get(4) == 1,
        "BinaryOp": params.get(0, 0) in (0, 2),
        "Convolution": params.get(2, 1) == 1 and params.get(12, 1) == 1,
        "Deconvolution": params.get(2, 1) == 1 and params.get(12, 1) == 1,
    }
    if not wanted.get(kind, True):
        raise NetworkError(f"{path}: layer {name}: {kind} with unsupported parameters {params}")


def _read_bin(path: Path, network: Network) -> None:
    data = path.read_bytes()
    offset = 0

    def take(size: int, layer: Layer) -> bytes:
        nonlocal offset
        if offset + size > len(data):
            raise NetworkError(f"{path}: layer {layer.name}: wants {size} bytes at {offset}, "
                               f"the file has {len(data)}")
        offset += size
        return data[offset - size:offset]

    for layer in network.layers:
        if layer.kind not in ("Convolution", "Deconvolution", "InnerProduct"):
            continue
        inner = layer.kind == "InnerProduct"
        bias_key, count_key = (1, 2) if inner else (5, 6)
        oc, has_bias, count = layer.params[0], layer.params.get(bias_key, 0), layer.params[count_key]
        taps = (1, 1) if inner else layer.kernel()
        ic, rest = divmod(count, oc * taps[0] * taps[1])
        if rest or ic == 0:
            raise NetworkError(f"{path}: layer {layer.name}: {count} weights do not fit {oc} x {taps}")
        (tag,) = struct.unpack("<I", take(4, layer))
        if tag == TAG_FLOAT16:
            # Each array is filled up to a multiple of 4 bytes.
            raw = take((count * 2 + 3) // 4 * 4, layer)
            weights = np.frombuffer(raw, "<f2", count).astype(np.float32)
        elif tag in (TAG_NONE, TAG_FLOAT32):
            weights = np.frombuffer(take(count * 4, layer), "<f4").copy()
        else:
            raise NetworkError(f"{path}: layer {layer.name}: weight tag {tag:#010x} is neither fp16 nor fp32")
        layer.weights = weights.reshape((oc, ic) if inner else (oc, ic, *taps))
        if has_bias:
            layer.bias = np.frombuffer(take(oc * 4, layer), "<f4").copy()
    if offset != len(data):
        raise NetworkError(f"{path}: {len(data) - offset} bytes are left over behind the last layer")
