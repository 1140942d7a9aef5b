"""Checks objects, as YAML on standard input, against the OpenAPI schemas of releases of Kubernetes.

Prints a line for each mistake: release, object, place, what is wrong; "no schema" for kinds that are no part of Kubernetes. A
field that the schema does not know is a mistake, too.
"""

import functools
import sys

import yaml
from kubernetes_validate import utils


def main():
    # The library reads a file of megabytes for each object.
    utils.schema_contents = functools.cache(utils.schema_contents)
    objects = list(filter(None, yaml.load_all(sys.stdin, yaml.CSafeLoader)))
    for release in sys.argv[1:]:
        for item in objects:
            for mistake in mistakes(item, release):
                print(f"{release} {item['kind']} {item['metadata']['name']}: {mistake}")


def mistakes(item, release):
    try:
        used = utils.validate(item, release, strict=True)
    except utils.ValidationError as error:
        yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
    except utils.SchemaNotFoundError:
        yield "no schema"
    else:
        if used != release:
            yield f"checked against {used} only"


main()
