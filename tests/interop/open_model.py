"""Opens a saved generation with Hugging Face Transformers and compares what it computes.

    python open_model.py DIRECTORY [EXPECTED]

DIRECTORY holds model.safetensors, config.json and, optionally, tokenizer.json. EXPECTED is a JSON
file with any of `tokens` (lists of token ids), `logits` (one matrix a list), `text` and `encoded`
(its token ids). Without EXPECTED, prints the logits after the end-of-text token.

Exit status: 0 if everything agrees, 1 if something does not, 2 if this Python has no Transformers.
"""

import json
import sys
from pathlib import Path

try:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
except ImportError as error:
    print(f"skipped: {error}", file=sys.stderr)
    sys.exit(2)

TOLERANCE = 1e-4


def logits_of(model, tokens):
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0]


def main(directory, expected_path=None):
    model = AutoModelForCausalLM.from_pretrained(directory).eval()
    tokenizer = None
    if (Path(directory) / "tokenizer.json").exists():
        tokenizer = AutoTokenizer.from_pretrained(directory)
    if expected_path is None:
        print(logits_of(model, [model.config.eos_token_id])[-1].tolist())
        return True

    expected = json.loads(Path(expected_path).read_text())
    agrees = True
    for tokens, logits in zip(expected.get("tokens", []), expected.get("logits", [])):
        difference = (logits_of(model, tokens) - torch.tensor(logits)).abs().max().item()
        print(f"{len(tokens)} tokens: largest difference of a logit {difference:.2e}")
        agrees &= difference < TOLERANCE
    if "text" in expected:
        if tokenizer is None:
            print("no tokenizer.json")
            return False
        encoded = tokenizer.encode(expected["text"], add_special_tokens=False)
        same = encoded == expected["encoded"] and tokenizer.decode(encoded) == expected["text"]
        print(f"text of {len(encoded)} tokens: {'the same' if same else 'differs'}")
        agrees &= same
    # The files must also be enough to generate from.
    start = torch.tensor([[model.config.eos_token_id]])
    generated = model.generate(start, max_new_tokens=8)
    print(f"generated: {generated[0].tolist()}")
    return agrees


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        sys.exit(1)
    sys.exit(0 if main(*sys.argv[1:]) else 1)
