"""Opens exported event files with TensorBoard and compares what it finds.

    python open_events.py DIRECTORY EXPECTED

DIRECTORY holds the event file of one run. EXPECTED is a JSON file with `scalars` (lists of tag, step
and value), `sample` (the text of `sample/0` at step 3) and `documents` (their number in the histogram
of lengths at step 3).

Exit status: 0 if everything agrees, 1 if something does not.
"""

import json
import math
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util


def main(directory, expected_path):
    expected = json.loads(Path(expected_path).read_text())
    # 0: keep every event.
    kinds = ("scalars", "tensors", "histograms", "compressedHistograms", "images", "audio")
    events = EventAccumulator(directory, size_guidance={kind: 0 for kind in kinds})
    events.Reload()

    def values(tag):
        """Values by step, whether this version keeps them as tensors or not."""
        if tag in events.Tags()["scalars"]:
            return {event.step: event.value for event in events.Scalars(tag)}
        if tag in events.Tags()["tensors"]:
            found = events.Tensors(tag)
            return {event.step: tensor_util.make_ndarray(event.tensor_proto) for event in found}
        return {event.step: event.histogram_value for event in events.Histograms(tag)}

    by_tag = {}
    for tag, step, value in expected["scalars"]:
        by_tag.setdefault(tag, {})[step] = value
    for tag, steps in by_tag.items():
        found = values(tag)
        assert found.keys() == steps.keys(), (tag, found, steps)
        for step, value in steps.items():
            assert math.isclose(float(found[step]), value, rel_tol=1e-6, abs_tol=1e-37), (tag, step)
    sample = values("sample/0")[3].item().decode()
    assert sample == expected["sample"], sample
    histogram = values("generated/length_tokens")[3]
    documents = histogram.num if hasattr(histogram, "num") else histogram[:, 2].sum()
    assert documents == expected["documents"], histogram
    print(f"{len(by_tag)} scalars, text and histogram agree")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        sys.exit(1)
    main(*sys.argv[1:])
