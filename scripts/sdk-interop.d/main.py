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
import ims
import kms
import oos
import providers
import ram
import sts
import table
from clients import VERSIONS, Call, Core, Tea
from node import Node, Process
from wire import METADATA, Control, Relay, address, redirect
from world import HOSTS, Mismatch, World

HERE = pathlib.Path(__file__).parent
SOURCES = HERE.parent.parent / "fake-alicloud" / "src" / "api"
INSTANCES = ("kst-interopopen", "kst-interopclosed", "kst-interopbroken")
CASES = {"kms": kms.run, "oos": oos.run, "sts": sts.run, "ram": ram.run, "ims": ims.run}


def served(product):
    """The operations that the fake has, by its own table."""
    text = (SOURCES / f"{product}.rs").read_text()
    return re.findall(r'(?:action: |operation\(\s*)"(\w+)"', text)


class Everyone:
    """All clients that trust these authorities."""

    def __init__(self, ca_file, ports):
        python = dict(line.split("==") for line in (HERE / "requirements.txt").read_text().split())
        node = json.loads((HERE / "package.json").read_text())["dependencies"]

        def package(versions, name):
            return f"{name} {versions[name]}"

        def tea(product):
            return package(python, f"alibabacloud-{product}{VERSIONS[product].replace('-', '')}")

        process = Process(ca_file, ports)
        self.clients = [Tea(tea(product), product, kind, ca_file) for product in CASES for kind in ("V3", "V1")]
        # This SDK has no package of this version of IMS, but its core can call everything.
        self.clients += [
            Core(package(python, f"aliyun-python-sdk-{name}"), product, ca_file)
            for product, name in (("kms", "kms"), ("sts", "sts"), ("ram", "ram"), ("ims", "core"))
        ]
        self.clients += [
            Node(package(node, f"@alicloud/{product}{VERSIONS[product].replace('-', '')}"), product, kind, process)
            for product, kind in (("kms", "V1"), ("sts", "V3"), ("sts", "V1"))
        ]
        self.providers = [
            providers.Python(package(python, "alibabacloud-credentials"), ca_file),
            providers.Node(package(node, "@alicloud/credentials"), process),
        ]

    def peers(self, one):
        """A client's family, itself among them: one of each product; where it has none, that of the first."""
        chosen = {one.product: one}
        for family in (one.family, self.clients[0].family):
            for client in self.clients:
                if client.family == family:
                    chosen.setdefault(client.product, client)
        return chosen


class Cloud:
    """The fake and every way into it, and the turns that clients have with it."""

    def __init__(self, control, relay, strict, seed):
        self.control, self.relay, self.strict, self.seed = control, relay, strict, seed
        self.results, self.problems = [], []

    def distrusted(self, who, call):
        """A client that trusts the public authorities only must not take the fake for the cloud."""
        try:
            call()
        except Exception as error:
            if "certificate" not in str(error):
                self.problems.append(f"{who} failed for another reason than the certificate: {error}")
        else:
            self.problems.append(f"{who} does not verify the certificate")

    def product_turn(self, client, peers):
        """One client's whole turn with its product."""
        self.control.begin(self.seed)
        world = World(client, peers, self.control, self.relay, self.strict)

        def cases():
            CASES[client.product](world)
            world.check_journal()

        self.turn(client, world, served(client.product), cases)

    def providers_turn(self, client, peers):
        """One credentials package's turn. Its keys are tried with the family's client of KMS."""
        self.control.begin(self.seed)
        reader = World(peers["kms"], peers, self.control, self.relay, self.strict)
        world = providers.Providers(client, reader)
        self.turn(client, world, providers.PROVIDERS, lambda: providers.run(world))

    def turn(self, client, world, operations, cases):
        try:
            cases()
        except Mismatch as error:
            world.problems.append(str(error))
        except Exception:  # a client that fails in a way of its own is a finding too
            world.problems.append(traceback.format_exc())
        missing = self.report(client, world, operations)
        if missing and not world.problems:
            world.problems.append(f"no success or no refusal of {', '.join(missing)}")
        self.problems += [f"{client.package}, {client.name}: {problem}" for problem in world.problems]

    def report(self, client, world, operations):
        """One line per operation, and the record for the results. Those that lack a success or a refusal."""
        missing = []
        for action in operations:
            successes, refusals = world.successes[action], sorted(world.refusals[action])
            passed = successes > 0 and bool(refusals)
            if not passed:
                missing.append(action)
            outcome = "ok" if passed else "FAILED"
            counts = f"{successes:>3} answered, refused with {len(refusals):>2} codes"
            print(f"{outcome:<7} {action:<33} {client.name:<16} {counts}")
            self.results.append(
                {
                    "product": client.product,
                    "operation": action,
                    "client": client.name,
                    "package": client.package,
                    "passed": passed,
                    "successes": successes,
                    "refused": world.refusals[action].total(),
                    "refusals": refusals,
                }
            )
        return missing


