#!/usr/bin/env python3
"""autophage beside PyTorch and Transformers, the same work, in turns.

Needs nothing but Python, Rust and a C++ compiler: makes a virtual environment with the pinned
packages beside this file, builds the release binary, then measures. See README.md.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Work: model, task. Other scores follow from these and cost minutes.
ITEMS = [
    ("demo", "train"),
    ("demo", "sample"),
    ("1m", "train"),
    ("1m", "sample"),
    ("1m", "score"),
    ("33m", "train"),
    ("33m", "sample"),
    ("demo-llama", "train"),
    ("smollm2-135m", "sample"),
    ("smollm2-135m", "score"),
]

MODELS = {model for model, _ in ITEMS}

EXPERT = ["compiled-bf16", "compiled-f32", "eager-bf16", "eager-f32"]
PAPER = {"train": ["eager"], "sample": ["eager"], "score": ["single", "padded"]}

# Page faults are dear where memory is virtual: an expert keeps what was freed.
TUNED = {
    "GLIBC_TUNABLES": ":".join(
        [
            "glibc.malloc.hugetlb=1",
            "glibc.malloc.mmap_threshold=8589934592",
            "glibc.malloc.trim_threshold=17179869184",
        ]
    )
}


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class Worker:
    """A process of `worker.py` that repeats its work on demand."""

    def __init__(self, arguments, side, item, variant):
        environment = dict(os.environ, TORCHINDUCTOR_CACHE_DIR=str(HERE / ".cache"))
        if side == "expert":
            environment.update(TUNED)
        if arguments.shared:
            environment.update(OMP_WAIT_POLICY="PASSIVE")
        self.variant = variant
        self.limit = arguments.limit
        self.process = subprocess.Popen(
            [arguments.python, "worker.py", side, *item, variant, str(arguments.threads)],
            cwd=HERE,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if not arguments.verbose else None,
            text=True,
        )

    def read(self):
        """The next line of the process; `None` if it failed or takes too long."""
        import select

        ready, _, _ = select.select([self.process.stdout], [], [], self.limit)
        line = self.process.stdout.readline() if ready else ""
        return json.loads(line) if line.startswith("{") else None

    def repeat(self):
        """Tokens a second of one repetition."""
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        answer = self.read()
        return answer and answer["tokens"] / answer["seconds"]

    def end(self):
        self.process.kill()
        self.process.wait()


def best_worker(arguments, side, item, variants):
    """A worker of the fastest variant that works, by one repetition of each."""
    best, rates = None, {}
    for variant in variants:
        worker = Worker(arguments, side, item, variant)
        ready = worker.read()
        rate = worker.repeat() if ready else None
        say(f"  {side} {variant}: " + (f"{rate:,.0f} tokens/s" if rate else "does not work or takes too long"))
        if rate is None:
            worker.end()
            continue
        rates[variant] = rate
        if best is None or rate > rates[best.variant]:
            if best:
                best.end()
            best = worker
        else:
            worker.end()
    return best, rates


def ours(arguments, item):
    """Tokens a second of autophage: the median of one call of `autophage bench`."""
    model, task = item
    command = [arguments.binary, "bench", "--models", model, "--tasks", task]
    command += ["--threads", str(arguments.threads), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(run.stdout)
    [measured] = report["models"][0]["tasks"]
    return measured["tokens_per_second"]["median"], report["machine"]


def compare(arguments, item):
    model, task = item
    say(f"{model}, {task}: {time.strftime('%H:%M:%S')}")
    expert, tried = best_worker(arguments, "expert", item, arguments.variants)
    paper, tried_paper = None, {}
    if not arguments.no_paper:
        paper, tried_paper = best_worker(arguments, "paper", item, PAPER[task])
    rates = {"autophage": [], "expert": [], "paper": []}
    machine = None
    for _ in range(arguments.rounds):
        rate, machine = ours(arguments, item)
        rates["autophage"].append(rate)
        for name, worker in [("expert", expert), ("paper", paper)]:
            if worker and (rate := worker.repeat()):
                rates[name].append(rate)
    for worker in [expert, paper]:
        if worker:
            worker.end()
    def ratio(other):
        pairs = list(zip(rates["autophage"], rates[other]))
        return statistics.median(a / b for a, b in pairs) if pairs else None
    return {
        "model": model,
        "task": task,
        "tokens_per_second": {name: statistics.median(r) if r else None for name, r in rates.items()},
        "all_rounds": rates,
        "expert_variant": expert.variant if expert else None,
        "expert_variants_tried": tried,
        "paper_variant": paper.variant if paper else None,
        "paper_variants_tried": tried_paper,
        "ratio_to_expert": ratio("expert"),
        "ratio_to_paper": ratio("paper"),
    }, machine


def prepare(arguments):
    """The virtual environment and the binary, where they are not given."""
    if arguments.python is None:
        environment = HERE / ".venv"
        arguments.python = str(environment / "bin" / "python")
        if not environment.exists():
            say("making a virtual environment with the packages of requirements.txt")
            subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
            install = [arguments.python, "-m", "pip", "install", "--quiet", "-r", str(HERE / "requirements.txt")]
            if subprocess.run(install).returncode != 0:
                # A half-made environment would be taken for a whole one the next time.
                shutil.rmtree(environment)
                sys.exit("error: the packages could not be installed")
    if arguments.binary is None:
        say("building autophage")
        subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "autophage"], cwd=ROOT, check=True)
        target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
        arguments.binary = str(pathlib.Path(target) / "release" / "autophage")


def table(results):
    rows = [["work", "autophage", "expert", "variant", "ratio", "paper's way", "ratio"]]
    for result in results:
        rates = result["tokens_per_second"]
        def count(name):
            return f"{rates[name]:,.0f}" if rates[name] else "–"
        def times(name):
            return f"{result[name]:.2f}" if result[name] else "–"
        rows.append(
            [
                f"{result['task']} {result['model']}",
                count("autophage"),
                count("expert"),
                result["expert_variant"] or "–",
                times("ratio_to_expert"),
                count("paper"),
                times("ratio_to_paper"),
            ]
        )
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)


def item_of(text):
    model, _, task = text.partition(":")
    if task not in PAPER or model not in MODELS:
        raise argparse.ArgumentTypeError("write MODEL:TASK, such as 1m:train")
    return model, task


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("items", nargs="*", type=item_of, metavar="MODEL:TASK", help="such as 1m:train; ten by default")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions of each side, in turns")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--variants", type=lambda text: text.split(","), default=EXPERT, help="the expert's, comma-separated")
    parser.add_argument("--no-paper", action="store_true", help="leave the paper's way out, which is slow")
    parser.add_argument("--shared", action="store_true", help="other programs use the machine: PyTorch's threads wait without spinning")
    parser.add_argument("--limit", type=float, default=300, help="seconds that a variant may take to prepare or repeat")
    parser.add_argument("--python", help="a Python with the packages of requirements.txt")
    parser.add_argument("--binary", help="a release build of autophage")
    parser.add_argument("--json", type=pathlib.Path, help="write everything there as well")
    parser.add_argument("--verbose", action="store_true", help="show what the other side writes to standard error")
    arguments = parser.parse_args()
    prepare(arguments)
    results, machine = [], None
    for item in arguments.items or ITEMS:
        result, machine = compare(arguments, item)
        results.append(result)
        if arguments.json:
            report = {"machine": machine, "threads": arguments.threads, "rounds": arguments.rounds, "results": results}
            arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    print(f"{machine}, tokens a second, medians of {arguments.rounds} rounds in turns; ratios: medians over rounds\n")
    print(table(results))


if __name__ == "__main__":
    main()
