"""The work as an expert in PyTorch would do it: a model of its own (`networks.py`) without what the
task does not need, compiled, in bf16 where that is faster, and never all logits at once.

Variants are named `eager-f32`, `eager-bf16`, `compiled-f32` and `compiled-bf16`.
"""

import contextlib

import torch
import torch.nn.functional as F

import networks
import shapes

# Rows of which the logits are in memory at a time.
CHUNK = 512
# Numbers of a block of the sampler.
BLOCK = 256
# Positions by which the part of the cache that a step looks at grows.
BUCKET = 32


def settings_of(variant):
    mode, precision = variant.split("-")
    return mode == "compiled", torch.bfloat16 if precision == "bf16" else torch.float32


def compiled(function, wanted, **options):
    return torch.compile(function, **options) if wanted else function


def compile_blocks(model, wanted, **options):
    """Compiles block by block: all of a kind share what is compiled."""
    if wanted:
        for block in model.blocks:
            block.compile(**options)


def autocast(precision):
    if precision == torch.float32:
        return contextlib.nullcontext()
    return torch.autocast("cpu", dtype=precision)


def chunk_gradient(hidden, weight, targets, scale):
    """Sum of the losses of some rows, and its gradients times `scale`, in one pass."""
    logits = (hidden @ weight.T).float()
    log_sum = logits.logsumexp(1, keepdim=True)
    losses = log_sum.squeeze(1) - logits.gather(1, targets[:, None]).squeeze(1)
    p = (logits - log_sum).exp() * scale
    p = p.scatter_add(1, targets[:, None], torch.full_like(targets[:, None], -scale, dtype=p.dtype))
    p = p.to(hidden.dtype)
    return losses.sum(), p @ weight, p.T @ hidden


class ChunkedLoss(torch.autograd.Function):
    """Mean cross-entropy of hidden states under the head, whose gradients are taken on the way."""

    @staticmethod
    def forward(ctx, hidden, weight, targets, precision, gradient):
        scale = 1.0 / targets.shape[0]
        narrow = weight.to(precision)
        rows = hidden.to(precision)
        loss, d_hidden, d_weight = 0.0, torch.empty_like(hidden), torch.zeros_like(weight)
        for start in range(0, rows.shape[0], CHUNK):
            part = slice(start, start + CHUNK)
            some, d_rows, d_part = gradient(rows[part], narrow, targets[part], scale)
            loss = loss + some * scale
            d_hidden[part] = d_rows
            d_weight += d_part
        ctx.save_for_backward(d_hidden, d_weight)
        return loss

    @staticmethod
    def backward(ctx, d_loss):
        d_hidden, d_weight = ctx.saved_tensors
        return d_loss * d_hidden, d_loss * d_weight, None, None, None


def train(shape, variant):
    compile_it, precision = settings_of(variant)
    model = networks.network(shape)
    compile_blocks(model, compile_it)
    gradient = compiled(chunk_gradient, compile_it, dynamic=False)
    decay = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.95), fused=True)
    sequences = shapes.STEP_TOKENS // shape.context
    data = torch.tensor(shapes.zipf_tokens(shape, shapes.STEP_TOKENS + sequences, 1))
    data = data.view(sequences, shape.context + 1)
    inputs, targets = data[:, :-1].contiguous(), data[:, 1:].reshape(-1)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast(precision):
            hidden = model(inputs)
        hidden = hidden.float().view(-1, shape.hidden)
        loss = ChunkedLoss.apply(hidden, model.tokens.weight, targets, precision, gradient)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step, shapes.STEP_TOKENS


def cached_attention(q, keys, values, seen, scale):
    """One query a text: q (batch, heads, size), cache (batch, groups, size, time), so that both
    products run along time, which is contiguous. Heads of a group share its keys and values."""
    batch, groups, size, _ = keys.shape
    q = q.reshape(batch, groups, -1, size) * scale
    scores = (q[..., None] * keys[:, :, None]).sum(3).float().masked_fill(~seen, float("-inf"))
    weights = scores.softmax(-1)
    return (weights[:, :, :, None, :] * values[:, :, None]).sum(4).flatten(1)