def main():
    parser = argparse.ArgumentParser()
    for door in ("api", "tls", "control", "metadata", "strict-api"):
        parser.add_argument(f"--{door}", required=True)
    for file in ("ca-file", "results", "readme"):
        parser.add_argument(f"--{file}", required=True, type=pathlib.Path)
    parser.add_argument("--update-readme", action="store_true")
    parser.add_argument("--captures", type=pathlib.Path)
    arguments = parser.parse_args()

    began = time.monotonic()
    control = Control(arguments.control)
    relay = Relay(address(arguments.api))
    ports = {443: address(arguments.tls)[1], 80: relay.port, METADATA: address(arguments.metadata)[1]}
    redirect(ports)
    # Each instance's gateway has an authority of its own; clients that use one trust its file too.
    authorities = [control.ask("GET", f"/instances/{instance}/ca.pem") for instance in INSTANCES]
    arguments.ca_file.write_text(arguments.ca_file.read_text() + "".join(authorities))
    seed = (HERE / "seed.yaml").read_bytes()
    everyone = Everyone(str(arguments.ca_file), ports)
    if arguments.captures:
        captures.take(everyone.clients, control, relay, seed, arguments.captures)
        return 0

    cloud = Cloud(control, relay, address(arguments.strict_api), seed)
    # First, since the clients keep connections that were once found to be good.
    strangers = Everyone(certifi.where(), ports)
    for client in strangers.clients:
        first = Call(served(client.product)[0], {}, HOSTS[client.product])
        cloud.distrusted(client.package, lambda client=client, first=first: client.call(first))
    for client in strangers.providers:
        cloud.distrusted(client.package, client.try_elsewhere)
    for client in everyone.clients:
        cloud.product_turn(client, everyone.peers(client))
    for client in everyone.providers:
        cloud.providers_turn(client, everyone.peers(client))

    results, problems = cloud.results, cloud.problems
    arguments.results.write_text(json.dumps(results, indent=2) + "\n")
    if not problems:
        problems += table.check(arguments.readme, results, arguments.update_readme)
    passed = sum(record["passed"] for record in results)
    for product in dict.fromkeys(record["product"] for record in results):
        records = [record for record in results if record["product"] == product]
        operations, clients = ({record[name] for record in records} for name in ("operation", "client"))
        answered, refused = (sum(record[name] for record in records) for name in ("successes", "refused"))
        codes = {code for record in records for code in record["refusals"]}
        what = f"{len(operations)} operations, {len(clients)} clients, {len(records)} of both together"
        print(f"{product}: {what}; {answered} calls answered, {refused} refused with {len(codes)} codes")
    seconds = time.monotonic() - began
    sums = f"{passed} operations × clients passed, {len(results) - passed} failed, 0 skipped"
    print(f"{sums}, in {seconds:.0f} s", flush=True)
    for problem in problems:
        print(f"sdk-interop: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
