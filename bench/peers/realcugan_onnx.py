"""Builds an ONNX model from a .param/.bin pair: python realcugan_onnx.py IN.param OUT.onnx --shape HxW

Weights are widened to float32, the input shape is fixed: what onnxruntime and OpenVINO optimise best.
Input and output are NCHW, batch 1.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import network as nets

OPSET = 17
IR_VERSION = 8


class Builder:
    def __init__(self):
        self.nodes = []
        self.constants = []

    def constant(self, name: str, array: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, **attributes) -> None:
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"{op}_{output}", **attributes))

    def weighted(self, layer: nets.Layer) -> None:
        kind, slope = layer.activation()
        result = layer.output if kind == "none" else layer.output + "_linear"
        weights = layer.weights
        if layer.kind == "InnerProduct":
            # As a 1x1 convolution over the pooled 1x1 map: the vector stays [1, c, 1, 1] for the product.
            weights = weights[:, :, None, None]
            attributes = {"kernel_shape": [1, 1]}
        else:
            ph, pw = layer.padding()
            attributes = {"kernel_shape": layer.kernel(), "strides": layer.stride(), "pads": [ph, pw, ph, pw]}
        op = "Conv"
        if layer.kind == "Deconvolution":
            op, weights = "ConvTranspose", weights.transpose(1, 0, 2, 3)
        inputs = [layer.inputs[0], self.constant(layer.name + "_weights", weights)]
        if layer.bias is not None:
            inputs.append(self.constant(layer.name + "_bias", layer.bias))
        self.node(op, inputs, result, **attributes)
        if kind == "relu":
            self.node("Relu", [result], layer.output)
        elif kind == "leaky_relu":
            self.node("LeakyRelu", [result], layer.output, alpha=slope)
        elif kind == "sigmoid":
            self.node("Sigmoid", [result], layer.output)

    def crop(self, layer: nets.Layer, shape: tuple[int, int, int]) -> None:
        top, left, bottom, right = layer.crop(shape)
        limits = [self.constant(f"{layer.name}_{what}", np.array(values, np.int64))
                  for what, values in (("starts", [top, left]), ("ends", [bottom, right]), ("axes", [2, 3]))]
        self.node("Slice", [layer.inputs[0], *limits], layer.output)

    def layer(self, layer: nets.Layer, shapes: dict) -> None:
        if layer.weights is not None:
            self.weighted(layer)
        elif layer.kind == "Pooling":
            self.node("GlobalAveragePool", layer.inputs, layer.output)
        elif layer.kind == "BinaryOp":
            self.node("Add" if layer.params.get(0, 0) == 0 else "Mul", layer.inputs, layer.output)
        elif layer.kind == "Crop":
            self.crop(layer, shapes[layer.inputs[0]])
        elif layer.kind == "PixelShuffle":
            self.node("DepthToSpace", layer.inputs, layer.output, blocksize=layer.params[0], mode="CRD")
        else:
            raise nets.NetworkError(f"layer {layer.name}: no ONNX form for {layer.kind}")


def build(net: nets.Network, height: int, width: int) -> onnx.ModelProto:
    shapes = net.shapes(height, width)
    builder = Builder()
    for layer in net.layers:
        builder.layer(layer, shapes)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *shapes[name]])
            for name in (net.input, net.output)]
    graph = helper.make_graph(builder.nodes, "realcugan", [ends[0]], [ends[1]], builder.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("param", type=Path)
    parser.add_argument("onnx", type=Path)
    parser.add_argument("--shape", required=True, metavar="HxW", help="padded input, for example 292x292")
    args = parser.parse_args()
    height, width = map(int, args.shape.split("x"))
    onnx.save(build(nets.load(args.param), height, width), args.onnx)


if __name__ == "__main__":
    main()
