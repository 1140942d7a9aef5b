"""Every official client against one fake, each through every operation. Prints a line per operation and client."""

import argparse
import json
import pathlib
import re
import sys
import time
import traceback

import captures
import certifi
import kms
import oos
import table
from clients import Call, Core, Tea
from node import Node
from wire import Control, Relay, address, redirect
from world import HOSTS, Mismatch, World

HERE = pathlib.Path(__file__).parent
SOURCES = HERE.parent.parent / "fake-alicloud" / "src" / "api"
INSTANCES = ("kst-interopopen", "kst-interopclosed", "kst-interopbroken")
CASES = {"kms": kms.run, "oos": oos.run}


def served(product):
    """The operations that the fake has, by its own table."""
    text = (SOURCES / f"{product}.rs").read_text()
    return re.findall(r'action: "(\w+)"', text)


def clients(ca_file, ports):
    python = dict(line.split("==") for line in (HERE / "requirements.txt").read_text().split())
    node = json.loads((HERE / "package.json").read_text())["dependencies"]

    def package(versions, name):
        return f"{name} {versions[name]}"

    for product, name in (("kms", "alibabacloud-kms20160120"), ("oos", "alibabacloud-oos20190601")):
        for signature in ("V3", "V1"):
            yield Tea(package(python, name), product, signature, ca_file)
    yield Core(package(python, "aliyun-python-sdk-kms"), ca_file)
    yield Node(package(node, "@alicloud/kms20160120"), ca_file, ports)


def turn(client, control, relay, strict, seed):
    """One client's whole turn: its record, and what went wrong if something did."""
    control.begin(seed)
    world = World(client, control, relay, strict)
    problem = None
    try:
        CASES[client.product](world)
        world.check_journal()
    except Mismatch as error:
        problem = str(error)
    except Exception:  # a client that fails in a way of its own is a finding too
        problem = traceback.format_exc()
    return world, problem


def misplaced_trust(client):
    """What is wrong if a client that trusts the public authorities only takes the fake for the cloud."""
    try:
        client.call(Call(served(client.product)[0], {}, HOSTS[client.product]))
    except Exception as error:
        if "certificate" in str(error):
            return []
        return [f"{client.package} failed for another reason than the certificate: {error}"]
    return [f"{client.package} does not verify the certificate"]


def report(world):
    """One line per operation, and the record for the results."""
    client, missing, record = world.client, [], []
    for action in served(client.product):
        successes, refusals = world.successes[action], sorted(world.refusals[action])
        passed = successes > 0 and bool(refusals)
        if not passed:
            missing.append(action)
        outcome = "ok" if passed else "FAILED"
        counts = f"{successes:>3} answered, refused with {len(refusals):>2} codes"
        print(f"{outcome:<7} {action:<32} {client.name:<16} {counts}")
        record.append(
            {
                "product": client.product,
                "operation": action,
                "client": client.name,
                "package": client.package,
                "passed": passed,
                "successes": successes,
                "refusals": refusals,
            }
        )
    return record, missing


def run(everyone, strangers, control, relay, strict, seed):
    """Everyone's turn: the results, and what went wrong."""
    results = []
    # First, since the clients keep connections that were once found to be good.
    problems = [problem for client in strangers for problem in misplaced_trust(client)]
    for client in everyone:
        who = f"{client.package}, {client.signature}"
        world, problem = turn(client, control, relay, strict, seed)
        record, missing = report(world)
        results += record
        if problem:
            problems.append(f"{who}: {problem}")
        elif missing:
            problems.append(f"{who}: no success or no refusal of {', '.join(missing)}")
    return results, problems


def main():
    parser = argparse.ArgumentParser()
    for door in ("api", "tls", "control", "strict-api"):
        parser.add_argument(f"--{door}", required=True)
    for file in ("ca-file", "results", "readme"):
        parser.add_argument(f"--{file}", required=True, type=pathlib.Path)
    parser.add_argument("--update-readme", action="store_true")
    parser.add_argument("--captures", type=pathlib.Path)
    arguments = parser.parse_args()

    began = time.monotonic()
    control = Control(arguments.control)
    relay, strict = Relay(address(arguments.api)), address(arguments.strict_api)
    ports = {443: address(arguments.tls)[1], 80: relay.port}
    redirect(ports)
    # Each instance's gateway has an authority of its own; clients that use one trust its file too.
    authorities = [control.ask("GET", f"/instances/{instance}/ca.pem") for instance in INSTANCES]
    arguments.ca_file.write_text(arguments.ca_file.read_text() + "".join(authorities))
    seed = (HERE / "seed.yaml").read_bytes()
    everyone = list(clients(str(arguments.ca_file), ports))
    if arguments.captures:
        captures.take(everyone, control, relay, seed, arguments.captures)
        return 0

    strangers = clients(certifi.where(), ports)
    results, problems = run(everyone, strangers, control, relay, strict, seed)
    arguments.results.write_text(json.dumps(results, indent=2) + "\n")
    if not problems:
        problems += table.check(arguments.readme, results, arguments.update_readme)
    passed = sum(record["passed"] for record in results)
    seconds = time.monotonic() - began
    sums = f"{passed} operations × clients passed, {len(results) - passed} failed, 0 skipped"
    print(f"{sums}, in {seconds:.0f} s", flush=True)
    for problem in problems:
        print(f"sdk-interop: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
