"""One client's turn: its calls, what is expected of each, and the record of what was met."""

import re
from collections import Counter, defaultdict

from clients import KEY_SECRET, Call, Refused

HOSTS = {
    "kms": "kms.cn-hangzhou.aliyuncs.com",
    "oos": "oos.cn-hangzhou.aliyuncs.com",
    "sts": "sts.cn-hangzhou.aliyuncs.com",
    "ram": "ram.aliyuncs.com",
    "ims": "ims.aliyuncs.com",
}
REQUEST_ID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.IGNORECASE)

ROOT = ("LTAI5tInteropRoot", KEY_SECRET)
ALICE = ("LTAI5tInteropAlice", KEY_SECRET)
ASSUMER = ("LTAI5tInteropAssumer", KEY_SECRET)
BARRED = ("LTAI5tInteropBarred", KEY_SECRET)
IDLE = ("LTAI5tInteropIdle", KEY_SECRET)
GUARDED = ("LTAI5tInteropGuarded", KEY_SECRET)
TEAM = ("LTAI5tInteropTeam", KEY_SECRET)
OPERATOR = ("LTAI5tInteropOperator", KEY_SECRET)
HALF_OPERATOR = ("LTAI5tInteropHalfOperator", KEY_SECRET)
READER = ("LTAI5tInteropReader", KEY_SECRET)
HALF_READER = ("LTAI5tInteropHalfReader", KEY_SECRET)
DISABLED = ("LTAI5tInteropDisabled", KEY_SECRET)
STRANGER = ("LTAI5tInteropStranger", KEY_SECRET)
PARTNER = ("LTAI5tInteropPartner", KEY_SECRET)
LOITERER = ("LTAI5tInteropLoiterer", KEY_SECRET)
NOBODY = ("LTAI5tInteropNobody", KEY_SECRET)
FORGER = ("LTAI5tInteropRoot", "not-its-secret")


class Mismatch(AssertionError):
    """The fake did something that the official client shows to be wrong."""


class World:
    """The fake as one client sees it. Every expectation that is met is entered in the record."""

    def __init__(self, client, peers, control, relay, strict):
        self.client, self.peers, self.control, self.relay, self.strict = client, peers, control, relay, strict
        self.in_the_clear = 0
        # A wrong refusal does not hide the next one; anything else ends the turn.
        self.problems = []
        self.successes = defaultdict(int)
        self.refusals = defaultdict(Counter)

    def beside(self, product):
        """Another product of the same fake, through the same family's client. What it meets is not in the record."""
        helper = World(self.peers[product], self.peers, self.control, self.relay, self.strict)
        helper.problems = self.problems
        return helper

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
                self.problems.append(f"{action} was refused with {error}, expected {status} {code}")
            else:
                self.check_request_id(action, error.request_id)
                self.refusals[action][code] += 1
            return error
        self.problems.append(f"{action} succeeded with {sorted(answer)}, expected {status} {code}")
        return Refused(None, None, "", None)

    def denied(self, action, parameters, kind, policy_type, code="NoPermission", status=403, **where):
        """A call that policies refuse: by what kind of refusal, and by which policies, if the client can tell."""
        error = self.refused(action, status, code, parameters, **where)
        expected = {"NoPermissionType": kind, "PolicyType": policy_type, "AuthAction": self.action_of(action)}
        told = {name: (error.detail or {}).get(name) for name in expected}
        if self.client.tells_detail and told != expected:
            self.problems.append(f"{action} was refused with the detail {told}, expected {expected}")
        return error

    def action_of(self, action):
        """An operation's name in policies, in which IMS is a part of RAM."""
        return f"{'ram' if self.client.product == 'ims' else self.client.product}:{action}"

    def throttled(self, action, status, code, parameters, hint=7, **where):
        """A call that a planned fault refuses for being one too many, with a hint when to come again."""
        error = {"code": code, "headers": {"x-acs-retry-after": str(hint)}}
        self.plan(action, {"error": error}, times=1)
        error = self.refused(action, status, code, parameters, **where)
        if self.client.tells_hint:
            equal(f"when to call {action} again", error.retry_after, hint)
        self.ok(action, parameters, **where)

    def plan(self, action, effect, **more):
        """Plans trouble for one operation of this product."""
        fault = {"product": self.client.product, "action": action, "effect": effect}
        self.control.ask("POST", "/faults", fault | more)

    def repeated(self, action, parameters):
        """A call that succeeds, and whose very bytes are refused when they come again."""
        self.ok(action, parameters, scheme="http")
        self.in_the_clear += 1
        status, answer = self.relay.repeat(self.relay.last)
        if (status, answer.get("Code")) != (400, "SignatureNonceUsed"):
            raise Mismatch(f"{action} sent again was answered {status} {answer.get('Code')}")
        self.refusals[action]["SignatureNonceUsed"] += 1

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
        hosts = {entry["host"] for entry in secured}
        for entry in calls:
            action, signature = entry["action"], entry["signature"]
            is_own = action in self.successes or action in self.refusals
            if is_own and signature != self.client.signature_of(action):
                raise Mismatch(f"{self.client.name} sent {action} with the signature {signature}")
        if HOSTS[self.client.product] not in hosts or len(calls) - len(secured) != self.in_the_clear:
            raise Mismatch(f"{self.client.name} called {hosts}, {len(secured)} of {len(calls)} calls over TLS")


def equal(what, value, expected):
    """Compares what the client made of an answer."""
    if value != expected:
        raise Mismatch(f"{what} is {value!r}, expected {expected!r}")


def fields(what, value, expected):
    """Compares the fields that matter of a structure in an answer."""
    equal(what, {name: (value or {}).get(name) for name in expected}, expected)
