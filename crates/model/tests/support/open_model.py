"""Opens model directories with Hugging Face Transformers and prints what it computes.

    python open_model.py DIRECTORY... < REQUEST

Each DIRECTORY holds config.json and weights of any family that Transformers knows, and tokenizer.json if the
request has a text. REQUEST is a JSON object with

    tokens    lists of token ids, each a sequence of its own
    text      a text to encode, or null

Prints a JSON list with an object for each directory:

    logits    for each sequence a matrix: a row for every position, an entry for every token
    encoded   the token ids of the text, or null
    decoded   the text that these token ids stand for, or null
    generated the first sequence, continued greedily by eight tokens, or up to the end of the text
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def answer_of(directory, request):
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    answer = {"encoded": None, "decoded": None}
    with torch.no_grad():
        answer["logits"] = [
            model(torch.tensor([tokens])).logits[0].tolist() for tokens in request["tokens"]
        ]
        start = torch.tensor([request["tokens"][0]])
        generated = model.generate(
            start,
            attention_mask=torch.ones_like(start),
            do_sample=False,
            pad_token_id=0,
            max_new_tokens=8,
        )
        answer["generated"] = generated[0].tolist()
    if request["text"] is not None:
        tokenizer = AutoTokenizer.from_pretrained(directory)
        answer["encoded"] = tokenizer.encode(request["text"], add_special_tokens=False)
        answer["decoded"] = tokenizer.decode(answer["encoded"])
    return answer


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    request = json.load(sys.stdin)
    # The models are small, and threads that wait for each other are slow on a busy machine.
    torch.set_num_threads(1)
    if not torch.cuda.is_available():
        # Transformers asks before some models run, and the answer needs CUDA's libraries.
        torch.cuda.is_current_stream_capturing = lambda: False
    json.dump([answer_of(directory, request) for directory in sys.argv[1:]], sys.stdout)
