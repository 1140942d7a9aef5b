"""The official credentials packages: each of their providers, what it gets, and what it says when it gets nothing.

A provider is what this file calls an operation. Its key must be good for a read of KMS through another official client.
"""

import json
import logging
import os
import pathlib
import re
import ssl
import tempfile
from collections import Counter, defaultdict
from contextlib import contextmanager

from alibabacloud_credentials.client import Client
from alibabacloud_credentials.models import Config

import rrsa
from clients import Refused
from world import ALICE, ASSUMER, BARRED, IDLE, Mismatch, equal

# The package writes every refusal to standard error, with the way it took.
logging.getLogger("credentials").setLevel(logging.CRITICAL)

PROVIDERS = ("ram_role_arn", "oidc_role_arn", "ecs_ram_role")
ROLE = "acs:ram::1000000000000001:role/"
LISTING, TOKEN = "meta-data/ram/security-credentials/", "api/token"


class Python:
    """The package that the Python SDKs of the products build on."""

    family, name, product = "Python, V3", "Python", "credentials"
    asks_with = "GET"

    def __init__(self, package, ca_file):
        self.package, self.ca_file = package, ca_file
        self.alive = {}

    def obtain(self, number, settings=None):
        """The key of the provider with this number, which is made from settings the first time, and its name."""
        with self.trusting():
            try:
                if settings:
                    self.alive[number] = Client(Config(**settings))
                credential = self.alive[number].get_credential()
            except Exception as error:  # the package has one class of its own, and lets through those of others
                raise refusal(str(error)) from error
        key = (credential.access_key_id, credential.access_key_secret, credential.security_token)
        return key, credential.provider_name

    def try_elsewhere(self):
        """A call to a host that is no one else's, since connections are kept."""
        self.obtain(0, elsewhere())

    @contextmanager
    def trusting(self):
        """The package has no setting for authorities, but takes those of the system, whose place is a variable."""
        variable = ssl.get_default_verify_paths().openssl_cafile_env
        os.environ[variable] = self.ca_file
        try:
            yield
        finally:
            del os.environ[variable]


class Node:
    """Its sibling for Node.js, whose settings have other names."""

    family, name, product = "Node.js", "Node.js", "credentials"
    asks_with = "POST"
    NAMES = {
        "access_key_id": "accessKeyId",
        "access_key_secret": "accessKeySecret",
        "security_token": "securityToken",
        "role_arn": "roleArn",
        "role_name": "roleName",
        "role_session_name": "roleSessionName",
        "role_session_expiration": "roleSessionExpiration",
        "external_id": "externalId",
        "sts_endpoint": "stsEndpoint",
        "oidc_provider_arn": "oidcProviderArn",
        "oidc_token_file_path": "oidcTokenFilePath",
        "disable_imds_v1": "disableIMDSv1",
    }

    def __init__(self, package, process):
        self.package, self.process = package, process

    def obtain(self, number, settings=None):
        if settings:
            settings = {self.NAMES.get(name, name): value for name, value in settings.items()}
        answer = self.process.ask({"provider": number, "settings": settings})
        if "refusal" in answer:
            raise refusal(answer["refusal"])
        return tuple(answer["key"]), answer["providerName"]

    def try_elsewhere(self):
        self.obtain(0, elsewhere())


def elsewhere():
    role = {"role_arn": ROLE + "reader", "sts_endpoint": "sts.cn-beijing.aliyuncs.com"}
    return {"type": "ram_role_arn"} | key(ASSUMER) | role


def refusal(text):
    """What the package says: the status of the metadata service, or the answer of STS word for word."""
    if status := re.search(r"(?:HttpCode=|httpStatus: |token failed with |security-credentials/ )(\d{3})", text):
        return Refused(int(status[1]), status[1], text, None)
    if answer := re.search(r"\{.*\}", text, re.DOTALL):
        body = json.loads(answer[0])
        return Refused(None, body["Code"], body["Message"], body["RequestId"])
    return Refused(None, text, text, None)


class Providers:
    """The fake as one package sees it."""

    def __init__(self, client, world):
        self.client, self.world, self.control = client, world, world.control
        self.problems = world.problems
        self.successes, self.refusals = defaultdict(int), defaultdict(Counter)
        self.made = 0

    def ok(self, kind, **settings):
        """The key that a new provider gets."""
        self.made += 1
        key, name = self.obtain(kind, self.made, {"type": kind} | settings)
        equal("the provider", name.split("/")[0], kind)
        return key

    def obtain(self, kind, number, settings=None):
        try:
            key, name = self.client.obtain(number, settings)
        except Refused as error:
            raise Mismatch(f"{kind} got nothing: {error}") from error
        self.world.ok("GetSecretValue", {"SecretName": "db/password"}, {"SecretData": "second"}, key=key)
        self.successes[kind] += 1
        return key, name

    def refused(self, kind, code, **settings):
        self.made += 1
        try:
            key, _ = self.client.obtain(self.made, {"type": kind} | settings)
        except Refused as error:
            if error.code != code:
                self.problems.append(f"{kind} was refused with {error}, expected {code}")
            else:
                self.refusals[kind][code] += 1
        else:
            self.problems.append(f"{kind} got the key {key[0]}, expected {code}")

    def journal(self, product):
        return [entry for entry in self.control.ask("GET", "/journal") if entry["product"] == product]


def run(world):
    for part in (renewed, ram_role_arn, oidc_role_arn, machine, hardened):
        part(world)


def calls(world, product, before=0):
    """How the package called a product: what, and with which method, signature and scheme."""
    names = ("action", "method", "signature", "scheme")
    return {tuple(entry[name] for name in names) for entry in world.journal(product)[before:]}


def key(pair):
    return {"access_key_id": pair[0], "access_key_secret": pair[1]}


