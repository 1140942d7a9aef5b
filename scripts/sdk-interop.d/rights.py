"""KMS and OOS under policy: who is let in, by whose policy, and who is not."""

import base64
import json

from world import (
    GUARDED,
    HALF_OPERATOR,
    HALF_READER,
    IDLE,
    LOITERER,
    OPERATOR,
    PARTNER,
    READER,
    ROOT,
    TEAM,
    equal,
)

DENIED = (403, "Forbidden.NoPermission")
OOS_DENIED = (403, "NoPermission")
ARN = "acs:kms:cn-hangzhou:1000000000000001:secret/"
FIRST = {"SecretData": "first"}
SECOND = {"SecretData": "second"}


def named(name, **more):
    return {"SecretName": name} | more


def of_kms(world):
    for part in (nothing_else, key_of_a_customer, explicit_denial, by_tag, other_account, hints, quota):
        part(world)


def nothing_else(world):
    """The policy that the product page prints allows one operation on secrets, and a user without any has none."""
    world.ok("GetSecretValue", named("db/password"), SECOND, key=READER)
    world.refused("GetSecretValue", *DENIED, named("db/password"), key=IDLE)
    data = {"SecretData": "x", "VersionId": "v9"}
    stage = {"VersionStage": "ACSCurrent", "MoveToVersion": "v1"}
    denial = json.dumps({"Version": "1", "Statement": []})
    others = {
        "CreateSecret": named("new/one", **data),
        "PutSecretValue": named("db/password", **data),
        "UpdateSecretVersionStage": named("db/password", **stage),
        "DescribeSecret": named("db/password"),
        "UpdateSecret": named("db/password", Description="x"),
        "ListSecrets": {},
        "ListSecretVersionIds": named("db/password"),
        "DeleteSecret": named("db/password"),
        "RestoreSecret": named("db/password"),
        "RotateSecret": named("db/account", VersionId="r9"),
        "UpdateSecretRotationPolicy": named("db/account", EnableAutomaticRotation=False),
        "GetSecretPolicy": named("in/open"),
        "SetSecretPolicy": named("in/open", Policy=denial),
        "GetRandomPassword": {},
        "Encrypt": {"KeyId": "key-main", "Plaintext": base64.b64encode(b"x").decode()},
        "GenerateDataKey": {"KeyId": "key-main"},
        "GenerateDataKeyWithoutPlaintext": {"KeyId": "key-main"},
    }
    for action, parameters in others.items():
        for key in (READER, IDLE):
            world.refused(action, *DENIED, parameters, key=key)
    several = {"SecretsList": [named("db/password"), named("db/account")]}
    errors = world.ok("BatchGetSecretValue", several, key=IDLE)["Errors"]
    equal("each is refused", [error["Code"] for error in errors], [DENIED[1]] * 2)


def key_of_a_customer(world):
    """What a customer's own key encrypts is for those who may use the key."""
    plain = base64.b64encode(b"x").decode()
    sealed = world.ok("Encrypt", {"KeyId": "key-main", "Plaintext": plain})["CiphertextBlob"]
    world.ok("GetSecretValue", named("db/password"), SECOND, key=HALF_READER)
    world.refused("GetSecretValue", *DENIED, named("key/main"), key=HALF_READER)
    world.refused("Decrypt", *DENIED, {"CiphertextBlob": sealed}, key=HALF_READER)
    world.ok("GetSecretValue", named("key/main"), FIRST, key=READER)
    world.ok("Decrypt", {"CiphertextBlob": sealed}, {"Plaintext": plain}, key=READER)


def explicit_denial(world):
    """One denial outweighs every right."""
    world.ok("GetSecretValue", named("db/account"), key=GUARDED)
    world.ok("DescribeSecret", named("db/password"), key=GUARDED)
    world.refused("GetSecretValue", *DENIED, named("db/password"), key=GUARDED)


def by_tag(world):
    """A condition on the secret's tags."""
    world.ok("GetSecretValue", named("db/password"), SECOND, key=TEAM)
    world.refused("GetSecretValue", *DENIED, named("db/account"), key=TEAM)


def other_account(world):
    """What is another account's takes both sides: the secret's policy, and the caller's own."""
    theirs = named(ARN + "in/open")
    world.refused("GetSecretValue", *DENIED, theirs, key=PARTNER)
    allow(world, "Allow", "acs:ram::1000000000000002:user/partner", "acs:ram::1000000000000002:user/loiterer")
    world.ok("GetSecretValue", theirs, FIRST, key=PARTNER)
    world.refused("GetSecretValue", *DENIED, theirs, key=LOITERER)
    world.refused("DescribeSecret", *DENIED, theirs, key=PARTNER)
    # A policy that names a user of the own account is a grant, and a denial holds for whom it names.
    allow(world, "Allow", "acs:ram::1000000000000001:user/idle")
    world.ok("GetSecretValue", named("in/open"), FIRST, key=IDLE)
    world.refused("GetSecretValue", *DENIED, theirs, key=PARTNER)
    allow(world, "Deny", "acs:ram::1000000000000001:user/reader")
    world.refused("GetSecretValue", *DENIED, named("in/open"), key=READER)


def allow(world, effect, *principals):
    statement = {
        "Effect": effect,
        "Principal": {"RAM": list(principals)},
        "Action": ["kms:GetSecretValue"],
        "Resource": ["*"],
    }
    policy = json.dumps({"Version": "1", "Statement": [statement]})
    world.ok("SetSecretPolicy", named("in/open", Policy=policy), key=ROOT)


def hints(world):
    world.throttled("GetSecretValue", 429, "Rejected.Throttling", named("db/password"))


def quota(world):
    """A planned quota is the caller's account's own, and the next second is another."""
    world.control.clock({"freezeAt": world.control.ask("GET", "/clock")["now"]})
    world.plan("GetSecretValue", {"quota": {"requests": 2}})
    for key in (ROOT, READER):
        world.ok("GetSecretValue", named("db/password"), key=key)
    world.refused("GetSecretValue", 429, "Rejected.Throttling", named("db/password"))
    world.refused("GetSecretValue", *DENIED, named(ARN + "db/password"), key=PARTNER)
    world.control.clock({"advanceBy": "1s"})
    world.ok("GetSecretValue", named("db/password"))
    world.control.ask("DELETE", "/faults")
    world.control.clock("release")


def of_oos(world, families):
    decrypted = {"WithDecryption": True}
    secret, plain = {"Name": "/prod/db/password"}, {"Name": "/prod/db/host"}
    world.ok("GetSecretParameter", secret | decrypted, key=OPERATOR)
    world.ok("GetParameter", plain, key=OPERATOR)
    # Whoever decrypts asks KMS too.
    world.ok("GetSecretParameter", secret, key=HALF_OPERATOR)
    world.refused("GetSecretParameter", *OOS_DENIED, secret | decrypted, key=HALF_OPERATOR)
    for family in families:
        one = {"Name": family.password}
        value = one | {"Value": "x"}
        others = {
            family.action("Create"): value | {"Name": "new/two", "Type": family.kind},
            family.action("Update"): value,
            family.action("Delete"): one,
            family.action("Get", "s"): {"Names": json.dumps([family.password])},
            family.action("Get", "sByPath"): {"Path": "/prod"},
            family.action("List", "s"): {},
            family.action("List", "Versions"): one,
        }
        for action, parameters in others.items():
            for key in (OPERATOR, IDLE):
                world.refused(action, *OOS_DENIED, parameters, key=key)
        world.refused(family.action("Get"), *OOS_DENIED, one, key=IDLE)
    world.throttled("GetParameter", 400, "Throttling.User", plain)
