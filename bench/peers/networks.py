"""The networks of the expert's side: what the tasks need of a GPT-Neo and of a Llama, and no more.

Both give the tasks the same: a block makes queries, keys and values (`projections`), attends over
whole texts (`attend`) or leaves that to a cache, and completes the residual stream (`finish`).
"""

import torch
import torch.nn.functional as F


class GptNeoBlock(torch.nn.Module):
    def __init__(self, shape, layer):
        super().__init__()
        self.heads, self.size = shape.heads, shape.head_size
        self.window = shape.window if shape.is_local(layer) else None
        self.ln_1 = torch.nn.LayerNorm(shape.hidden)
        self.qkv = torch.nn.Linear(shape.hidden, 3 * shape.hidden, bias=False)
        self.out = torch.nn.Linear(shape.hidden, shape.hidden)
        self.ln_2 = torch.nn.LayerNorm(shape.hidden)
        self.up = torch.nn.Linear(shape.hidden, 4 * shape.hidden)
        self.down = torch.nn.Linear(4 * shape.hidden, shape.hidden)

    def projections(self, x, rotation):
        """Queries, keys and values, each (batch, heads, time, head size); nothing is rotated."""
        batch, time, _ = x.shape
        qkv = self.qkv(self.ln_1(x)).view(batch, time, 3, self.heads, self.size)
        return qkv.permute(2, 0, 3, 1, 4).unbind(0)

    def finish(self, x, attention):
        x = x + self.out(attention)
        return x + self.down(F.gelu(self.up(self.ln_2(x)), approximate="tanh"))

    def attend(self, q, k, v):
        """Causal attention; a local layer goes by blocks as long as its window."""
        time, window = q.shape[2], self.window
        if window is None or time <= window:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0)
        outs = []
        for start in range(0, time, window):
            end, first = min(start + window, time), max(0, start - window)
            rows = torch.arange(start, end)[:, None]
            columns = torch.arange(first, end)[None, :]
            seen = (columns <= rows) & (columns > rows - window)
            part = q[:, :, start:end], k[:, :, first:end], v[:, :, first:end]
            outs.append(F.scaled_dot_product_attention(*part, attn_mask=seen, scale=1.0))
        return torch.cat(outs, dim=2)

    def forward(self, x, rotation):
        # Attention in f32: with heads as small as these it is faster than in bf16.
        q, k, v = (part.float() for part in self.projections(x, rotation))
        attention = self.attend(q, k, v).transpose(1, 2).reshape(x.shape)
        return self.finish(x, attention)


def rotated(x, rotation):
    """Rotary position embedding of (batch, heads, time, head size): channel `i` and `i + size / 2`
    are turned together. `rotation` is cosines and sines, each (time, head size / 2)."""
    cosine, sine = rotation
    first, second = x.float().chunk(2, dim=-1)
    turned = first * cosine - second * sine, second * cosine + first * sine
    return torch.cat(turned, dim=-1).to(x.dtype)


class LlamaBlock(torch.nn.Module):
    window = None

    def __init__(self, shape, layer):
        super().__init__()
        self.heads, self.groups, self.size = shape.heads, shape.groups, shape.head_size
        # Small heads attend in f32, as in the block of GPT-Neo.
        self.narrow = shape.head_size >= 64
        self.norm_1 = torch.nn.RMSNorm(shape.hidden, eps=shape.epsilon)
        self.qkv = torch.nn.Linear(shape.hidden, (self.heads + 2 * self.groups) * self.size, bias=False)
        self.out = torch.nn.Linear(self.heads * self.size, shape.hidden, bias=False)
        self.norm_2 = torch.nn.RMSNorm(shape.hidden, eps=shape.epsilon)
        self.gate_up = torch.nn.Linear(shape.hidden, 2 * shape.intermediate, bias=False)
        self.down = torch.nn.Linear(shape.intermediate, shape.hidden, bias=False)

    def projections(self, x, rotation):
        """Queries (batch, heads, time, head size) and keys and values of fewer heads, rotated."""
        batch, time, _ = x.shape
        qkv = self.qkv(self.norm_1(x)).view(batch, time, -1, self.size).transpose(1, 2)
        q, k, v = qkv.split([self.heads, self.groups, self.groups], dim=1)
        return rotated(q, rotation), rotated(k, rotation), v

    def finish(self, x, attention):
        x = x + self.out(attention)
        gate, up = self.gate_up(self.norm_2(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)

    def attend(self, q, k, v):
        grouped = self.heads != self.groups
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=grouped)

    def forward(self, x, rotation):
        q, k, v = self.projections(x, rotation)
        if not self.narrow:
            q, k, v = q.float(), k.float(), v.float()
        return self.finish(x, self.attend(q, k, v).transpose(1, 2).flatten(2))


class GptNeo(torch.nn.Module):
    # Scores are not divided by the root of the head's size.
    scale = 1.0

    def __init__(self, shape):
        super().__init__()
        self.tokens = torch.nn.Embedding(shape.vocabulary, shape.hidden)
        self.positions = torch.nn.Embedding(shape.positions, shape.hidden)
        self.blocks = torch.nn.ModuleList(GptNeoBlock(shape, i) for i in range(shape.layers))
        self.norm = torch.nn.LayerNorm(shape.hidden)

    def begin(self, tokens, positions):
        """The residual stream (…, time, hidden) before the first block, and what blocks rotate by."""
        return self.tokens(tokens) + self.positions(positions), None

    def forward(self, tokens):
        return run(self, tokens)


class Llama(torch.nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.scale = shape.head_size**-0.5
        self.tokens = torch.nn.Embedding(shape.vocabulary, shape.hidden)
        self.blocks = torch.nn.ModuleList(LlamaBlock(shape, i) for i in range(shape.layers))
        self.norm = torch.nn.RMSNorm(shape.hidden, eps=shape.epsilon)
        # Plain attributes, not buffers: angles stay in f32 when the weights become bf16.
        channels = torch.arange(0, shape.head_size, 2) / shape.head_size
        angles = torch.arange(shape.positions)[:, None] * shape.rotary_base**-channels
        self.cosines, self.sines = angles.cos(), angles.sin()

    def begin(self, tokens, positions):
        """The residual stream (…, time, hidden) before the first block, and what blocks rotate by."""
        return self.tokens(tokens), (self.cosines[positions], self.sines[positions])

    def forward(self, tokens):
        return run(self, tokens)


def run(model, tokens):
    """Hidden states (batch, time, hidden) that the head reads."""
    x, rotation = model.begin(tokens, torch.arange(tokens.shape[1]))
    for block in model.blocks:
        x = block(x, rotation)
    return model.norm(x)


def network(shape):
    """The network of a shape, with random weights that are always the same."""
    torch.manual_seed(1)
    model = {"gpt_neo": GptNeo, "llama": Llama}[shape.family](shape)
    for parameter in model.parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=0.02)
    return model
