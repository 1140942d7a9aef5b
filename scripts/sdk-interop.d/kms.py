"""KMS: every operation, its success and its refusals."""

import base64
import json

import gateway
import rights
from world import ALICE, STRANGER, equal

NOT_FOUND = (404, "Forbidden.ResourceNotFound")
INVALID = (400, "InvalidParameter")
UNSUPPORTED = (400, "UnsupportedOperation")
EXISTS = (409, "Rejected.ResourceExist")
IN_WINDOW = (409, "Rejected.ResourceInDeleteWindow")
ARN = "acs:kms:cn-hangzhou:1000000000000001:secret/"


def stages(*names):
    return {"VersionStage": list(names)}


def run(world):
    for part in (read, batch, create, put, move_stages, describe, lists, delete, rotate, policies, password):
        part(world)
    crypto(world)
    instances(world)
    rights.of_kms(world)
    gateway.run(world, "GetSecretValue", {"SecretName": "db/password"})


def read(world):
    name = {"SecretName": "db/password"}
    second = {"SecretName": "db/password", "SecretData": "second", "SecretDataType": "text", "SecretType": "Generic"}
    current = second | {"VersionId": "v2", "VersionStages": stages("ACSCurrent")}
    previous = {"SecretData": "first", "VersionId": "v1", "VersionStages": stages("ACSPrevious")}
    world.ok("GetSecretValue", name, current)
    world.ok("GetSecretValue", name, current, key=ALICE)
    world.ok("GetSecretValue", {"SecretName": ARN + "db/password"}, current)
    world.ok("GetSecretValue", name | {"VersionId": "v1"}, previous)
    world.ok("GetSecretValue", name | {"VersionStage": "ACSPrevious"}, previous)
    account = {"SecretName": "db/account", "FetchExtendedConfig": True}
    answer = world.ok("GetSecretValue", account, {"AutomaticRotation": "Enabled", "RotationInterval": "604800s"})
    equal("the account", json.loads(answer["SecretData"]), {"AccountName": "app", "AccountPassword": "first"})

    world.refused("GetSecretValue", *NOT_FOUND, {"SecretName": "absent"})
    world.refused("GetSecretValue", *NOT_FOUND, name | {"VersionId": "v9"})
    world.refused("GetSecretValue", *INVALID, name | {"VersionId": "v1", "VersionStage": "ACSCurrent"})
    world.refused("GetSecretValue", *INVALID, {"SecretName": "not a name"})
    world.refused("GetSecretValue", 400, "MissingSecretName", {})
    world.refused("GetSecretValue", 403, "Forbidden.NoPermission", {"SecretName": ARN + "db/password"}, key=STRANGER)
    world.refused("GetSecretValue", 404, "Forbidden.KeyNotFound", {"SecretName": "key/gone"})
    world.refused("GetSecretValue", 409, "Rejected.Disabled", {"SecretName": "key/disabled"})
    world.refused("GetSecretValue", 400, "DryRunOperationError", name | {"DryRun": "true"})
    world.refused("GetSecretValue", 400, "ValidationError", {"SecretName": "absent", "DryRun": "true"})
    stranger = {"SecretName": ARN + "db/password", "DryRun": "true"}
    world.refused("GetSecretValue", 403, "AccessDeniedError", stranger, key=STRANGER)


def batch(world):
    wanted = [{"SecretName": "db/password", "VersionId": "v1"}, {"SecretName": "absent"}]
    answer = world.ok("BatchGetSecretValue", {"SecretsList": wanted})
    equal("the values", [value["SecretData"] for value in answer["SecretValues"]], ["first"])
    equal("the errors", [(e["SecretName"], e["Code"]) for e in answer["Errors"]], [("absent", NOT_FOUND[1])])
    world.refused("BatchGetSecretValue", *INVALID, {"SecretsList": [{"SecretName": f"s{i}"} for i in range(21)]})
    world.refused("BatchGetSecretValue", *INVALID, {"SecretsList": []})