def draw(hidden, weight, uniforms):
    """Exact sampling: a block by the sums of its exponentials, then a token of the block."""
    logits = (hidden @ weight.T).float()
    logits = F.pad(logits, (0, -logits.shape[1] % BLOCK), value=float("-inf"))
    e = (logits - logits.amax(1, keepdim=True)).exp().view(logits.shape[0], -1, BLOCK)
    ends = e.sum(2).cumsum(1)
    goal = uniforms * ends[:, -1:]
    block = (ends <= goal).sum(1, keepdim=True).clamp(max=ends.shape[1] - 1)
    before = torch.where(block > 0, ends.gather(1, (block - 1).clamp(min=0)), 0.0)
    inner = e.gather(1, block[..., None].expand(-1, 1, BLOCK)).squeeze(1).cumsum(1)
    within = (inner <= goal - before).sum(1, keepdim=True).clamp(max=BLOCK - 1)
    return (block * BLOCK + within).squeeze(1).clamp(max=weight.shape[0] - 1)


def sample(shape, variant):
    """A hand-written loop over a static cache, whose visible part grows in steps."""
    compile_it, precision = settings_of(variant)
    model = networks.network(shape).to(precision).eval()
    length, batch = shape.sampled_tokens, shape.sampled_texts
    capacity = -(-length // BUCKET) * BUCKET
    size = (batch, shape.groups, shape.head_size, capacity)
    caches = [(torch.zeros(size, dtype=precision), torch.zeros(size, dtype=precision)) for _ in model.blocks]
    attend = compiled(cached_attention, compile_it)

    def before(block, x, rotation):
        q, k, v = block.projections(x, rotation)
        return q[:, :, 0], k[:, :, 0], v[:, :, 0]

    def after(block, x, attention):
        return block.finish(x, attention[:, None].to(x.dtype))

    before, after = compiled(before, compile_it), compiled(after, compile_it)
    choose = compiled(draw, compile_it)
    places = torch.arange(capacity)

    @torch.no_grad()
    def generate():
        token = torch.zeros(batch, dtype=torch.long)
        for position in range(length):
            x, rotation = model.begin(token[:, None], places[position : position + 1])
            end = min(capacity, -(-(position + 1) // BUCKET) * BUCKET)
            for block, (keys, values) in zip(model.blocks, caches):
                q, k, v = before(block, x, rotation)
                keys[..., position], values[..., position] = k, v
                first = 0
                if block.window is not None:
                    first = max(0, position + 1 - block.window) // BUCKET * BUCKET
                seen = places[first:end] <= position
                if block.window is not None:
                    seen &= places[first:end] > position - block.window
                part = keys[..., first:end], values[..., first:end]
                x = after(block, x, attend(q, *part, seen, model.scale))
            token = choose(model.norm(x[:, 0]), model.tokens.weight, torch.rand(batch, 1))

    return generate, batch * length


def chunk_losses(hidden, weight, targets):
    logits = (hidden @ weight.T).float()
    return logits.logsumexp(1) - logits.gather(1, targets[:, None]).squeeze(1)


def score(shape, variant):
    """Stories in batches of like length; only real tokens reach the head."""
    compile_it, precision = settings_of(variant)
    model = networks.network(shape).eval()
    compile_blocks(model, compile_it, dynamic=True)
    losses_of = compiled(chunk_losses, compile_it, dynamic=False)
    lengths = sorted(shapes.story_lengths(shape))
    batches, first = [], 0
    while first < len(lengths):
        count = max(1, shapes.STEP_TOKENS // lengths[first])
        group = lengths[first : first + count]
        # Whole multiples, so that there are few shapes.
        time = -(-max(group) // 16) * 16
        tokens = torch.zeros(len(group), time + 1, dtype=torch.long)
        real = torch.zeros(len(group), time, dtype=torch.bool)
        for row, length in enumerate(group):
            story = shapes.zipf_tokens(shape, length + 1, first + row)
            tokens[row, : length + 1] = torch.tensor(story)
            real[row, :length] = True
        batches.append((tokens[:, :-1].contiguous(), tokens[:, 1:][real], real))
        first += count

    @torch.no_grad()
    def losses():
        weight = model.tokens.weight.to(precision)
        for inputs, targets, real in batches:
            with autocast(precision):
                hidden = model(inputs)
            hidden = hidden[real].to(precision)
            for start in range(0, hidden.shape[0], CHUNK):
                rows, wanted = hidden[start : start + CHUNK], targets[start : start + CHUNK]
                missing = CHUNK - rows.shape[0]
                # One shape for the compiler.
                losses_of(F.pad(rows, (0, 0, 0, missing)), weight, F.pad(wanted, (0, missing)))

    return losses, sum(lengths)


_ALL = ["compiled-bf16", "compiled-f32", "eager-bf16", "eager-f32"]
VARIANTS = {"train": _ALL, "sample": _ALL, "score": _ALL}
