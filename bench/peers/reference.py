"""The network in float64 and plain numpy: slow, simple, and the judge of every float32 result."""

import numpy as np

import network as nets


def run(net: nets.Network, src: np.ndarray) -> np.ndarray:
    """src [h, w, 3] -> dst [oh, ow, oc], both float64. Blobs are dropped after their last reader."""
    last_reader = {name: i for i, layer in enumerate(net.layers) for name in layer.inputs}
    blobs = {net.input: np.ascontiguousarray(src.astype(np.float64))}
    for i, layer in enumerate(net.layers):
        blobs[layer.output] = _activate(layer, _apply(layer, [blobs[name] for name in layer.inputs]))
        for name in layer.inputs:
            if last_reader[name] == i:
                blobs.pop(name, None)
    return blobs[net.output]


def _apply(layer: nets.Layer, inputs: list[np.ndarray]) -> np.ndarray:
    src = inputs[0]
    if layer.kind == "Convolution":
        return _convolution(layer, src)
    if layer.kind == "Deconvolution":
        return _deconvolution(layer, src)
    if layer.kind == "InnerProduct":
        return src @ layer.weights.T.astype(np.float64) + _bias(layer)
    if layer.kind == "Pooling":
        return src.mean(axis=(0, 1), keepdims=True)
    if layer.kind == "BinaryOp":
        return src + inputs[1] if layer.params.get(0, 0) == 0 else src * inputs[1]
    if layer.kind == "Crop":
        h, w, c = src.shape
        top, left, bottom, right = layer.crop((c, h, w))
        return src[top:bottom, left:right]
    if layer.kind == "PixelShuffle":
        h, w, c = src.shape
        r = layer.params[0]
        # Channel (c * r + dy) * r + dx goes to pixel (y * r + dy, x * r + dx) of channel c.
        blocks = src.reshape(h, w, c // (r * r), r, r).transpose(0, 3, 1, 4, 2)
        return blocks.reshape(h * r, w * r, c // (r * r))
    raise nets.NetworkError(f"layer {layer.name}: no reference for {layer.kind}")


def _bias(layer: nets.Layer) -> np.ndarray:
    return np.zeros(layer.weights.shape[0]) if layer.bias is None else layer.bias.astype(np.float64)


def _convolution(layer: nets.Layer, src: np.ndarray) -> np.ndarray:
    (sh, sw), (ph, pw) = layer.stride(), layer.padding()
    oc, ic, kh, kw = layer.weights.shape
    src = np.pad(src, ((ph, ph), (pw, pw), (0, 0)))
    oh, ow = (src.shape[0] - kh) // sh + 1, (src.shape[1] - kw) // sw + 1
    dst = np.tile(_bias(layer), (oh, ow, 1))
    for y in range(kh):
        for x in range(kw):
            window = src[y:y + (oh - 1) * sh + 1:sh, x:x + (ow - 1) * sw + 1:sw]
            dst += window @ layer.weights[:, :, y, x].T.astype(np.float64)
    return dst


def _deconvolution(layer: nets.Layer, src: np.ndarray) -> np.ndarray:
    (sh, sw), (ph, pw) = layer.stride(), layer.padding()
    oc, ic, kh, kw = layer.weights.shape
    h, w, _ = src.shape
    full = np.tile(_bias(layer), ((h - 1) * sh + kh, (w - 1) * sw + kw, 1))
    for y in range(kh):
        for x in range(kw):
            full[y:y + (h - 1) * sh + 1:sh, x:x + (w - 1) * sw + 1:sw] += (
                src @ layer.weights[:, :, y, x].T.astype(np.float64))
    return full[ph:full.shape[0] - ph, pw:full.shape[1] - pw]


def _activate(layer: nets.Layer, src: np.ndarray) -> np.ndarray:
    kind, slope = layer.activation() if layer.weights is not None else ("none", 0.0)
    if kind == "relu":
        return np.maximum(src, 0.0)
    if kind == "leaky_relu":
        return np.where(src < 0.0, src * slope, src)
    if kind == "sigmoid":
        return 0.5 * (1.0 + np.tanh(0.5 * src))
    return src