def create(world):
    new = {"SecretName": "new/secret", "SecretData": "päss wörd+~*/&=%", "VersionId": "v1"}
    more = {
        "Description": "made by a client",
        "EncryptionKeyId": "alias/main",
        "Tags": json.dumps([{"TagKey": "team", "TagValue": "web"}]),
    }
    made = {"Arn": ARN + "new/secret", "SecretName": "new/secret", "SecretType": "Generic", "VersionId": "v1"}
    world.ok("CreateSecret", new | more, made)
    world.ok("GetSecretValue", {"SecretName": "new/secret"}, {"SecretData": new["SecretData"]})
    rds = {
        "SecretType": "Rds",
        "SecretName": "new/account",
        "SecretData": json.dumps({"Accounts": [{"AccountName": "app", "AccountPassword": "p"}]}),
        "ExtendedConfig": {"SecretSubType": "SingleUser", "DBInstanceId": "rm-new"},
        "VersionId": "v1",
        "EnableAutomaticRotation": True,
        "RotationInterval": "7d",
    }
    world.ok("CreateSecret", rds, {"SecretType": "Rds", "AutomaticRotation": "Enabled", "RotationInterval": "604800s"})
    auto = {"SecretType": "RAMCredentials", "SecretName": "$Auto", "VersionId": "v1"}
    auto["SecretData"] = json.dumps({"AccessKeys": [{"AccessKeyId": "LTAI5tNone", "AccessKeySecret": "none"}]})
    auto["ExtendedConfig"] = {"SecretSubType": "RamUserAccessKey", "UserName": "bob"}
    world.ok("CreateSecret", auto, {"SecretType": "RAMCredentials"})
    inside = new | {"SecretName": "in/new", "DKMSInstanceId": "kst-interopopen"}
    world.ok("CreateSecret", inside, {"DKMSInstanceId": "kst-interopopen"})

    other = new | {"SecretName": "other"}
    world.refused("CreateSecret", *EXISTS, new)
    world.refused("CreateSecret", *INVALID, new | {"SecretName": "acs/reserved"})
    world.refused("CreateSecret", *INVALID, other | {"SecretData": "x" * 30721})
    world.refused("CreateSecret", *INVALID, other | {"EnableAutomaticRotation": True})
    world.refused("CreateSecret", *INVALID, other | {"Tags": json.dumps([{"TagKey": "acs:x", "TagValue": "y"}])})
    world.refused("CreateSecret", 400, "MissingSecretData", other | {"SecretData": None})
    world.refused("CreateSecret", 400, "MissingParameter", rds | {"SecretName": "other", "RotationInterval": None})
    world.refused("CreateSecret", *NOT_FOUND, other | {"EncryptionKeyId": "key-absent"})
    for key, code in (("disabled", "Disabled"), ("deleting", "PendingDeletion"), ("importing", "PendingImport")):
        world.refused("CreateSecret", 409, f"Rejected.{code}", other | {"EncryptionKeyId": f"key-{key}"})
    world.refused("CreateSecret", 403, "Forbidden.DKMSInstanceNotFound", other | {"DKMSInstanceId": "kst-absent"})
    broken = other | {"DKMSInstanceId": "kst-interopbroken"}
    world.refused("CreateSecret", 403, "Forbidden.DKMSInstanceStateInvalid", broken)
    world.refused("CreateSecret", *UNSUPPORTED, other | {"Policy": policy()})


def put(world):
    third = {"SecretName": "db/password", "SecretData": "third", "VersionId": "v3"}
    world.ok("PutSecretValue", third, {"VersionId": "v3", "VersionStages": stages("ACSCurrent")})
    # Again the same is no error, something else is.
    world.ok("PutSecretValue", third, {"VersionId": "v3"})
    world.refused("PutSecretValue", *EXISTS, third | {"SecretData": "else"})
    canary = {"SecretData": "Zm91cnRo", "SecretDataType": "binary", "VersionId": "v4"}
    canary |= {"SecretName": "db/password", "VersionStages": json.dumps(["canary"])}
    world.ok("PutSecretValue", canary, {"VersionStages": stages("canary")})
    world.ok("GetSecretValue", {"SecretName": "db/password"}, {"SecretData": "third", "VersionId": "v3"})
    binary = {"SecretData": "Zm91cnRo", "SecretDataType": "binary", "VersionId": "v4"}
    world.ok("GetSecretValue", {"SecretName": "db/password", "VersionStage": "canary"}, binary)

    world.refused("PutSecretValue", *NOT_FOUND, third | {"SecretName": "absent"})
    world.refused("PutSecretValue", *INVALID, third | {"VersionId": "v5", "VersionStages": json.dumps(["ACSPrevious"])})
    world.refused("PutSecretValue", *UNSUPPORTED, third | {"SecretName": "db/account"})
    many = json.dumps([f"stage-{i}" for i in range(9)])
    world.refused("PutSecretValue", 400, "Rejected.LimitExceeded", third | {"VersionId": "v5", "VersionStages": many})


