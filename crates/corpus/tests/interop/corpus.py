"""Reads with the tools of others what autophage-corpus wrote, and writes Parquet for it to read.

Usage: corpus.py DIRECTORY, where DIRECTORY holds what tests/interop.rs put there.
"""

import json
import pathlib
import sys

import numpy
import pyarrow
import pyarrow.parquet
from transformers import AutoTokenizer

directory = pathlib.Path(sys.argv[1])
expected = json.loads((directory / "expected.json").read_text())

# The tokenizers open in Transformers and give the same tokens.
for name, tokens in expected["tokens"].items():
    tokenizer = AutoTokenizer.from_pretrained(directory / name)
    end = expected["end_of_text"][name]
    assert tokenizer.bos_token == tokenizer.eos_token == "<|endoftext|>", name
    assert tokenizer.bos_token_id == tokenizer.eos_token_id == end, name
    assert len(tokenizer) == expected["vocabulary"][name], name
    for text, ids in zip(expected["texts"], tokens, strict=True):
        assert tokenizer(text)["input_ids"] == ids, (name, text)
        assert tokenizer.decode(ids) == text, (name, text)

# The token store reads as nanoGPT reads it, and its index as docs/formats.md says.
tokens = numpy.memmap(directory / "store.bin", dtype=numpy.uint16, mode="r")
index = numpy.fromfile(directory / "store.index", dtype=numpy.uint64)
assert index[0] == int.from_bytes(b"AUTOPHTK", "little")
documents, total = int(index[3]), int(index[4])
offsets = index[6:-1]
assert len(offsets) == documents + 1 and len(tokens) == total
end = expected["end_of_text"]["trained"]
for i, ids in enumerate(expected["tokens"]["trained"]):
    assert list(tokens[offsets[i] : offsets[i + 1]]) == ids + [end], i

# Parquet as others write it.
table = pyarrow.table(
    {
        "id": range(len(expected["texts"])),
        "text": pyarrow.array(expected["texts"], type=pyarrow.large_string()),
        "tags": [["a", "b"]] * len(expected["texts"]),
        "source": [{"name": "x"}] * len(expected["texts"]),
    }
)
for compression in ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]:
    path = directory / f"{compression}.parquet"
    pyarrow.parquet.write_table(table, path, compression=compression, row_group_size=3)
pyarrow.parquet.write_table(
    table,
    directory / "delta.parquet",
    data_page_version="2.0",
    use_dictionary=False,
    column_encoding={"text": "DELTA_BYTE_ARRAY"},
)
