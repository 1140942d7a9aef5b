"""Holds the shell of workflows and actions to shellcheck: each `run:` in the files that are named, as bash runs it there."""

import subprocess
import sys

from ruamel.yaml import YAML


def steps_of(document):
    """All steps: of a workflow's jobs, or of a composite action."""
    for job in document.get("jobs", {"": document.get("runs", {})}).values():
        yield from job.get("steps", [])


def main(files):
    """Says what shellcheck finds, under the names of file and step. Exit code 1 if it finds anything, or if no step was looked at."""
    looked, found = 0, False
    for file in files:
        with open(file, encoding="utf-8") as source:
            document = YAML(typ="safe").load(source)
        for step in steps_of(document):
            if "run" not in step:
                continue
            looked += 1
            command = ["shellcheck", "--shell=bash", "--format=gcc", "-"]
            result = subprocess.run(command, input=step["run"], text=True, stdout=subprocess.PIPE, check=False)
            if result.returncode != 0:
                found = True
                name = step.get("name", "a step without a name")
                print(result.stdout.replace("-:", f"{file}, {name}: "), end="", file=sys.stderr)
    if looked == 0:
        print("check-workflows: there is no step with run", file=sys.stderr)
    sys.exit(1 if found or looked == 0 else 0)


main(sys.argv[1:])