def move_stages(world):
    name = {"SecretName": "db/password"}
    current = name | {"VersionStage": "ACSCurrent"}
    canary = name | {"VersionStage": "canary"}
    world.ok("UpdateSecretVersionStage", canary | {"RemoveFromVersion": "v4", "MoveToVersion": "v2"}, name)
    world.ok("UpdateSecretVersionStage", current | {"RemoveFromVersion": "v3", "MoveToVersion": "v2"}, name)
    world.ok("GetSecretValue", name, {"SecretData": "second"})
    world.ok("GetSecretValue", name | {"VersionStage": "ACSPrevious"}, {"SecretData": "third"})
    world.ok("UpdateSecretVersionStage", canary | {"RemoveFromVersion": "v2"}, name)
    world.refused("GetSecretValue", *NOT_FOUND, canary)

    action = "UpdateSecretVersionStage"
    world.refused(action, *NOT_FOUND, current | {"MoveToVersion": "v9"})
    world.refused(action, 400, "MissingParameter", current)
    world.refused(action, 400, "Rejected.InvalidRequest", current | {"RemoveFromVersion": "v1", "MoveToVersion": "v3"})
    previous = name | {"VersionStage": "ACSPrevious", "RemoveFromVersion": "v3", "MoveToVersion": "v2"}
    world.refused(action, 400, "Rejected.UnsupportedOperation", previous)
    world.refused(action, *UNSUPPORTED, {"SecretName": "db/account", "VersionStage": "x", "MoveToVersion": "v1"})


def describe(world):
    known = {"Arn": ARN + "db/password", "Description": "for the clients", "SecretType": "Generic"}
    tags = {"Tags": {"Tag": [{"TagKey": "team", "TagValue": "web"}]}}
    world.ok("DescribeSecret", {"SecretName": "db/password", "FetchTags": "true"}, known | tags)
    world.ok("DescribeSecret", {"SecretName": "db/account"}, {"SecretType": "Rds", "AutomaticRotation": "Enabled"})
    world.refused("DescribeSecret", *NOT_FOUND, {"SecretName": "absent"})
    world.refused("DescribeSecret", *INVALID, {"SecretName": "db/password", "FetchTags": "perhaps"})

    changed = {"SecretName": "db/password", "Description": "changed"}
    world.ok("UpdateSecret", changed, {"SecretName": "db/password"})
    world.ok("DescribeSecret", {"SecretName": "db/password"}, {"Description": "changed"})
    world.refused("UpdateSecret", *NOT_FOUND, changed | {"SecretName": "absent"})


def lists(world):
    def names(filters, **page):
        answer = world.ok("ListSecrets", {"Filters": json.dumps(filters)} | page)
        return [secret["SecretName"] for secret in answer["SecretList"]["Secret"]], answer["TotalCount"]

    web = [{"Key": "TagKey", "Values": ["team"]}, {"Key": "TagValue", "Values": ["web", "app"]}]
    equal("those of a team", names(web), (["db/password", "new/secret"], 2))
    equal("the second page", names(web, PageNumber=2, PageSize=1), (["new/secret"], 2))
    equal("no page", names(web, PageNumber=3, PageSize=1), ([], 2))
    tagged = world.ok("ListSecrets", {"FetchTags": "true", "PageSize": 100})["SecretList"]["Secret"]
    tags = {"Tag": [{"TagKey": "team", "TagValue": "web"}]}
    equal("tags", [s["Tags"] for s in tagged if s["SecretName"] == "db/password"], [tags])
    world.refused("ListSecrets", *INVALID, {"PageSize": 101})
    world.refused("ListSecrets", *INVALID, {"Filters": "not JSON"})

    def versions(**more):
        answer = world.ok("ListSecretVersionIds", {"SecretName": "db/password"} | more, {"SecretName": "db/password"})
        return [version["VersionId"] for version in answer["VersionIds"]["VersionId"]], answer["TotalCount"]

    equal("versions with a stage", versions(), (["v2", "v3"], 2))
    equal("all versions", versions(IncludeDeprecated="true"), (["v1", "v2", "v3", "v4"], 4))
    equal("a page of them", versions(IncludeDeprecated="true", PageNumber=2, PageSize=3), (["v4"], 4))
    world.refused("ListSecretVersionIds", *NOT_FOUND, {"SecretName": "absent"})


