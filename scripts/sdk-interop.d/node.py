"""The official Node.js client, in a process of its own, behind the same door as those in Python."""

import json
import os
import pathlib
import subprocess

from clients import Refused


class Answer(dict):
    """An answer of a client whose models do not know every field."""

    def __init__(self, body, fields):
        super().__init__(body)
        self.fields = set(fields)


class Node:
    name, product, signature, slug = "Node.js, V1", "kms", "V1", "node-kms-v1"

    def __init__(self, package, ca_file, ports):
        self.package = package
        self.process = subprocess.Popen(
            ["node", pathlib.Path(__file__).with_name("client.js")],
            env=os.environ | {"NODE_EXTRA_CA_CERTS": ca_file, "FAKE_PORTS": json.dumps(ports)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, call):
        parameters = {
            name: json.dumps(value) if isinstance(value, (dict, list)) else value
            for name, value in call.parameters.items()
        }
        line = {
            "action": call.action,
            "parameters": parameters,
            "host": call.host,
            "scheme": call.scheme,
            "key": call.key,
        }
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"failure":"the client ended"}')
        if refusal := answer.get("refusal"):
            raise Refused(refusal["status"], refusal["code"], refusal["message"], refusal["requestId"])
        assert "failure" not in answer, answer["failure"]
        return Answer(answer["body"], answer["fields"]) if "fields" in answer else answer["body"]
