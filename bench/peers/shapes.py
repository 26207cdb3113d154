"""The models and the work that both sides do: what `autophage bench` measures, by the same numbers."""

import dataclasses
import random


@dataclasses.dataclass(frozen=True)
class Shape:
    """A network and the sizes of its work."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    context: int
    sampled_tokens: int
    sampled_texts: int = 200
    scored_texts: int = 100
    positions: int = 2048
    family: str = "gpt_neo"
    # Of GPT-Neo alone.
    window: int = 256
    # Of Llama alone; as many heads of keys and values as of queries if not given.
    key_value_heads: int | None = None
    intermediate: int | None = None
    epsilon: float = 1e-5
    rotary_base: float = 10_000.0

    @property
    def head_size(self):
        return self.hidden // self.heads

    @property
    def groups(self):
        """Heads of keys and values, each read by a group of heads of queries."""
        return self.key_value_heads or self.heads

    def is_local(self, layer):
        """Layers alternate between global and local attention."""
        return layer % 2 == 1


SHAPES = {
    "demo": Shape(2048, 128, 4, 8, context=256, sampled_tokens=256),
    "1m": Shape(50257, 64, 8, 16, context=512, sampled_tokens=600),
    "33m": Shape(50257, 768, 4, 16, context=512, sampled_tokens=300),
    "demo-llama": Shape(
        2048, 128, 4, 8, context=256, sampled_tokens=256, family="llama", intermediate=344
    ),
    "smollm2-135m": Shape(
        49152,
        576,
        30,
        9,
        context=512,
        sampled_tokens=100,
        sampled_texts=64,
        scored_texts=20,
        positions=8192,
        family="llama",
        key_value_heads=3,
        intermediate=1536,
    ),
}

# Tokens of a training step.
STEP_TOKENS = 4096
# Mean tokens of a story.
STORY = 205


def zipf_tokens(shape, count, seed):
    """Tokens whose frequencies fall as in language."""
    draw = random.Random(seed)
    return [int(shape.vocabulary ** draw.random() - 1) for _ in range(count)]


def story_lengths(shape):
    """Targets of each story: from half to one and a half times the mean, in even steps."""
    return [STORY // 2 + (index * 37) % STORY + 1 for index in range(shape.scored_texts)]