def ram_role_arn(world):
    kind, reader = "ram_role_arn", {"role_arn": ROLE + "reader", "role_session_name": "interop"}
    session = world.ok(kind, **key(ASSUMER), **reader)
    world.ok(kind, **key(ASSUMER), **reader, sts_endpoint="sts-vpc.cn-hangzhou.aliyuncs.com")
    everything = world.ok(kind, **key(ASSUMER), **reader | {"role_arn": ROLE + "everything"})
    world.ok(kind, **key(everything), security_token=everything[2], **reader)
    equal("what was called", calls(world, "sts"), {("AssumeRole", world.client.asks_with, "V1", "https")})

    world.refused(kind, "NoPermission", **key(IDLE), **reader)
    world.refused(kind, "NoPermission", **key(BARRED), **reader)
    world.refused(kind, "NoPermission", **key(ASSUMER), **reader | {"role_arn": ROLE + "of-pods"})
    world.refused(kind, "NoPermission", **key(session), security_token=session[2], **reader)
    world.refused(kind, "EntityNotExist.Role", **key(ASSUMER), **reader | {"role_arn": ROLE + "absent"})
    world.refused(kind, "InvalidAccessKeyId.NotFound", **key(("LTAI5tInteropNobody", "x")), **reader)
    garbage = {"security_token": "not a token"}
    world.refused(kind, "InvalidSecurityToken.Malformed", **key(session), **garbage, **reader)
    long = {"role_session_expiration": 7201}
    world.refused(kind, "InvalidParameter.DurationSeconds", **key(ASSUMER), **reader, **long)
    fault = {"product": "sts", "action": "AssumeRole", "times": 1, "effect": {"error": {"code": "Throttling.User"}}}
    world.control.ask("POST", "/faults", fault)
    world.refused(kind, "Throttling.User", **key(ASSUMER), **reader)
    world.ok(kind, **key(ALICE), **reader)


def oidc_role_arn(world):
    kind = "oidc_role_arn"
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "token")
        settings = {
            "role_arn": ROLE + "of-pods",
            "oidc_provider_arn": rrsa.PROVIDER + "ack-rrsa-c0interop",
            "oidc_token_file_path": str(file),
            "role_session_name": "interop",
        }
        before = len(world.journal("sts"))
        file.write_text(rrsa.token(world))
        world.ok(kind, **settings)
        equal("what was called", calls(world, "sts", before), {(rrsa.ACTION, world.client.asks_with, "none", "https")})
        expected = "AuthenticationFail.OIDCToken."
        for claims, code in (
            ({"audiences": ["kubernetes"]}, expected + "AudienceNotMatch"),
            ({"issuer": rrsa.OTHER_ISSUER}, expected + "IssuerNotMatch"),
            ({"serviceAccount": "default"}, "AuthenticationFail.NoPermission"),
        ):
            file.write_text(rrsa.token(world, **claims))
            world.refused(kind, code, **settings)
        file.write_text("not.a.token")
        world.refused(kind, expected + "Invalid", **settings)
        file.write_text(rrsa.token(world, expiresIn="10m"))
        world.control.clock({"advanceBy": "11m"})
        world.refused(kind, expected + "Expired", **settings)
        world.control.clock("release")


def machine(world):
    """A machine with a role, whose metadata service answers both kinds of client."""
    kind = "ecs_ram_role"
    session = world.ok(kind, role_name="of-machines")
    found = world.ok(kind)
    equal("the same until it is renewed", found, session)
    # Where the service knows no tokens, the client does without, unless it must not.
    trouble(world, TOKEN, 404)
    world.ok(kind)
    world.refused(kind, "404", disable_imds_v1=True)
    world.control.ask("DELETE", "/faults")
    # A machine without a role, and one with another.
    change(world, role=None)
    world.refused(kind, "404")
    change(world, role="of-machines")
    world.refused(kind, "404", role_name="reader")


def hardened(world):
    """Only with a token. Both packages then get one each time before they ask."""
    kind = "ecs_ram_role"
    change(world, httpTokens="required")
    before = len(world.journal("metadata"))
    world.ok(kind, disable_imds_v1=True)
    methods = [entry["method"] for entry in world.journal("metadata")[before:]]
    equal("a token before each", methods, ["PUT", "GET"] * 2)
    # The fall-back does not help here.
    trouble(world, TOKEN, 404)
    world.refused(kind, "403")
    world.control.ask("DELETE", "/faults")
    change(world, httpTokens="optional")


def renewed(world):
    """A session that nears its end is followed by another, which a provider gets when it is asked again."""
    kind = "ecs_ram_role"
    # The machine's first session begins so long ago that it ends in ten minutes of the client's time.
    world.control.clock({"advanceBy": "-350m"})
    world.made += 1
    number = world.made
    old, _ = world.client.obtain(number, {"type": kind, "role_name": "of-machines"})
    world.control.clock("release")
    new, _ = world.obtain(kind, number)
    equal("whether the key is another", new[0] != old[0], True)
    read = {"SecretName": "db/password"}
    world.world.ok("GetSecretValue", read, key=old)
    world.control.clock({"advanceBy": "14m"})
    world.world.refused("GetSecretValue", 400, "InvalidSecurityToken.Expired", read, key=old)
    world.world.ok("GetSecretValue", read, key=new)
    world.control.clock("release")


def change(world, **fields):
    """Makes the machine another: with another role, or other ways to ask."""
    usual = {"instanceId": "i-interop", "account": "1000000000000001", "role": "of-machines"}
    world.control.ask("PUT", "/metadata", usual | fields)


def trouble(world, resource, status):
    error = {"error": {"code": "NotFound", "status": status}}
    world.control.ask("POST", "/faults", {"product": "metadata", "resource": resource, "effect": error})
