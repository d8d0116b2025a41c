"""torchvision's ResNet-50 as a state dict."""

from pathlib import Path

import torch
from torchvision.models import resnet50

from zoo.filling import fill


def write(model, path: Path) -> None:
    torch.save(fill(resnet50()).state_dict(), path)


def load(model, path: Path) -> torch.nn.Module:
    module = resnet50()
    module.load_state_dict(torch.load(path, weights_only=True))
    return module.eval()
