#!/usr/bin/env python3
"""Whether the expert's shortcuts compute what they should: run it after a change to `expert.py`.

Compares with Transformers on a small network of each family: logits, loss and gradients, sampling with a
cache, and the frequencies of a million draws.
"""

import torch
import torch.nn.functional as F

import expert
import networks
import paper
import shapes

SMALL = {
    "GPT-Neo": shapes.Shape(
        97, 32, 2, 4, context=64, sampled_tokens=40, sampled_texts=3, window=16, positions=64
    ),
    "Llama": shapes.Shape(
        97,
        36,
        2,
        6,
        context=64,
        sampled_tokens=40,
        sampled_texts=3,
        positions=64,
        family="llama",
        key_value_heads=2,
        intermediate=50,
    ),
}


def copy_gpt_neo(ours, state):
    ours.tokens.weight.copy_(state["transformer.wte.weight"])
    ours.positions.weight.copy_(state["transformer.wpe.weight"])
    for index, block in enumerate(ours.blocks):
        here = f"transformer.h.{index}."
        attention = here + "attn.attention."
        block.qkv.weight.copy_(torch.cat([state[f"{attention}{x}_proj.weight"] for x in "qkv"]))
        for part, name in [(block.out, attention + "out_proj"), (block.up, here + "mlp.c_fc"), (block.down, here + "mlp.c_proj")]:
            part.weight.copy_(state[name + ".weight"])
            part.bias.copy_(state[name + ".bias"])


def copy_llama(ours, state):
    ours.tokens.weight.copy_(state["model.embed_tokens.weight"])
    ours.norm.weight.copy_(state["model.norm.weight"])
    for index, block in enumerate(ours.blocks):
        here = f"model.layers.{index}."
        block.norm_1.weight.copy_(state[here + "input_layernorm.weight"])
        block.norm_2.weight.copy_(state[here + "post_attention_layernorm.weight"])
        block.qkv.weight.copy_(torch.cat([state[f"{here}self_attn.{x}_proj.weight"] for x in "qkv"]))
        block.out.weight.copy_(state[here + "self_attn.o_proj.weight"])
        block.gate_up.weight.copy_(torch.cat([state[f"{here}mlp.{x}_proj.weight"] for x in ("gate", "up")]))
        block.down.weight.copy_(state[here + "mlp.down_proj.weight"])


def pair(shape):
    """The same network on both sides, with weights that are large enough to matter."""
    theirs = paper.model_of(shape).eval()
    ours = networks.network(shape)
    with torch.no_grad():
        for name, weight in theirs.named_parameters():
            if "attn" in name:
                weight.mul_(20)
            elif "norm" in name:
                weight.add_(torch.rand_like(weight))
        {"gpt_neo": copy_gpt_neo, "llama": copy_llama}[shape.family](ours, theirs.state_dict())
    return ours, theirs


def near(what, a, b, tolerance):
    worst = (a - b).abs().max().item()
    print(f"{what}: {worst:.1e}, at most {tolerance:.0e}")
    assert worst <= tolerance, what


def check_network(shape):
    ours, theirs = pair(shape)
    tokens = torch.randint(0, shape.vocabulary, (shape.sampled_texts, shape.context))
    weight = ours.tokens.weight

    near("logits", ours(tokens) @ weight.T, theirs(input_ids=tokens).logits, 1e-5)

    targets = torch.randint(0, shape.vocabulary, (tokens.numel(),))
    hidden = ours(tokens).view(-1, shape.hidden)
    loss = expert.ChunkedLoss.apply(hidden, weight, targets, torch.float32, expert.chunk_gradient)
    loss.backward()
    gradients = [parameter.grad.clone() for parameter in ours.parameters()]
    ours.zero_grad()
    plain = F.cross_entropy(ours(tokens).view(-1, shape.hidden) @ weight.T, targets)
    plain.backward()
    near("loss", loss, plain, 1e-5)
    for got, parameter in zip(gradients, ours.parameters()):
        near("gradient", got, parameter.grad, 1e-5)

    seen = []
    forced = tokens.clone()
    forced[:, 0] = 0

    def force(hidden, weight, uniforms):
        seen.append(hidden.clone())
        return forced[:, len(seen)]

    draw, network = expert.draw, networks.network
    expert.draw, networks.network = force, lambda shape: ours
    generate, _ = expert.sample(shape, "eager-f32")
    generate()
    expert.draw, networks.network = draw, network
    near("cached", torch.stack(seen, 1), ours(forced[:, : len(seen)]), 1e-4)


def check_draws():
    vocabulary, hidden_size = 97, 32
    weight = 0.02 * torch.randn(vocabulary, hidden_size)
    count = 1_000_000
    hidden = 3 * torch.randn(1, hidden_size)
    drawn = expert.draw(hidden.expand(count, -1), weight, torch.rand(count, 1))
    frequencies = torch.bincount(drawn, minlength=vocabulary) / count
    near("draws", frequencies, (hidden @ weight.T).softmax(1)[0], 3e-3)


def main():
    torch.manual_seed(1)
    expert.CHUNK = 50
    for name, shape in SMALL.items():
        print(name)
        check_network(shape)
    check_draws()


if __name__ == "__main__":
    main()
