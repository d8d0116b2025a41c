"""cases-pillow.txt, cases-torchvision.txt and cases-huggingface.txt: torchvision and transformers on Pillow 12."""

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision.transforms as T
import transformers
from PIL import Image
from torchvision.transforms import InterpolationMode

from preprocess_cases import CHANNELS, Cases, colours, golden_files, image, samples

FILTERS = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR,
           "bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}
INTERPOLATION = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR,
                 "bicubic": InterpolationMode.BICUBIC}
SIZES = [(1, 1), (1, 9), (9, 1), (7, 5), (31, 17), (64, 64), (100, 75), (75, 100), (13, 301), (400, 8), (250, 190)]
SMALL = [(31, 17), (9, 1), (23, 160), (100, 75)]
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
CLIP = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])


def pillow(cases):
    """Stretching in RGB and in the file's own mode: sizes, modes and filters."""
    seed = 1000
    for w, h in SIZES:
        for name, number in FILTERS.items():
            for size in ((32, 32), (7, 150)):
                seed += 1
                result = image("rgb", w, h, seed).resize(size, number)
                cases.add(("rgb", w, h, seed), {"resizer": "pillow", "filter": name, "size": size}, np.array(result))
    for mode in CHANNELS:
        for w, h in SMALL:
            for name, number in FILTERS.items():
                seed += 1
                size = (24, 40)
                first = image(mode, w, h, seed).convert("RGB").resize(size, number)
                cases.add((mode, w, h, seed), {"rgb": "first", "filter": name, "size": size}, np.array(first))
                last = image(mode, w, h, seed).resize(size, number).convert("RGB")
                cases.add((mode, w, h, seed), {"rgb": "last", "filter": name, "size": size}, np.array(last))
        last = image(mode, 24, 40, seed).resize((24, 40), Image.Resampling.BICUBIC).convert("RGB")
        cases.add((mode, 24, 40, seed), {"rgb": "last", "filter": "bicubic", "size": [24, 40]}, np.array(last))
        last = image(mode, 24, 90, seed).resize((24, 40), Image.Resampling.BICUBIC).convert("RGB")
        cases.add((mode, 24, 90, seed), {"rgb": "last", "filter": "bicubic", "size": [24, 40]}, np.array(last))


def white(cases):
    """transformers 5 puts what has alpha on white."""
    for mode in ("gray_alpha", "rgba", "palette"):
        picture = image(mode, 31, 17, 5)
        if mode == "palette":
            picture.info["transparency"] = colours(5)[:, 3].tobytes()
        flat = transformers.image_transforms.convert_to_rgb(picture)
        cases.add((mode, 31, 17, 5), {"alpha": "white", "resize": "none"}, np.array(flat))


def classic(size, crop, interpolation, mean, std, rgb_last):
    """torchvision's Compose for PIL pictures; OpenAI's CLIP makes RGB of what is left."""
    rgb = [T.Lambda(lambda i: i.convert("RGB"))]
    steps = [T.Resize(size, interpolation), T.CenterCrop(crop)]
    return T.Compose([*(steps + rgb if rgb_last else rgb + steps), T.ToTensor(), T.Normalize(mean, std)])


def torchvision_cases(cases):
    seed = 3000
    for w, h in [(224, 224), (257, 224), (300, 201), (201, 300), (640, 361), (90, 333), (31, 17), (227, 640), (1, 3)]:
        for crop, resize in ((224, 256), (32, 36)):
            seed += 1
            result = classic(resize, crop, INTERPOLATION["bilinear"], *IMAGENET, False)(image("rgb", w, h, seed))
            cases.add(("rgb", w, h, seed), f"preset:imagenet:{crop}", result.permute(1, 2, 0))
    for mode in CHANNELS:
        for w, h in [(31, 17), (45, 80), (100, 77), (120, 41)]:
            for side in (33, 48):
                seed += 1
                clip = classic(side, side, INTERPOLATION["bicubic"], *CLIP, True)
                result = clip(image(mode, w, h, seed))
                cases.add((mode, w, h, seed), f"preset:openai-clip:{side}", result.permute(1, 2, 0))
    for w, h in [(31, 17), (64, 64), (150, 75), (75, 150), (9, 1), (1, 1), (301, 203)]:
        for antialias in (True, False):
            for name in ("bilinear", "bicubic"):
                seed += 1
                tensor = torch.from_numpy(samples("rgb", w, h, seed)).permute(2, 0, 1).float()
                resize = T.Resize((41, 64), INTERPOLATION[name], antialias=antialias)
                how = {"resizer": "torchvision", "filter": name, "antialias": antialias, "size": [64, 41]}
                cases.add(("rgb", w, h, seed), how, resize(tensor).permute(1, 2, 0), exact=False)
            steps = T.Compose([T.ToTensor(), T.Normalize(*IMAGENET), T.Resize((64, 64), antialias=antialias)])
            how = {"resizer": "torchvision", "filter": "bilinear", "antialias": antialias, "size": [64, 64],
                   "normalize_first": True, "scale": "divide", "scale_by": 255, "mean": IMAGENET[0], "std": IMAGENET[1]}
            cases.add(("rgb", w, h, seed), "preset:simclr:64" if antialias else how,
                      steps(image("rgb", w, h, seed)).permute(1, 2, 0), exact=False)


