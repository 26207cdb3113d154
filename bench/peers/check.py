#!/usr/bin/env python3
"""Whether the expert's shortcuts compute what they should: run it after a change to `expert.py`.

Compares with Transformers on a small network: hidden states, loss and gradients, sampling with a
cache, and the frequencies of a million draws.
"""

import torch
import torch.nn.functional as F

import expert
import paper
import shapes

SMALL = shapes.Shape(97, 32, 2, 4, context=64, sampled_tokens=40, window=16, positions=64)


def pair():
    """The same network on both sides, with weights that are large enough to matter."""
    theirs = paper.model_of(SMALL).eval()
    ours = expert.Model(SMALL)
    with torch.no_grad():
        for name, weight in theirs.named_parameters():
            if "attn.attention" in name:
                weight.mul_(20)
        state = theirs.state_dict()
        ours.tokens.weight.copy_(state["transformer.wte.weight"])
        ours.positions.weight.copy_(state["transformer.wpe.weight"])
        for index, block in enumerate(ours.blocks):
            here = f"transformer.h.{index}."
            attention = here + "attn.attention."
            block.qkv.weight.copy_(torch.cat([state[f"{attention}{x}_proj.weight"] for x in "qkv"]))
            for part, name in [(block.out, attention + "out_proj"), (block.up, here + "mlp.c_fc"), (block.down, here + "mlp.c_proj")]:
                part.weight.copy_(state[name + ".weight"])
                part.bias.copy_(state[name + ".bias"])
    return ours, theirs


def near(what, a, b, tolerance):
    worst = (a - b).abs().max().item()
    print(f"{what}: {worst:.1e}, at most {tolerance:.0e}")
    assert worst <= tolerance, what


def main():
    torch.manual_seed(1)
    ours, theirs = pair()
    tokens = torch.randint(0, SMALL.vocabulary, (3, SMALL.context))
    weight = ours.tokens.weight

    near("logits", ours(tokens) @ weight.T, theirs(input_ids=tokens).logits, 1e-5)

    targets = torch.randint(0, SMALL.vocabulary, (tokens.numel(),))
    expert.CHUNK = 50
    hidden = ours(tokens).view(-1, SMALL.hidden)
    loss = expert.ChunkedLoss.apply(hidden, weight, targets, torch.float32, expert.chunk_gradient)
    loss.backward()
    gradients = [parameter.grad.clone() for parameter in ours.parameters()]
    ours.zero_grad()
    plain = F.cross_entropy(ours(tokens).view(-1, SMALL.hidden) @ weight.T, targets)
    plain.backward()
    near("loss", loss, plain, 1e-5)
    for got, parameter in zip(gradients, ours.parameters()):
        near("gradient", got, parameter.grad, 1e-5)

    seen = []
    draw, model, batch = expert.draw, expert.Model, shapes.BATCH
    forced = tokens.clone()
    forced[:, 0] = 0

    def force(hidden, weight, uniforms):
        seen.append(hidden.clone())
        return forced[:, len(seen)]

    expert.draw, expert.Model, shapes.BATCH = force, lambda shape: ours, 3
    generate, _ = expert.sample(SMALL, "eager-f32")
    generate()
    expert.draw, expert.Model, shapes.BATCH = draw, model, batch
    near("cached", torch.stack(seen, 1), ours(forced[:, : len(seen)]), 1e-4)

    count = 1_000_000
    hidden = 3 * torch.randn(1, SMALL.hidden)
    drawn = expert.draw(hidden.expand(count, -1), weight, torch.rand(count, 1))
    frequencies = torch.bincount(drawn, minlength=SMALL.vocabulary) / count
    near("draws", frequencies, (hidden @ weight.T).softmax(1)[0], 3e-3)


if __name__ == "__main__":
    main()
