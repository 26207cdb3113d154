"""The work as scripts for Transformers do it: eager, f32, padded batches, `generate`."""

import torch
import transformers

import shapes


def llama(shape):
    config = transformers.LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.groups,
        max_position_embeddings=shape.positions,
        rms_norm_eps=shape.epsilon,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rotary_base},
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    return transformers.LlamaForCausalLM(config)


def gpt_neo(shape):
    config = transformers.GPTNeoConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        num_layers=shape.layers,
        num_heads=shape.heads,
        attention_types=[[["global", "local"], shape.layers // 2]],
        window_size=shape.window,
        max_position_embeddings=shape.positions,
        attention_dropout=0.0,
        embed_dropout=0.0,
        resid_dropout=0.0,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    return transformers.GPTNeoForCausalLM(config)


def model_of(shape):
    torch.manual_seed(1)
    return {"gpt_neo": gpt_neo, "llama": llama}[shape.family](shape)


def train(shape, variant):
    """Optimizer steps of full sequences; returns the work of one and its tokens."""
    model = model_of(shape).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1)
    sequences = shapes.STEP_TOKENS // shape.context
    tokens = torch.tensor(shapes.zipf_tokens(shape, shapes.STEP_TOKENS, 1)).view(sequences, -1)

    def step():
        optimizer.zero_grad()
        model(input_ids=tokens, labels=tokens).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step, shapes.STEP_TOKENS


def sample(shape, variant):
    """`generate` with a key-value cache. 64 tokens a text: longer ones are slower a token."""
    model = model_of(shape).eval()
    prompt = torch.zeros(shape.sampled_texts, 1, dtype=torch.long)
    new = 64

    @torch.no_grad()
    def generate():
        model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            min_new_tokens=new,
            max_new_tokens=new,
        )

    return generate, shape.sampled_texts * new


def score(shape, variant):
    """Losses of stories: one at a time, or in padded batches of eight."""
    model = model_of(shape).eval()
    size = 8 if variant == "padded" else 1
    lengths = shapes.story_lengths(shape)
    stories = [torch.tensor(shapes.zipf_tokens(shape, n + 1, i)) for i, n in enumerate(lengths)]
    batches = []
    for first in range(0, len(stories), size):
        group = stories[first : first + size]
        ids = torch.nn.utils.rnn.pad_sequence(group, batch_first=True)
        mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(s) for s in group], batch_first=True)
        batches.append((ids, mask))

    @torch.no_grad()
    def losses():
        for ids, mask in batches:
            labels = ids.masked_fill(mask == 0, -100)
            model(input_ids=ids, attention_mask=mask, labels=labels)

    return losses, sum(lengths)


VARIANTS = {"train": ["eager"], "sample": ["eager"], "score": ["single", "padded"]}