def delete(world):
    name = {"SecretName": "new/secret"}
    value = name | {"SecretData": "x", "VersionId": "v2"}
    world.refused("RestoreSecret", 409, "Rejected.ResourceInUse", name)
    world.refused("RestoreSecret", *NOT_FOUND, {"SecretName": "absent"})
    world.refused("DeleteSecret", *INVALID, name | {"RecoveryWindowInDays": "6"})
    world.refused("DeleteSecret", *NOT_FOUND, {"SecretName": "absent"})
    end = world.ok("DeleteSecret", name | {"RecoveryWindowInDays": "7"}, name)["PlannedDeleteTime"]
    world.ok("DescribeSecret", name, {"PlannedDeleteTime": end})
    world.refused("DeleteSecret", *IN_WINDOW, name)
    world.refused("GetSecretValue", *IN_WINDOW, name)
    world.refused("PutSecretValue", *IN_WINDOW, value)
    world.refused("CreateSecret", *IN_WINDOW, value)
    world.refused("UpdateSecret", *IN_WINDOW, name | {"Description": "x"})
    world.refused("UpdateSecretVersionStage", *IN_WINDOW, name | {"VersionStage": "x", "MoveToVersion": "v1"})
    world.ok("RestoreSecret", name, name)
    world.ok("GetSecretValue", name)
    world.ok("DeleteSecret", name | {"ForceDeleteWithoutRecovery": "true"}, name)
    world.refused("GetSecretValue", *NOT_FOUND, name)


def rotate(world):
    name = {"SecretName": "db/account"}
    world.ok("RotateSecret", name | {"VersionId": "r1"}, {"SecretName": "db/account", "VersionId": "r1"})
    answer = world.ok("GetSecretValue", name)
    equal("the password has changed", json.loads(answer["SecretData"])["AccountPassword"] != "first", True)
    previous = world.ok("GetSecretValue", name | {"VersionStage": "ACSPrevious"})
    equal("the one before", json.loads(previous["SecretData"])["AccountPassword"], "first")
    for _ in range(49):
        world.ok("RotateSecret", name | {"VersionId": "r1"})
    world.refused("RotateSecret", 429, "Rejected.Throttling", name | {"VersionId": "r1"})
    world.refused("RotateSecret", *UNSUPPORTED, {"SecretName": "db/password", "VersionId": "r1"})

    action = "UpdateSecretRotationPolicy"
    world.ok(action, name | {"EnableAutomaticRotation": True, "RotationInterval": "86400s"}, name)
    world.ok("DescribeSecret", name, {"RotationInterval": "86400s"})
    world.ok(action, name | {"EnableAutomaticRotation": False}, name)
    world.ok("DescribeSecret", name, {"AutomaticRotation": "Disabled"})
    world.refused(action, *INVALID, name | {"EnableAutomaticRotation": True, "RotationInterval": "1h"})
    world.refused(action, 400, "MissingParameter", name | {"EnableAutomaticRotation": True})


def policy():
    statement = {
        "Effect": "Allow",
        "Principal": {"RAM": ["acs:ram::1000000000000001:user/alice"]},
        "Action": ["kms:GetSecretValue"],
        "Resource": ["*"],
    }
    return json.dumps({"Version": "1", "Statement": [statement]})


def policies(world):
    name = {"SecretName": "in/open"}
    default = json.loads(world.ok("GetSecretPolicy", name)["Policy"])
    equal("the default policy", default["Statement"][0]["Effect"], "Allow")
    world.ok("SetSecretPolicy", name | {"Policy": policy(), "PolicyName": "default"})
    equal("the policy", json.loads(world.ok("GetSecretPolicy", name)["Policy"]), json.loads(policy()))
    world.refused("SetSecretPolicy", *INVALID, name | {"Policy": "not a policy"})
    world.refused("SetSecretPolicy", *INVALID, name | {"Policy": policy(), "PolicyName": "other"})
    world.refused("SetSecretPolicy", *UNSUPPORTED, {"SecretName": "db/password", "Policy": policy()})
    world.refused("GetSecretPolicy", *UNSUPPORTED, {"SecretName": "db/password"})
    world.refused("GetSecretPolicy", *NOT_FOUND, {"SecretName": "absent"})


