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


class Logits(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x).logits


def write(model, path: Path) -> None:
    config = transformers.EfficientNetConfig(num_labels=1000, **SIZES[model.name])
    # Behind so many sigmoids pictures would hardly show with less.
    made_up_weights.gain = 2.4
    fill(transformers.EfficientNetForImageClassification(config)).save_pretrained(path)


def load(model, path: Path) -> torch.nn.Module:
    return Logits(transformers.EfficientNetForImageClassification.from_pretrained(path, dtype=torch.float32)).eval()
