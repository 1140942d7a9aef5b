"""One client's turn: its calls, what is expected of each, and the record of what was met."""

import re
from collections import defaultdict

from clients import KEY_SECRET, Call, Refused

HOSTS = {"kms": "kms.cn-hangzhou.aliyuncs.com", "oos": "oos.cn-hangzhou.aliyuncs.com"}
REQUEST_ID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.IGNORECASE)

ROOT = ("LTAI5tInteropRoot", KEY_SECRET)
ALICE = ("LTAI5tInteropAlice", KEY_SECRET)
DISABLED = ("LTAI5tInteropDisabled", KEY_SECRET)
STRANGER = ("LTAI5tInteropStranger", KEY_SECRET)
NOBODY = ("LTAI5tInteropNobody", KEY_SECRET)
FORGER = ("LTAI5tInteropRoot", "not-its-secret")


class Mismatch(AssertionError):
    """The fake did something that the official client shows to be wrong."""


class World:
    """The fake as one client sees it. Every expectation that is met is entered in the record."""

    def __init__(self, client, control, relay, strict):
        self.client, self.control, self.relay, self.strict = client, control, relay, strict
        self.in_the_clear = 0
        self.successes = defaultdict(int)
        self.refusals = defaultdict(set)

    def ok(self, action, parameters, expected=None, **where):
        """A call that succeeds, with these fields in its answer."""
        call = self.call(action, parameters, **where)
        try:
            answer = self.client.call(call)
        except Refused as error:
            raise Mismatch(f"{action} was refused: {error}") from error
        self.check_request_id(action, answer.get("RequestId"))
        for name, value in (expected or {}).items():
            # A client older than the field cannot show it.
            if name in getattr(answer, "fields", (name,)) and answer.get(name) != value:
                raise Mismatch(f"{action} answered {name}={answer.get(name)!r}, expected {value!r}")
        self.successes[action] += 1
        return answer

    def refused(self, action, status, code, parameters, **where):
        """A call that is refused so."""
        call = self.call(action, parameters, **where)
        try:
            answer = self.client.call(call)
        except Refused as error:
            if (error.status, error.code) != (status, code):
                raise Mismatch(f"{action} was refused with {error}, expected {status} {code}") from error
            self.check_request_id(action, error.request_id)
            self.refusals[action].add(code)
            return error.message
        raise Mismatch(f"{action} succeeded with {sorted(answer)}, expected {status} {code}")

    def repeated(self, action, parameters):
        """A call that succeeds, and whose very bytes are refused when they come again."""
        self.ok(action, parameters, scheme="http")
        self.in_the_clear += 1
        status, answer = self.relay.repeat(self.relay.last)
        if (status, answer.get("Code")) != (400, "SignatureNonceUsed"):
            raise Mismatch(f"{action} sent again was answered {status} {answer.get('Code')}")
        self.refusals[action].add("SignatureNonceUsed")

    def refused_in_the_clear(self, action, parameters):
        """A call that a fake as strict as the cloud refuses, because it comes without TLS."""
        with self.relay.before(self.strict):
            self.refused(action, 400, "InvalidProtocol.NeedSsl", parameters, scheme="http")
        self.in_the_clear -= 1

    def call(self, action, parameters, host=None, **where):
        self.in_the_clear += where.get("scheme") == "http"
        return Call(action, parameters, host or HOSTS[self.client.product], **where)

    @staticmethod
    def check_request_id(action, request_id):
        if not REQUEST_ID.fullmatch(request_id or ""):
            raise Mismatch(f"{action} has no request id but {request_id!r}")

    def check_journal(self):
        """Makes sure that the client did what this script believes: its signature, TLS, the cloud's own hosts."""
        calls = self.control.ask("GET", "/journal")
        secured = [entry for entry in calls if entry["scheme"] == "https"]
        signatures = {entry["signature"] for entry in calls}
        hosts = {entry["host"] for entry in secured}
        if signatures != {self.client.signature}:
            raise Mismatch(f"{self.client.name} signed with {signatures}, expected {self.client.signature}")
        if HOSTS[self.client.product] not in hosts or len(calls) - len(secured) != self.in_the_clear:
            raise Mismatch(f"{self.client.name} called {hosts}, {len(secured)} of {len(calls)} calls over TLS")


def equal(what, value, expected):
    """Compares what the client made of an answer."""
    if value != expected:
        raise Mismatch(f"{what} is {value!r}, expected {expected!r}")