def processor(name):
    module = f"transformers.models.{name.lower()}.image_processing_pil_{name.lower()}"
    found = __import__(module, fromlist=["x"])
    return getattr(found, next(n for n in dir(found) if n.lower() == f"{name.lower()}imageprocessorpil"))


HF = {  # the model's type, its processor, its preset and the JSON that is released with the model
    "clip": ("CLIP", "hf-clip:40", {"feature_extractor_type": "CLIPFeatureExtractor", "size": 40, "crop_size": 40,
                                    "do_center_crop": True, "do_normalize": True, "do_resize": True, "resample": 3,
                                    "image_mean": CLIP[0], "image_std": CLIP[1]}),
    "vit": ("ViT", "vit:40", {"do_normalize": True, "do_resize": True, "resample": 2, "size": 40,
                              "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}),
    "dinov2": ("Bit", "dinov2:35", {"image_processor_type": "BitImageProcessor",
                                    "crop_size": {"height": 35, "width": 35}, "do_center_crop": True,
                                    "do_convert_rgb": True, "do_normalize": True,
                                    "do_rescale": True, "do_resize": True, "image_mean": IMAGENET[0],
                                    "image_std": IMAGENET[1], "resample": 3, "rescale_factor": 0.00392156862745098,
                                    "size": {"shortest_edge": 40}}),
    "blip-2": ("Blip", "blip2:40", {"image_processor_type": "BlipImageProcessor", "do_convert_rgb": True,
                                    "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": CLIP[0],
                                    "image_std": CLIP[1], "resample": 3, "rescale_factor": 0.00392156862745098,
                                    "size": {"height": 40, "width": 40}}),
    "efficientnet": ("EfficientNet", "hf-efficientnet:40",
                     {"crop_size": {"height": 289, "width": 289}, "do_center_crop": False, "do_normalize": True,
                      "do_rescale": True, "do_resize": True, "image_mean": IMAGENET[0],
                      "image_processor_type": "EfficientNetImageProcessor",
                      "image_std": [0.47853944, 0.4732864, 0.47434163], "include_top": True, "resample": 0,
                      "rescale_factor": 0.00392156862745098, "rescale_offset": False,
                      "size": {"height": 40, "width": 40}}),
}


def huggingface(cases):
    seed = 5000
    for kind, (name, preset, config) in HF.items():
        made = processor(name)(**{k: v for k, v in config.items() if not k.endswith("_type")})
        for mode in ("rgb", "rgba", "palette", "gray", "gray16", "cmyk", "gray_alpha", "bit"):
            for w, h in ([(43, 41), (47, 40), (160, 31), (90, 333), (7, 5)] if mode == "rgb" else [(63, 44), (44, 97)]):
                seed += 1
                rgb = image(mode, w, h, seed).convert("RGB")
                result = made(rgb, return_tensors="np")["pixel_values"][0].transpose(1, 2, 0)
                cases.add((mode, w, h, seed), f"preset:{preset}", result)
                if mode == "rgb":
                    cases.add((mode, w, h, seed), f"hf:{kind}:" + json.dumps(config, separators=(",", ":")), result)


def files(cases, goldens):
    """From the file on: OpenAI's CLIP, and an ImageNet network after convert("RGB")."""
    clip = classic(40, 40, INTERPOLATION["bicubic"], *CLIP, True)
    imagenet = classic(54, 48, INTERPOLATION["bilinear"], *IMAGENET, False)
    warnings.simplefilter("ignore")
    for path, name in golden_files(goldens):
        with Image.open(path) as opened:
            for preset, run in (("openai-clip:40", clip), ("imagenet:48", imagenet)):
                result = run(opened).permute(1, 2, 0)
                cases.add((name, *opened.size, 0), f"preset:{preset}", result)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path)
    out = parser.parse_args().out
    assert int(PIL.__version__.split(".")[0]) <= 12, "Pillow 13 starts with the rows of tall pictures"
    for name, make in (("pillow", (pillow, white)), ("torchvision", (torchvision_cases,)),
                       ("huggingface", (huggingface,)), ("files-pillow", (lambda c: files(c, out.parent),))):
        cases = Cases()
        for step in make:
            step(cases)
        cases.save(out / f"cases-{name}.txt")


if __name__ == "__main__":
    main()
