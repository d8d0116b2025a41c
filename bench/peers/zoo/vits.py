"""ViT-L/16 and DINOv2-base of transformers, as folders; the row of the class token."""

from pathlib import Path

import torch
import transformers

from zoo.filling import write_folder


class ClassRow(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x).last_hidden_state[:, 0]


def write(model, path: Path) -> None:
    if model.name == "vit-l16":
        config = transformers.ViTConfig(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16,
                                        intermediate_size=4096)
        write_folder(transformers.ViTModel(config, add_pooling_layer=False), path)
    else:
        write_folder(transformers.Dinov2Model(transformers.Dinov2Config(image_size=518)), path)


def load(model, path: Path, attention: str = "sdpa") -> torch.nn.Module:
    options = dict(dtype=torch.float32, attn_implementation=attention)
    if model.name == "vit-l16":
        network = transformers.ViTModel.from_pretrained(path, add_pooling_layer=False, **options)
    else:
        network = transformers.Dinov2Model.from_pretrained(path, **options)
        _fix_positions(network, model.side)
    return ClassRow(network).eval()


def _fix_positions(network, side: int) -> None:
    """The positions of pictures of this side, interpolated once: a peer should not do so in every run."""
    embeddings = network.embeddings
    patch = embeddings.patch_size
    blank = torch.zeros(1, 1 + (side // patch) ** 2, embeddings.position_embeddings.shape[-1])
    with torch.no_grad():
        fixed = embeddings.interpolate_pos_encoding(blank, side, side)
    network.register_buffer("fixed_positions", fixed)
    embeddings.interpolate_pos_encoding = lambda *_: network.fixed_positions
