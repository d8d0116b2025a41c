"""What a user of the original programs gets for pictures and texts, from the file to the vector.

    command_goldens.py --out tests/goldens/commands

Needs torch, torchvision, transformers 5 and Pillow. Writes small checkpoints in the form of their release, and
for each a text with the vectors: a line "name v v v ..." an input, computed in float64 behind the float32
preprocessing of the original. Pictures are those of tests/goldens/pictures; none is tall, for Pillow 13 resizes
tall ones in another order than the versions that the models were released with.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from torchvision import transforms

import torch_cnn_goldens
from torchvision.models import resnet

PICTURES = ["420.jpg", "gray.jpg", "all-metadata.png", "lossless-alpha.webp"]
TEXTS = ["red", "a red dress, green EYES", "", "white hair &amp; blue eyes 12", "白髪の少女"]
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def write(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        for name, values in rows:
            file.write(name + " " + " ".join(f"{value:.9g}" for value in np.ravel(values)) + "\n")


def resnet18(pictures, goldens, out):
    model = torch_cnn_goldens.make_resnet(resnet.BasicBlock, [2, 2, 2, 2], 32, 7)
    model.load_state_dict(torch.load(goldens / "cnn" / "resnet18.pt"))
    model = model.eval().double()
    way = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
                              transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
    rows = []
    for name in PICTURES:
        x = way(Image.open(pictures / name).convert("RGB"))[None].double()
        with torch.no_grad():
            outputs = torch_cnn_goldens.resnet_forward(model, x)
        rows += [(f"{name} {output}", value.numpy()) for output, value in outputs.items()]
    write(out / "resnet18.txt", rows)


def byte_letters():
    """The letters of GPT-2's bytes, in the order of CLIP's vocabulary."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + i) for i in range(len(others))]


def write_tokenizer(folder, positions):
    merges = ["r e", "re d</w>", "g r", "e e", "gr ee", "gree n</w>", "b l", "u e</w>", "bl ue</w>", "h a", "i r</w>"]
    letters = byte_letters()
    words = letters + [letter + "</w>" for letter in letters] + [merge.replace(" ", "") for merge in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = json.dumps({word: i for i, word in enumerate(words)})
    (folder / "vocab.json").write_text(vocabulary + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": positions}) + "\n")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
    return len(words)


def pillow_clip(picture, side):
    """CLIPImageProcessor as it works on Pillow's pictures."""
    picture = picture.convert("RGB")
    w, h = picture.size
    short, long = min(w, h), max(w, h)
    size = (side, int(side * long / short)) if w <= h else (int(side * long / short), side)
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    pixels = np.asarray(picture.crop((left, top, left + side, top + side)))
    pixels = (pixels.astype(np.float64) * 0.00392156862745098).astype(np.float32)
    pixels = (pixels - np.array(MEAN, dtype=np.float32)) / np.array(STD, dtype=np.float32)
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].double()


def clip(pictures, out):
    side, positions = 32, 16
    folder = out / "clip"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    vocabulary = write_tokenizer(folder, positions)
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.CLIPConfig(
        projection_dim=24,
        text_config={**sizes, "vocab_size": vocabulary, "max_position_embeddings": positions,
                     "bos_token_id": vocabulary - 2, "eos_token_id": vocabulary - 1, "projection_dim": 24},
        vision_config={**sizes, "image_size": side, "patch_size": 8, "projection_dim": 24})
    model = transformers.CLIPModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 0:
                parameter.add_(torch.randn_like(parameter) * 0.08)
    model.save_pretrained(folder)
    processor = {"do_resize": True, "size": {"shortest_edge": side}, "resample": 3, "do_center_crop": True,
                 "crop_size": {"height": side, "width": side}, "do_rescale": True,
                 "rescale_factor": 0.00392156862745098, "do_normalize": True, "image_mean": MEAN, "image_std": STD,
                 "do_convert_rgb": True, "image_processor_type": "CLIPImageProcessor"}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=2) + "\n")

    tokenizer = transformers.CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    model = model.double()
    vectors, ids = [], []
    for name in PICTURES:
        with torch.no_grad():
            vectors.append((name, model.vision_model(pixel_values=pillow_clip(Image.open(pictures / name), side))))
    vectors = [(name, model.visual_projection(output.pooler_output)[0].detach().numpy()) for name, output in vectors]
    for i, text in enumerate(TEXTS):
        tokens = tokenizer(text, truncation=True, max_length=positions)["input_ids"]
        ids.append(tokens)
        with torch.no_grad():
            output = model.text_model(input_ids=torch.tensor([tokens]))
            vectors.append((f"text{i}", model.text_projection(output.pooler_output)[0].numpy()))
    write(out / "clip.txt", vectors + [("logit_scale", [model.logit_scale.exp().item()])])
    (out / "clip_ids.txt").write_text("".join(json.dumps(tokens) + "\n" for tokens in ids))
    (out / "clip_texts.json").write_text(json.dumps(TEXTS, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    goldens = Path(__file__).resolve().parents[1] / "goldens"
    resnet18(goldens / "pictures", goldens, out)
    clip(goldens / "pictures", out)


if __name__ == "__main__":
    main()
