"""Charts and values as Helm reads them."""

import re
import shutil
import sys

import yaml


def merge(values, later):
    """Maps are merged, everything else is replaced, as Helm does with several files."""
    for name, value in later.items():
        if isinstance(value, dict) and isinstance(values.get(name), dict):
            merge(values[name], value)
        else:
            values[name] = value


def with_dependencies(chart, copy, stand_ins=False):
    """A copy of the chart in which no dependency is missing."""
    shutil.copytree(chart, copy)
    if stand_ins:
        shutil.rmtree(copy / "charts", ignore_errors=True)
    for dependency in yaml.safe_load((chart / "Chart.yaml").read_text()).get("dependencies") or []:
        name, version = dependency["name"], dependency["version"]
        present = [copy / "charts" / name, *(copy / "charts").glob(f"{name}-[0-9]*.tgz")]
        if any(path.exists() for path in present):
            continue
        print(f"helm: an empty chart stands in for {name} {version}", file=sys.stderr)
        folder = copy / "charts" / name
        (folder / "templates").mkdir(parents=True)
        # A range of versions is met by its first number.
        exact = re.search(r"\d+\.\d+\.\d+", version)
        metadata = {"apiVersion": "v2", "name": name, "version": exact[0] if exact else "0.0.0"}
        (folder / "Chart.yaml").write_text(yaml.safe_dump(metadata))
    return copy