def password(world):
    digits = {"ExcludeLowercase": "true", "ExcludeUppercase": "true", "ExcludePunctuation": "true"}
    text = world.ok("GetRandomPassword", digits | {"PasswordLength": "12"})["RandomPassword"]
    equal("twelve digits", (len(text), text.isdigit()), (12, True))
    equal("the usual length", len(world.ok("GetRandomPassword", {})["RandomPassword"]), 32)
    world.refused("GetRandomPassword", *INVALID, {"PasswordLength": "7"})


def crypto(world):
    plain = base64.b64encode(b"attack at dawn").decode()
    context = {"EncryptionContext": {"for": "tests"}}
    key = {"KeyId": "key-main"}
    sealed = world.ok("Encrypt", {"KeyId": "alias/main", "Plaintext": plain} | context, key)["CiphertextBlob"]
    world.ok("Decrypt", {"CiphertextBlob": sealed} | context, key | {"Plaintext": plain})
    world.refused("Decrypt", *INVALID, {"CiphertextBlob": sealed})
    world.refused("Decrypt", *INVALID, {"CiphertextBlob": plain})
    world.refused("Decrypt", 403, "Forbidden.NoPermission", {"CiphertextBlob": sealed} | context, key=STRANGER)
    world.refused("Encrypt", 404, "Forbidden.KeyNotFound", {"KeyId": "key-absent", "Plaintext": plain})
    world.refused("Encrypt", 404, "Forbidden.AliasNotFound", {"KeyId": "alias/absent", "Plaintext": plain})
    for name, code in (("disabled", "Disabled"), ("deleting", "PendingDeletion"), ("importing", "PendingImport")):
        world.refused("Encrypt", 409, f"Rejected.{code}", {"KeyId": f"key-{name}", "Plaintext": plain})
    world.refused("Encrypt", *INVALID, key | {"Plaintext": "not Base64"})
    world.refused("Encrypt", *UNSUPPORTED, {"KeyId": "key-closed", "Plaintext": plain})

    for action in ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"):
        made = world.ok(action, key | {"KeySpec": "AES_128"} | context, key)
        opened = world.ok("Decrypt", {"CiphertextBlob": made["CiphertextBlob"]} | context)["Plaintext"]
        equal("its length", len(base64.b64decode(opened)), 16)
        if action == "GenerateDataKey":
            equal("its plaintext", made["Plaintext"], opened)
        world.refused(action, 404, "Forbidden.KeyNotFound", {"KeyId": "key-absent"})
        world.refused(action, *INVALID, key | {"KeySpec": "AES_1"})


def instances(world):
    """What is in an instance, through the shared gateway and through the instance's own, whose authority is its own."""
    gate = "kst-interopclosed.cryptoservice.kms.aliyuncs.com"
    world.ok("GetSecretValue", {"SecretName": "in/open"}, {"SecretData": "first"})
    world.refused("GetSecretValue", *UNSUPPORTED, {"SecretName": "in/closed"})
    world.refused("GetSecretValue", 403, "Forbidden.DKMSInstanceStateInvalid", {"SecretName": "in/broken"})
    world.ok("GetSecretValue", {"SecretName": "in/closed"}, {"SecretData": "first"}, host=gate)
    world.refused("GetSecretValue", *NOT_FOUND, {"SecretName": "db/password"}, host=gate)
    by_stranger = {"host": gate, "key": STRANGER}
    world.refused("GetSecretValue", 403, "Forbidden.DKMSInstanceNotFound", {"SecretName": "in/closed"}, **by_stranger)
    plain = base64.b64encode(b"inside").decode()
    sealed = world.ok("Encrypt", {"KeyId": "key-closed", "Plaintext": plain}, host=gate)["CiphertextBlob"]
    world.ok("Decrypt", {"CiphertextBlob": sealed}, {"Plaintext": plain}, host=gate)
    world.refused("Decrypt", *UNSUPPORTED, {"CiphertextBlob": sealed})
    world.refused("DescribeSecret", *UNSUPPORTED, {"SecretName": "in/closed"}, host=gate)
