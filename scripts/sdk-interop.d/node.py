"""The official Node.js clients, in a process of their own, behind the same door as those in Python."""

import json
import os
import pathlib
import subprocess

from clients import Refused, signature_of


class Answer(dict):
    """An answer of a client whose models do not know every field."""

    def __init__(self, body, fields):
        super().__init__(body)
        self.fields = set(fields)


class Process:
    """Runs `client.js`, which reads a call per line and writes an answer per line."""

    def __init__(self, ca_file, ports):
        settings = {"NODE_EXTRA_CA_CERTS": ca_file, "FAKE_PORTS": json.dumps(ports)}
        self.process = subprocess.Popen(
            ["node", pathlib.Path(__file__).with_name("client.js")],
            env=os.environ | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"failure":"the client ended"}')
        assert "failure" not in answer, answer["failure"]
        return answer


class Node:
    """One product's package. That of KMS is older than its sibling and knows one signature only."""

    family = "Node.js"

    def __init__(self, package, product, signature, process):
        self.package, self.product, self.signature, self.process = package, product, signature, process
        self.name = f"Node.js, {signature}"
        self.tells_detail = self.tells_hint = product != "kms"
        self.slug = f"node-{product}-{signature.lower()}"

    def signature_of(self, action):
        return signature_of(action, self.signature)

    def call(self, call):
        parameters = {
            name: json.dumps(value) if isinstance(value, (dict, list)) else value
            for name, value in call.parameters.items()
        }
        line = {
            "product": self.product,
            "signature": self.signature,
            "action": call.action,
            "parameters": parameters,
            "host": call.host,
            "scheme": call.scheme,
            "key": call.key,
        }
        answer = self.process.ask(line)
        if refusal := answer.get("refusal"):
            known = [refusal.get(name) for name in ("status", "code", "message", "requestId", "detail", "retryAfter")]
            raise Refused(*known)
        return Answer(answer["body"], answer["fields"]) if "fields" in answer else answer["body"]
