"""The models and the work that both sides do: what `autophage bench` measures, by the same numbers."""

import dataclasses
import random


@dataclasses.dataclass(frozen=True)
class Shape:
    """A GPT-Neo network and the sizes of its work."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    context: int
    sampled_tokens: int
    window: int = 256
    positions: int = 2048

    @property
    def head_size(self):
        return self.hidden // self.heads

    def is_local(self, layer):
        """Layers alternate between global and local attention."""
        return layer % 2 == 1


SHAPES = {
    "demo": Shape(2048, 128, 4, 8, context=256, sampled_tokens=256),
    "1m": Shape(50257, 64, 8, 16, context=512, sampled_tokens=600),
    "33m": Shape(50257, 768, 4, 16, context=512, sampled_tokens=300),
}

# Tokens of a training step, texts that are sampled side by side, stories that are scored.
STEP_TOKENS = 4096
BATCH = 200
STORIES = 100
# Mean tokens of a story.
STORY = 205


def zipf_tokens(shape, count, seed):
    """Tokens whose frequencies fall as in language."""
    draw = random.Random(seed)
    return [int(shape.vocabulary ** draw.random() - 1) for _ in range(count)]


def story_lengths():
    """Targets of each story: from half to one and a half times the mean, in even steps."""
    return [STORY // 2 + (index * 37) % STORY + 1 for index in range(STORIES)]
