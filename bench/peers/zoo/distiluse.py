"""DistilUSE, multilingual: the folder of a sentence-transformers model (DistilBERT, masked mean, dense with tanh)."""

from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

from zoo.filling import values, write_folder, write_json

WIDTH, SIZE = 768, 512


class Sentence(torch.nn.Module):
    def __init__(self, network, dense):
        super().__init__()
        self.network, self.dense = network, dense

    def forward(self, ids, mask=None):
        """mask: float32 [n, tokens], 1 for tokens and 0 for padding; None where there is none."""
        if mask is None:
            return torch.tanh(self.dense(self.network(ids).last_hidden_state.mean(1)))
        lowest = torch.finfo(mask.dtype).min
        hidden = ((1 - mask) * lowest)[:, None, None, :].expand(-1, 1, ids.shape[1], -1)
        rows = self.network(ids, attention_mask=hidden).last_hidden_state
        mean = (rows * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        return torch.tanh(self.dense(mean))


def write(model, path: Path) -> None:
    config = transformers.DistilBertConfig(vocab_size=model.ids[1], dim=WIDTH, hidden_dim=4 * WIDTH, n_heads=12,
                                           n_layers=6, max_position_embeddings=512)
    write_folder(transformers.DistilBertModel(config), path)
    parts = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"))
    write_json(path / "modules.json",
               [{"idx": i, "name": str(i), "path": folder, "type": f"sentence_transformers.models.{kind}"}
                for i, (folder, kind) in enumerate(parts)])
    write_json(path / "1_Pooling" / "config.json",
               {"word_embedding_dimension": WIDTH, "pooling_mode_cls_token": False,
                "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False,
                "pooling_mode_mean_sqrt_len_tokens": False})
    write_json(path / "2_Dense" / "config.json",
               {"in_features": WIDTH, "out_features": SIZE, "bias": True,
                "activation_function": "torch.nn.modules.activation.Tanh"})
    dense = torch.nn.Linear(WIDTH, SIZE)
    save_file({f"linear.{name}": values(f"linear.{name}", tensor) for name, tensor in dense.state_dict().items()},
              path / "2_Dense" / "model.safetensors", {"format": "pt"})


def load(model, path: Path, attention: str = "sdpa") -> torch.nn.Module:
    dense = torch.nn.Linear(WIDTH, SIZE)
    state = load_file(path / "2_Dense" / "model.safetensors")
    dense.load_state_dict({name.removeprefix("linear."): tensor for name, tensor in state.items()})
    network = transformers.DistilBertModel.from_pretrained(path, dtype=torch.float32, attn_implementation=attention)
    return Sentence(network, dense).eval()
