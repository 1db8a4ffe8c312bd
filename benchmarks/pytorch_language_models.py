"""Two language models too large to be real here, in plain `torch.nn`: built on the meta device, no weight is allocated."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 -- as everyone calls it


class Rotary(nn.Module):
    """Turns each pair of features by an angle that grows with the position: arXiv:2104.09864."""

    def __init__(self, features: int, length: int = 8192, base: float = 500_000.0) -> None:
        super().__init__()
        frequencies = base ** -(torch.arange(0, features, 2) / features)
        angles = torch.outer(torch.arange(length), frequencies).repeat(1, 2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        length = x.shape[-2]
        first, second = x.chunk(2, dim=-1)
        return x * self.cos[:length] + torch.cat([-second, first], dim=-1) * self.sin[:length]


class GatedPerceptron(nn.Module):
    """Three dense layers, one of which gates: arXiv:2002.05202."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = nn.Linear(width, inner, bias=False), nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class GroupedAttention(nn.Module):
    """Several query heads for each pair of a key and a value head: arXiv:2305.13245."""

    def __init__(self, width: int, heads: int, key_heads: int, rotary: Rotary) -> None:
        super().__init__()
        self.heads, self.key_heads, features = heads, key_heads, width // heads
        self.q_proj = nn.Linear(width, heads * features, bias=False)
        self.k_proj = nn.Linear(width, key_heads * features, bias=False)
        self.v_proj = nn.Linear(width, key_heads * features, bias=False)
        self.o_proj, self.rotary = nn.Linear(heads * features, width, bias=False), rotary

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q = self.rotary(self.q_proj(x).unflatten(-1, (self.heads, -1)).transpose(1, 2))
        k = self._repeated(self.rotary(self.k_proj(x).unflatten(-1, (self.key_heads, -1)).transpose(1, 2)))
        v = self._repeated(self.v_proj(x).unflatten(-1, (self.key_heads, -1)).transpose(1, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(y.transpose(1, 2).flatten(2))

    def _repeated(self, x: torch.Tensor) -> torch.Tensor:
        """One head for each head of the queries."""
        return x.unsqueeze(2).expand(-1, -1, self.heads // self.key_heads, -1, -1).flatten(1, 2)


class LatentAttention(nn.Module):
    """Queries, keys and values through low-rank bottlenecks, one rotary key for all heads: arXiv:2412.19437, section 2.1."""

    def __init__(self, width: int, heads: int, query_rank: int, key_rank: int, plain: int, turned: int, value: int,
                 rotary: Rotary) -> None:  # fmt: skip
        super().__init__()
        self.heads, self.splits = heads, ((plain, turned), (key_rank, turned), (plain, value))
        self.q_a_proj, self.q_a_norm = nn.Linear(width, query_rank, bias=False), nn.RMSNorm(query_rank)
        self.q_b_proj = nn.Linear(query_rank, heads * (plain + turned), bias=False)
        self.kv_a_proj, self.kv_a_norm = nn.Linear(width, key_rank + turned, bias=False), nn.RMSNorm(key_rank)
        self.kv_b_proj = nn.Linear(key_rank, heads * (plain + value), bias=False)
        self.o_proj, self.rotary = nn.Linear(heads * value, width, bias=False), rotary

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        of_queries, of_latent, of_heads = self.splits
        q = self.q_b_proj(self.q_a_norm(self.q_a_proj(x))).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        q_plain, q_turned = q.split(of_queries, dim=-1)
        latent, k_turned = self.kv_a_proj(x).split(of_latent, dim=-1)
        kv = self.kv_b_proj(self.kv_a_norm(latent)).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k_plain, v = kv.split(of_heads, dim=-1)
        k_turned = self.rotary(k_turned.unsqueeze(1)).expand(-1, self.heads, -1, -1)
        q, k = torch.cat([q_plain, self.rotary(q_turned)], dim=-1), torch.cat([k_plain, k_turned], dim=-1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(y.transpose(1, 2).flatten(2))


class Experts(nn.Module):
    """Many perceptrons of which a gate chooses a few, and one that always runs: arXiv:2412.19437, section 2.1.2.

    The choice depends on values, which a model on the meta device has not: here the first few are always chosen.
    """

    def __init__(self, width: int, inner: int, experts: int, chosen: int) -> None:
        super().__init__()
        self.gate, self.chosen = nn.Linear(width, experts, bias=False), chosen
        self.correction = nn.Parameter(torch.zeros(experts))
        self.experts = nn.ModuleList([GatedPerceptron(width, inner) for _ in range(experts)])
        self.shared = GatedPerceptron(width, inner)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.gate(x).sigmoid() + self.correction
        y = self.shared(x)
        for i in range(self.chosen):
            y = y + self.experts[i](x) * scores[..., i : i + 1]
        return y


class Block(nn.Module):
    """Attention, then a perceptron, each normalised before and added to what came in."""

    def __init__(self, width: int, attention: nn.Module, mlp: nn.Module) -> None:
        super().__init__()
        self.attention_norm, self.attention = nn.RMSNorm(width), attention
        self.mlp_norm, self.mlp = nn.RMSNorm(width), mlp

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.attention_norm(x))
        return x + self.mlp(self.mlp_norm(x))


class LanguageModel(nn.Module):
    """Tokens in, one score for each entry of the vocabulary out; embedding and head are not tied."""

    def __init__(self, vocabulary: int, width: int, blocks: list[nn.Module]) -> None:
        super().__init__()
        self.embed, self.blocks, self.norm = nn.Embedding(vocabulary, width), nn.ModuleList(blocks), nn.RMSNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def llama(layers: int = 126, width: int = 16_384, inner: int = 53_248, heads: int = 128, key_heads: int = 8) -> LanguageModel:
    """Llama 3.1 405B's shape: arXiv:2407.21783, table 3."""
    rotary = Rotary(width // heads)
    blocks: list[nn.Module] = [
        Block(width, GroupedAttention(width, heads, key_heads, rotary), GatedPerceptron(width, inner)) for _ in range(layers)
    ]
    return LanguageModel(128_256, width, blocks)


def deepseek(layers: int = 61, experts: int = 256, dense_layers: int = 3) -> LanguageModel:
    """DeepSeek-V3's shape, without the module that predicts a further token: arXiv:2412.19437, section 4.2."""
    width, rotary = 7_168, Rotary(64)
    blocks: list[nn.Module] = []
    for i in range(layers):
        attention = LatentAttention(width, 128, 1_536, 512, 128, 64, 128, rotary)
        mlp = GatedPerceptron(width, 18_432) if i < dense_layers else Experts(width, 2_048, experts, 8)
        blocks.append(Block(width, attention, mlp))
    return LanguageModel(129_280, width, blocks)
