"""Makes a PyTorch whose wheel is built for CUDA start without CUDA's libraries.

    python without_cuda.py

The wheels of PyTorch for Linux are linked with the CUDA libraries, without which they do not load: gigabytes
of which nothing is used where there is no GPU. This puts libraries of the same names beside PyTorch's own, whose
functions all answer "no device is there" (the 100 of cudaErrorNoDevice), as CUDA does on such a machine. It
needs a C compiler and readelf, which comes with it, and changes nothing where PyTorch starts as it is.
"""

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

NO_DEVICE = 100
LIBRARY = re.compile(r"lib(cu|nv|nccl)")
FUNCTION = re.compile(r"_*(cu|nv|nccl)")


def starts():
    """Whether PyTorch starts, in a process of its own."""
    return subprocess.run([sys.executable, "-c", "import torch"], capture_output=True).returncode == 0


def read_elf(option, library):
    command = ["readelf", "--wide", option, library]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def missing(folder):
    """Names of the libraries that are missing, and by version the functions that are wanted of them."""
    libraries, wanted, defined = set(), set(), set()
    for library in folder.glob("*.so*"):
        libraries.update(re.findall(r"\(NEEDED\).*\[(.*)\]", read_elf("--dynamic", library)))
        for line in read_elf("--dyn-syms", library).splitlines():
            # Number, value, size, type, binding, visibility, section, name@version.
            columns = line.split()
            if len(columns) >= 8 and columns[0].rstrip(":").isdigit():
                name, _, version = columns[7].partition("@")
                if columns[6] == "UND":
                    wanted.add((name, version.lstrip("@")))
                else:
                    defined.add(name)
    functions = defaultdict(list)
    for name, version in sorted(wanted):
        if FUNCTION.match(name) and name not in defined:
            functions[version].append(name)
    present = {library.name for library in folder.iterdir()}
    return sorted(filter(LIBRARY.match, libraries - present)), functions


def version_of(library, functions):
    """The version of a library's functions: its own name, as a rule."""
    if library in functions:
        return library
    stem = library.removeprefix("lib").partition("_")[0].partition(".")[0]
    return stem.upper() if stem.upper() in functions else ""


def build(library, version, names, folder):
    """Compiles a library with these functions."""
    with tempfile.TemporaryDirectory() as scratch:
        source, versions = Path(scratch) / "library.c", Path(scratch) / "versions"
        source.write_text("".join(f"int {name}(void) {{ return {NO_DEVICE}; }}\n" for name in names))
        command = ["cc", "-w", "-shared", "-fPIC", f"-Wl,-soname,{library}", source]
        if version:
            versions.write_text(f"{version} {{ *; }};\n")
            command.append(f"-Wl,--version-script={versions}")
        subprocess.run([*command, "-o", folder / library], check=True)


def main():
    if starts():
        return
    folder = Path(find_spec("torch").origin).parent / "lib"
    libraries, functions = missing(folder)
    for library in libraries:
        version = version_of(library, functions)
        build(library, version, functions[version], folder)
    if not starts():
        sys.exit("PyTorch does not start, even with libraries in the place of CUDA's: see `import torch`")
    print(f"PyTorch starts without CUDA: {len(libraries)} libraries replaced")


main()
