"""DeepDanbooru v3 and ResNet101V2 of keras.applications: Keras weights in HDF5, and torch modules that read them.

The layers have the names that Keras gives them. Pictures come in as the original's preprocessing leaves them.
"""

from pathlib import Path

import h5py
import torch
from torch import nn
from torch.nn import functional as F

import made_up_weights

EPSILON = {"deepdanbooru": 1e-3, "resnet101v2": 1.001e-5}


class Net(nn.Module):
    """Layers by name, made when the network is first described."""

    def __init__(self, epsilon: float):
        super().__init__()
        self.layers = nn.ModuleDict()
        self.epsilon = epsilon

    def conv(self, name: str, ic: int, oc: int, kernel: int = 1, stride: int = 1, padding: int = 0,
             bias: bool = False) -> str:
        self.layers[name] = nn.Conv2d(ic, oc, kernel, stride, padding, bias=bias)
        return name

    def norm(self, name: str, channels: int) -> str:
        self.layers[name] = nn.BatchNorm2d(channels, self.epsilon)
        return name


class DeepDanbooru(Net):
    """The original bottleneck ResNet; TensorFlow's `same` padding, which at even sizes is right and below alone."""

    FILTERS, REPEATS, CLASSES = (256, 512, 1024, 1024, 2048, 4096), (2, 7, 19, 19, 2, 2), 9176

    def __init__(self):
        super().__init__(EPSILON["deepdanbooru"])
        self.stem = self._conv_norm(3, 64, 7, 2)
        self.blocks = []  # (a, b, c, shortcut or None)
        ic = 64
        for stage, (filters, repeats) in enumerate(zip(self.FILTERS, self.REPEATS)):
            for block in range(repeats + 1):
                stride = 2 if stage > 0 and block == 0 else 1
                width = filters // 4
                a, b = self._conv_norm(ic, width), self._conv_norm(width, width, 3, stride)
                c = self._conv_norm(width, filters)
                shortcut = self._conv_norm(ic, filters, 1, stride) if block == 0 else None
                self.blocks.append((a, b, c, shortcut))
                ic = filters
        self.head = self.conv(self._name("conv2d"), ic, self.CLASSES)

    def _name(self, kind: str) -> str:
        number = sum(isinstance(layer, nn.Conv2d) for layer in self.layers.values())
        return f"{kind}_{number}" if number else kind

    def _conv_norm(self, ic: int, oc: int, kernel: int = 1, stride: int = 1) -> tuple[str, str]:
        norm = self._name("batch_normalization")
        padding = 1 if kernel == 3 and stride == 1 else 0
        conv = self.conv(self._name("conv2d"), ic, oc, kernel, stride, padding)
        return conv, self.norm(norm, oc)

    def _run(self, names: tuple[str, str], x: torch.Tensor) -> torch.Tensor:
        layer = self.layers[names[0]]
        kernel, stride = layer.kernel_size[0], layer.stride[0]
        if kernel > 1 and stride > 1:
            before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
            x = F.pad(x, (before, after, before, after))
        return self.layers[names[1]](layer(x))

    def forward(self, x):
        # With ceil_mode the last window hangs over right and below, as `same` has it.
        x = F.max_pool2d(F.relu(self._run(self.stem, x)), 3, 2, ceil_mode=True)
        for a, b, c, shortcut in self.blocks:
            y = self._run(c, F.relu(self._run(b, F.relu(self._run(a, x)))))
            x = F.relu(y + (self._run(shortcut, x) if shortcut else x))
        return torch.sigmoid(self.layers[self.head](x).mean((2, 3)))


class ResNet101V2(Net):
    """Pre-activation blocks, the stride in the last of a stage; up to the mean of the last map."""

    BLOCKS = (3, 4, 23, 3)

    def __init__(self):
        super().__init__(EPSILON["resnet101v2"])
        self.conv("conv1_conv", 3, 64, 7, 2, 3, bias=True)
        self.blocks = []
        ic = 64
        for stage, count in enumerate(self.BLOCKS):
            width = 64 << stage
            for block in range(count):
                name = f"conv{stage + 2}_block{block + 1}"
                stride = 2 if block + 1 == count and stage + 1 < len(self.BLOCKS) else 1
                self.norm(f"{name}_preact_bn", ic)
                if block == 0:
                    self.conv(f"{name}_0_conv", ic, 4 * width, bias=True)
                self.conv(f"{name}_1_conv", ic, width)
                self.norm(f"{name}_1_bn", width)
                self.conv(f"{name}_2_conv", width, width, 3, stride, 1)
                self.norm(f"{name}_2_bn", width)
                self.conv(f"{name}_3_conv", width, 4 * width, bias=True)
                self.blocks.append((name, stride))
                ic = 4 * width
        self.norm("post_bn", ic)

    def forward(self, x):
        layers = self.layers
        # The zeros of this padding count in the maximum.
        x = F.max_pool2d(F.pad(layers["conv1_conv"](x), (1, 1, 1, 1)), 3, 2)
        for name, stride in self.blocks:
            before = F.relu(layers[f"{name}_preact_bn"](x))
            if f"{name}_0_conv" in layers:
                x = layers[f"{name}_0_conv"](before)
            elif stride > 1:
                x = F.max_pool2d(x, 1, stride)
            y = F.relu(layers[f"{name}_1_bn"](layers[f"{name}_1_conv"](before)))
            y = F.relu(layers[f"{name}_2_bn"](layers[f"{name}_2_conv"](y)))
            x = x + layers[f"{name}_3_conv"](y)
        return F.relu(layers["post_bn"](x)).mean((2, 3))


NETS = {"deepdanbooru": DeepDanbooru, "resnet101v2": ResNet101V2}
NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}


def _variables(layer: nn.Module):
    """(Keras' name, torch's tensor, Keras' axes in torch's order)"""
    if isinstance(layer, nn.BatchNorm2d):
        return [(keras, getattr(layer, torch_name), None) for keras, torch_name in NORM.items()]
    found = [("kernel", layer.weight, (3, 2, 0, 1))]
    return found + ([("bias", layer.bias, None)] if layer.bias is not None else [])


def write(model, path: Path) -> None:
    with h5py.File(path, "w") as file, torch.device("meta"):
        net = NETS[model.name]()
        file.attrs["layer_names"] = list(net.layers)
        for name, layer in net.layers.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{variable}:0" for variable, _, _ in _variables(layer)]
            for variable, tensor, axes in _variables(layer):
                shape = tuple(tensor.shape)
                if axes:
                    shape = shape[2], shape[3], shape[1], shape[0]
                group[f"{name}/{variable}:0"] = made_up_weights.weights(f"{name}/{variable}", shape)


def load(model, path: Path) -> nn.Module:
    net = NETS[model.name]()
    with h5py.File(path) as file, torch.no_grad():
        for name, layer in net.layers.items():
            for variable, tensor, axes in _variables(layer):
                values = torch.from_numpy(file[f"{name}/{name}/{variable}:0"][()])
                tensor.copy_(values.permute(axes) if axes else values)
    return net.eval()
