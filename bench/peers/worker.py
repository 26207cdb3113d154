"""One side of one comparison: prepares the work, then does it once for every line on standard input.

    python worker.py SIDE MODEL TASK VARIANT THREADS

Prints a line of JSON when it is ready, and one for each repetition.
"""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import torch  # noqa: E402

import expert  # noqa: E402
import paper  # noqa: E402
import shapes  # noqa: E402


def main():
    side, model, task, variant, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    module = {"expert": expert, "paper": paper}[side]
    work, tokens = getattr(module, task)(shapes.SHAPES[model], variant)
    begin = time.perf_counter()
    work()
    if side == "expert":
        # Compilation has seen every shape after the first pass, and dynamic ones after the second.
        work()
    print(json.dumps({"ready": True, "preparation": time.perf_counter() - begin}), flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        work()
        seconds = time.perf_counter() - begin
        print(json.dumps({"tokens": tokens, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
