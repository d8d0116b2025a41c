"""Goldens of torchvision's networks, SimCLR's encoder and transformers' EfficientNet: the original classes at reduced
width, in float64.

    torch_cnn_goldens.py --out tests/goldens/cnn
"""

import argparse
from pathlib import Path

import torch
import transformers
from torch import nn
from torchvision.models import resnet, vgg

import cnn_golden
import made_up_weights


def narrow(model, divisor):
    """Divides the channels of every layer; the forward code stays the original's."""
    for name, module in model.named_modules():
        for child_name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d):
                ic = child.in_channels if child.in_channels == 3 else child.in_channels // divisor
                new = nn.Conv2d(ic, child.out_channels // divisor, child.kernel_size, child.stride, child.padding,
                                groups=child.groups, bias=child.bias is not None)
            elif isinstance(child, (nn.BatchNorm2d, nn.BatchNorm1d)):
                new = type(child)(child.num_features // divisor, eps=child.eps)
            else:
                continue
            setattr(module, child_name, new)
    return model


def fill(model, prefix=""):
    state = model.state_dict()
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        tensor.copy_(torch.from_numpy(made_up_weights.weights(prefix + name, tuple(tensor.shape))))
    return model.eval()


def run(model, picture, n, side, forward, low=-2.0, high=2.0):
    pictures = made_up_weights.pictures(picture, n, side, side, low, high)
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
    with torch.no_grad():
        single = {name: value.numpy() for name, value in forward(model, x).items()}
        exact = {name: value.numpy() for name, value in forward(model.double(), x.double()).items()}
    return {name: (exact[name], single[name]) for name in exact}


def resnet_forward(model, x):
    features = []
    handle = model.avgpool.register_forward_hook(lambda module, inputs, output: features.append(output.flatten(1)))
    logits = model(x)
    handle.remove()
    return {"features": features[0], "logits": logits}


def vgg_forward(model, x):
    last = model.features(x)
    fc2 = model.classifier[:6](torch.flatten(model.avgpool(last), 1))
    return {"features": last.mean((2, 3)), "fc2": fc2, "logits": model(x)}


def make_vgg(make):
    model = narrow(make(num_classes=8), 16)
    for index, (before, after) in {0: (32 * 49, 64), 3: (64, 64), 6: (64, 8)}.items():
        model.classifier[index] = nn.Linear(before, after)
    return model


def efficientnet_forward(model, x):
    trunk = model.efficientnet(x, output_hidden_states=True)
    return {"features": trunk.pooler_output, "last_block": trunk.hidden_states[-1].mean((2, 3)),
            "logits": model(x).logits}


def make_resnet(block, blocks, divisor, classes, **options):
    model = narrow(resnet.ResNet(block, blocks, num_classes=classes, **options), divisor)
    model.fc = nn.Linear(model.fc.in_features // divisor, classes)
    return model


def torchvision_goldens(out, source):
    cases = {
        "resnet18": make_resnet(resnet.BasicBlock, [2, 2, 2, 2], 32, 7),
        "resnet50": make_resnet(resnet.Bottleneck, [3, 4, 6, 3], 8, 10),
        "resnext": make_resnet(resnet.Bottleneck, [1, 2, 1, 1], 4, 5, groups=4, width_per_group=32),
    }
    for name, model in cases.items():
        fill(model)
        if name == "resnet18":
            torch.save(model.state_dict(), out / "resnet18.pt")
        outputs = run(model, name, 2, 64, resnet_forward)
        cnn_golden.write(out / f"{name}.txt", source, name, 2, 64, 64, -2, 2, outputs)

    for name, make in {"vgg16": vgg.vgg16, "vgg11_bn": vgg.vgg11_bn}.items():
        outputs = run(fill(make_vgg(make)), name, 2, 224, vgg_forward)
        cnn_golden.write(out / f"{name}.txt", source, name, 2, 224, 224, -2, 2, outputs)


def efficientnet_goldens(out):
    made_up_weights.gain = 2.4  # pictures would hardly show behind so many sigmoids
    config = transformers.EfficientNetConfig(image_size=70, width_coefficient=0.1, depth_coefficient=0.3,
                                             hidden_dim=128, depthwise_padding=[1, 5], num_labels=6)
    model = fill(transformers.EfficientNetForImageClassification(config))
    model.save_pretrained(out / "efficientnet")
    outputs = run(model, "hf_efficientnet", 2, 70, efficientnet_forward)
    cnn_golden.write(out / "hf_efficientnet.txt", f"transformers {transformers.__version__}", "hf_efficientnet", 2,
                     70, 70, -2, 2, outputs)


def simclr_goldens(out, source):
    # SimCLR as a Lightning checkpoint has it: the encoder, with the classifier it came with, and the head.
    encoder = fill(make_resnet(resnet.Bottleneck, [1, 1, 1, 1], 32, 3), "encoder.")
    outputs = run(encoder, "simclr", 2, 64, lambda model, x: {"features": resnet_forward(model, x)["features"]})
    cnn_golden.write(out / "simclr.txt", source, "simclr", 2, 64, 64, -2, 2, outputs)
    state = {f"encoder.{name}": value.float() if value.is_floating_point() else value
             for name, value in encoder.state_dict().items()}
    head = nn.Sequential(nn.Linear(64, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4, bias=False))
    state.update({f"projection.model.{name}": value for name, value in head.state_dict().items()})
    checkpoint = {"epoch": 3, "global_step": 7, "pytorch-lightning_version": "1.1.8", "state_dict": state,
                  "optimizer_states": [{"state": {}, "param_groups": []}], "lr_schedulers": []}
    torch.save(checkpoint, out / "simclr_checkpoint.pt")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=["torchvision", "efficientnet", "simclr"])
    arguments = parser.parse_args()
    out, only = arguments.out, arguments.only
    torch.manual_seed(0)
    source = f"torchvision {torch.__version__}"

    if "torchvision" in only:
        torchvision_goldens(out, source)
    if "simclr" in only:
        simclr_goldens(out, source)
    if "efficientnet" in only:
        efficientnet_goldens(out)


if __name__ == "__main__":
    main()
