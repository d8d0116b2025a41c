"""EfficientNet B0 and B7 of transformers, as folders."""

from pathlib import Path

import torch
import transformers

import made_up_weights
from zoo.filling import fill

SIZES = {
    "efficientnet-b0": dict(image_size=224, width_coefficient=1.0, depth_coefficient=1.0, hidden_dim=1280,
                            depthwise_padding=[]),
    "efficientnet-b7": dict(image_size=600, width_coefficient=2.0, depth_coefficient=3.1, hidden_dim=2560,
                            depthwise_padding=[18]),
}
# Behind so many sigmoids pictures would not show with less; with more the depth makes noise of rounding.
GAIN = {"efficientnet-b0": 2.2, "efficientnet-b7": 1.9}


class Logits(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x).logits


def write(model, path: Path) -> None:
    config = transformers.EfficientNetConfig(num_labels=1000, **SIZES[model.name])
    made_up_weights.gain = GAIN[model.name]
    fill(transformers.EfficientNetForImageClassification(config)).save_pretrained(path)


def load(model, path: Path) -> torch.nn.Module:
    network = transformers.EfficientNetForImageClassification.from_pretrained(path, dtype=torch.float32)
    # The mean of all pixels, as the original's: a window of thousands that hangs over, which not every peer takes.
    network.efficientnet.pooler = torch.nn.AdaptiveAvgPool2d(1)
    return Logits(network).eval()
