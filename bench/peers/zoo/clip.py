"""CLIP ViT-L/14 of transformers: one folder, its image tower and its text tower."""

from pathlib import Path

import torch
import transformers

from zoo.filling import write_folder

PROJECTION = 768


class Image(torch.nn.Module):
    def __init__(self, clip):
        super().__init__()
        self.tower, self.projection = clip.vision_model, clip.visual_projection

    def forward(self, x):
        return self.projection(self.tower(x).pooler_output)


class Text(torch.nn.Module):
    """Causal: what follows the end of a text does not reach its row, so padding needs no mask."""

    def __init__(self, clip):
        super().__init__()
        self.tower, self.projection = clip.text_model, clip.text_projection

    def forward(self, ids):
        return self.projection(self.tower(ids).pooler_output)


def write(model, path: Path) -> None:
    text = dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12, projection_dim=PROJECTION,
                eos_token_id=2)
    vision = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16,
                  patch_size=14, projection_dim=PROJECTION)
    config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=PROJECTION)
    write_folder(transformers.CLIPModel(config), path)


def load(model, path: Path, attention: str = "sdpa") -> torch.nn.Module:
    clip = transformers.CLIPModel.from_pretrained(path, dtype=torch.float32, attn_implementation=attention)
    return (Image(clip) if model.side else Text(clip)).eval()
