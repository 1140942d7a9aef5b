"""STS: roles that users and other roles assume, who calls, and the worked example of pods."""

import json
import re

import gateway
import rrsa
from world import ALICE, ASSUMER, BARRED, IDLE, LOITERER, PARTNER, ROOT, STRANGER, equal, fields

ROLE = "acs:ram::1000000000000001:role/"
DENIED = (403, "NoPermission")
NOT_FOUND = (404, "EntityNotExist.Role")


def role(name, session="interop", **more):
    return {"RoleArn": ROLE + name, "RoleSessionName": session} | more


def run(world):
    for part in (assume, trust, limits, narrow, identity, rrsa.run):
        part(world)
    gateway.run(world, "GetCallerIdentity", {})


def assume(world):
    action = "AssumeRole"
    world.control.clock({"freezeAt": world.control.ask("GET", "/clock")["now"]})
    answer = world.ok(action, role("reader", DurationSeconds=7200), key=ASSUMER)
    fields("the role", answer["AssumedRoleUser"], {"Arn": ROLE + "reader/interop"})
    equal("its id", bool(re.fullmatch(r"\d{18}:interop", answer["AssumedRoleUser"]["AssumedRoleId"])), True)
    key = answer["Credentials"]
    equal("the key", (key["AccessKeyId"][:4], key["SecurityToken"][:4]), ("STS.", "CAIS"))
    world.control.clock({"advanceBy": "2h"})
    equal("its end", key["Expiration"], world.control.ask("GET", "/clock")["now"][:19] + "Z")
    world.control.clock("release")

    # Roles assume roles, if their own policies allow it.
    chained = gateway.key_of(world.ok(action, role("everything"), key=ASSUMER))
    world.ok(action, role("reader"), key=chained)
    chained = gateway.key_of(world.ok(action, role("reader"), key=ASSUMER))
    world.denied(action, role("everything"), "ImplicitDeny", "AccountLevelIdentityBasedPolicy", key=chained)

    world.throttled(action, 400, "Throttling.User", role("reader"), key=ASSUMER)


def trust(world):
    """The caller's policies must allow it, and the role's trust policy must let the caller in."""
    action = "AssumeRole"
    identity, trusted = "AccountLevelIdentityBasedPolicy", "AssumeRolePolicy"
    error = world.refused(action, *DENIED, role("reader"), key=ROOT)
    equal("the reason", "Roles may not be assumed by root accounts." in error.message, True)
    world.denied(action, role("reader"), "ImplicitDeny", identity, key=IDLE)
    world.denied(action, role("reader"), "ExplicitDeny", identity, key=BARRED)
    world.denied(action, role("of-pods"), "ImplicitDeny", trusted, key=ASSUMER)
    world.denied(action, role("never"), "ExplicitDeny", trusted, key=ASSUMER)

    # From another account: both sides.
    world.ok(action, role("for-partners"), key=PARTNER)
    world.denied(action, role("for-partners"), "ImplicitDeny", identity, key=LOITERER)
    world.denied(action, role("reader"), "ImplicitDeny", trusted, key=PARTNER)
    world.refused(action, *DENIED, role("for-partners"), key=STRANGER)

    named = role("by-external-id", ExternalId="our-contract")
    world.ok(action, named, key=ASSUMER)
    world.denied(action, named | {"ExternalId": "another"}, "ImplicitDeny", trusted, key=ASSUMER)
    world.denied(action, role("by-external-id"), "ImplicitDeny", trusted, key=ASSUMER)


def limits(world):
    action = "AssumeRole"

    def refused(status, code, asked):
        world.refused(action, status, code, asked, key=ASSUMER)

    refused(*NOT_FOUND, role("absent"))
    refused(400, "InvalidParameter.RoleArn", {"RoleArn": "role/reader", "RoleSessionName": "interop"})
    for session in ("x", "not a name", "x" * 65):
        refused(400, "InvalidParameter.RoleSessionName", role("reader", session))
    for seconds in (899, 7201):
        refused(400, "InvalidParameter.DurationSeconds", role("reader", DurationSeconds=seconds))
    refused(400, "InvalidParameter.DurationSeconds", role("everything", DurationSeconds=3601))
    refused(400, "InvalidParameter.PolicyGrammar", role("reader", Policy="not a policy"))
    refused(400, "InvalidParameter.PolicySize", role("reader", Policy=" " * 2049))
    refused(400, "MissingRoleArn", {"RoleSessionName": "interop"})
    refused(400, "MissingRoleSessionName", {"RoleArn": ROLE + "reader"})


def narrow(world):
    """A session's policy takes away and never gives."""
    kms = world.beside("kms")
    statement = {
        "Effect": "Allow",
        "Action": ["kms:GetSecretValue", "kms:PutSecretValue"],
        "Resource": "acs:kms:*:*:secret/db/password",
    }
    policy = json.dumps({"Version": "1", "Statement": [statement]})
    key = gateway.key_of(world.ok("AssumeRole", role("reader", Policy=policy), key=ASSUMER))
    kms.ok("GetSecretValue", {"SecretName": "db/password"}, {"SecretData": "second"}, key=key)
    kms.refused("GetSecretValue", 403, "Forbidden.NoPermission", {"SecretName": "db/account"}, key=key)
    put = {"SecretName": "db/password", "SecretData": "x", "VersionId": "v9"}
    kms.refused("PutSecretValue", 403, "Forbidden.NoPermission", put, key=key)


def identity(world):
    action, account = "GetCallerIdentity", {"AccountId": "1000000000000001"}
    arn = "acs:ram::1000000000000001:"
    world.ok(action, {}, account | {"IdentityType": "Account", "Arn": arn + "root"})
    answer = world.ok(action, {}, account | {"IdentityType": "RAMUser", "Arn": arn + "user/alice"}, key=ALICE)
    equal("the user's id", bool(re.fullmatch(r"\d{18}", answer["UserId"])), True)
    # Nobody needs a right to ask who they are.
    world.ok(action, {}, {"Arn": arn + "user/idle"}, key=IDLE)
    assumed = world.ok("AssumeRole", role("reader"), key=ASSUMER)
    of_role = {"IdentityType": "AssumedRoleUser", "Arn": arn + "assumed-role/reader/interop"}
    of_role["PrincipalId"] = assumed["AssumedRoleUser"]["AssumedRoleId"]
    answer = world.ok(action, {}, account | of_role, key=gateway.key_of(assumed))
    equal("the role's id", answer["RoleId"], of_role["PrincipalId"].split(":")[0])
