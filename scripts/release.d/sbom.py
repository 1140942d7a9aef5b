"""Keeps of an SBOM what a binary links: sbom.py SBOM ROOT <LINKED, prints the result.

cargo-cyclonedx asks cargo for the whole workspace at once, so its list has what only the other binaries, their tests or the compiler
need. LINKED is what `cargo tree --prefix none --format {p}` prints for the binary alone. ROOT is the workspace's folder, whose
place on this machine is nobody's business.
"""

import json
import sys


def linked(lines):
    """Names and versions of the lines, which may end with a place in brackets."""
    words = (line.split() for line in lines)
    return {(each[0], each[1].removeprefix("v")) for each in words if each}


def keep(sbom, wanted):
    """Takes out the components that are not wanted, and what is said of their dependencies."""
    before = sbom["components"]
    sbom["components"] = [one for one in before if (one["name"], one["version"]) in wanted]
    gone = {one["bom-ref"] for one in before} - {one["bom-ref"] for one in sbom["components"]}
    found = {(one["name"], one["version"]) for one in sbom["components"]}
    found.add((sbom["metadata"]["component"]["name"], sbom["metadata"]["component"]["version"]))
    if wanted - found:
        sys.exit(f"sbom.py: linked and not in the SBOM: {sorted(wanted - found)}")
    sbom["dependencies"] = [one for one in sbom["dependencies"] if one["ref"] not in gone]
    for one in sbom["dependencies"]:
        if "dependsOn" in one:
            one["dependsOn"] = [ref for ref in one["dependsOn"] if ref not in gone]


def main(file, root):
    """Reads both lists and prints the one."""
    with open(file, encoding="utf-8") as source:
        sbom = json.load(source)
    keep(sbom, linked(sys.stdin))
    print(json.dumps(sbom, indent=2).replace(f"path+file://{root}/", "path+file:///"))


main(*sys.argv[1:])
