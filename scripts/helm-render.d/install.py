"""Installs a chart into an API and prints what Helm would make only later."""

import argparse
import asyncio
import json
import ssl
import sys
import urllib.error
import urllib.request
from base64 import b64decode
from pathlib import Path

import yaml
from helm_sdkpy import Configuration, HelmError, Install, Lint, Upgrade
from values import merge


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig")
    parser.add_argument("--release")
    parser.add_argument("--namespace", default="default")
    parser.add_argument("--definitions", type=Path, action="append", default=[])
    parser.add_argument("--over")
    parser.add_argument("--lint", action="store_true")
    parser.add_argument("chart")
    parser.add_argument("values", type=Path, nargs="*")
    options = parser.parse_args()

    for file in options.definitions:
        for definition in filter(None, yaml.safe_load_all(file.read_text())):
            create(options.kubeconfig, definition)
    values = {}
    for file in options.values:
        merge(values, yaml.safe_load(file.read_text()) or {})
    configuration = Configuration(namespace=options.namespace, kubeconfig=options.kubeconfig)
    try:
        if options.lint:
            sys.exit(say(asyncio.run(Lint(configuration).run(options.chart))))
        release = asyncio.run(install(configuration, values, options))
    except HelmError as error:
        sys.exit(f"helm-render: {error}")
    # Helm made the hooks of an installation like everything else.
    later = [hook for hook in release.get("hooks") or [] if not is_of_installation(hook)]
    for hook in sorted(later, key=lambda hook: hook["path"]):
        print("---", hook["manifest"].strip().removeprefix("---").strip(), sep="\n")


def say(lint):
    """Prints what the linter found; the library hands on severity and place only. Whether anything has to be changed."""
    severities = ["unknown", "info", "warning", "error"]
    messages = [(severities[message["Severity"]], message["Path"]) for message in lint["Messages"] or []]
    for severity, path in messages:
        print(f"{severity}: {path}")
    return int(bool(lint["Errors"]) or any(severity != "info" for severity, _ in messages))


async def install(configuration, values, options):
    settings = {"create_namespace": True, "wait": False, "timeout": 60}
    if not options.over:
        return await Install(configuration).run(options.release, options.chart, values, **settings)
    await Install(configuration).run(options.release, options.over, {}, **settings)
    return await Upgrade(configuration).run(options.release, options.chart, values, wait=False, timeout=60)


def is_of_installation(hook):
    return any(event in ("pre-install", "post-install") for event in hook["events"])


def create(kubeconfig, definition):
    """Creates a definition, as whoever owns it would have done."""
    config = yaml.safe_load(Path(kubeconfig).read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    request = urllib.request.Request(
        f"{cluster['server']}/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        data=json.dumps(definition, default=str).encode(),
        headers={"Authorization": f"Bearer {user['token']}", "Content-Type": "application/json"},
    )
    trust = ssl.create_default_context(cadata=b64decode(cluster["certificate-authority-data"]).decode())
    try:
        urllib.request.urlopen(request, context=trust).close()
    except urllib.error.HTTPError as error:
        sys.exit(f"helm-render: creating a definition: {error.read().decode()}")


main()
