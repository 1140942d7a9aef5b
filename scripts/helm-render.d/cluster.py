"""What `helm upgrade --install`, `helm uninstall` and `helm test` do, with Helm's engine, in the kubeconfig's cluster."""

import argparse
import asyncio
import gzip
import json
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path

import yaml
from helm_sdkpy import Configuration, HelmError, Uninstall, Upgrade
from values import merge

PATIENCE = 300


def main():
    parser = argparse.ArgumentParser(prog="scripts/helm")
    commands = parser.add_subparsers(dest="command", required=True)
    upgrade = commands.add_parser("upgrade")
    upgrade.add_argument("--install", action="store_true", required=True)
    upgrade.add_argument("release")
    upgrade.add_argument("chart")
    upgrade.add_argument("--values", "-f", type=Path, action="append", default=[])
    uninstall = commands.add_parser("uninstall")
    uninstall.add_argument("release")
    uninstall.add_argument("--wait", action="store_true")
    test = commands.add_parser("test")
    test.add_argument("release")
    test.add_argument("--logs", action="store_true")
    for command in (upgrade, uninstall, test):
        command.add_argument("--namespace", "-n", required=True)
    options = parser.parse_args()
    try:
        {"upgrade": do_upgrade, "uninstall": do_uninstall, "test": do_test}[options.command](options)
    except HelmError as error:
        sys.exit(f"helm: {error}")


def do_upgrade(options):
    values = {}
    for file in options.values:
        merge(values, yaml.safe_load(file.read_text()) or {})
    upgrade = Upgrade(Configuration(namespace=options.namespace))
    run = upgrade.run(options.release, options.chart, values, install=True, create_namespace=True, wait=False)
    release = asyncio.run(run)
    print(release.get("info", {}).get("notes", ""))


def do_uninstall(options):
    uninstall = Uninstall(Configuration(namespace=options.namespace))
    asyncio.run(uninstall.run(options.release, wait=options.wait, timeout=PATIENCE))


def do_test(options):
    """The engine has no such action: its hooks are made here, in Helm's order, and each pod is waited for."""
    hooks = [hook for hook in release_of(options)["hooks"] if "test" in hook["events"]]
    # Helm sorts by weight and leaves equals in their order.
    hooks.sort(key=lambda hook: int(hook.get("weight") or 0))
    kubectl("delete", *policies(hooks, "before-hook-creation"), options=options)
    failed = False
    for hook in hooks:
        kubectl("create", "-f", "-", options=options, text=hook["manifest"])
        if hook["kind"] == "Pod" and not failed:
            failed = not succeeds(hook["name"], options)
        if failed:
            break
    if options.logs:
        for hook in (hook for hook in hooks if hook["kind"] == "Pod"):
            print(f"POD LOGS: {hook['name']}")
            print(kubectl("logs", hook["name"], options=options, check=False))
    if failed:
        pods = [hook["name"] for hook in hooks if hook["kind"] == "Pod"]
        for pod in pods:
            field = f"involvedObject.name={pod}"
            print(kubectl("get", "events", "--field-selector", field, options=options, check=False))
        sys.exit("helm: the chart's test failed")
    kubectl("delete", *policies(hooks, "hook-succeeded"), options=options)


def release_of(options):
    """The newest revision, as Helm keeps it: JSON, compressed, in Base64, in a Secret."""
    selector = f"owner=helm,name={options.release}"
    secrets = json.loads(kubectl("get", "secrets", "-l", selector, "-o", "json", options=options))["items"]
    if not secrets:
        sys.exit(f"helm: there is no release {options.release} in {options.namespace}")
    newest = max(secrets, key=lambda secret: int(secret["metadata"]["labels"]["version"]))
    return json.loads(gzip.decompress(b64decode(b64decode(newest["data"]["release"]))))


def policies(hooks, policy):
    """What is deleted for a policy, and that nothing of it is no mistake."""
    named = [f"{hook['kind']}/{hook['name']}" for hook in hooks if policy in hook.get("delete_policies", [])]
    return [*named, "--ignore-not-found"] if named else ["configmap", "no-such", "--ignore-not-found"]


def succeeds(pod, options):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        phase = kubectl("get", "pod", pod, "-o", "jsonpath={.status.phase}", options=options)
        if phase in ("Succeeded", "Failed"):
            return phase == "Succeeded"
        time.sleep(0.5)
    return False


def kubectl(*words, options, text=None, check=True):
    command = ["kubectl", "--namespace", options.namespace, *words]
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True)
    except FileNotFoundError:
        sys.exit("helm: `test` needs kubectl on the PATH where there is no helm")
    if check and done.returncode != 0:
        sys.exit(f"helm: {done.stderr.strip()}")
    return done.stdout if check else done.stdout + done.stderr


main()
