"""RAM: users and their keys, roles, policies with their versions, and who has which policy."""

import json

import gateway
from world import HALF_READER, IDLE, LOITERER, equal, fields

USER_NOT_FOUND = (404, "EntityNotExist.User")
ROLE_NOT_FOUND = (404, "EntityNotExist.Role")
POLICY_NOT_FOUND = (404, "EntityNotExist.Policy")


def run(world):
    for part in (users, keys, roles, policies, versions, attachments, rights):
        part(world)
    gateway.run(world, "GetUser", {"UserName": "idle"})


def document(action="kms:GetSecretValue", resource="*", effect="Allow"):
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return json.dumps({"Version": "1", "Statement": [statement]})


def trust(principal="acs:ram::1000000000000001:root"):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [principal]}}
    return json.dumps({"Version": "1", "Statement": [statement]})


def every_page(world, action, many, one, name, **more):
    """The names in all pages of a list, asked for two at a time."""
    found, page = [], {"MaxItems": 2}
    while True:
        answer = world.ok(action, page | more)
        equal("the size of a page", len(answer[many][one]) <= 2, True)
        found += [item[name] for item in answer[many][one]]
        if not answer["IsTruncated"]:
            return found
        page["Marker"] = answer["Marker"]


def users(world):
    bob = {"UserName": "bob"}
    known = {"UserName": "bob", "DisplayName": "Bob", "Comments": "päss wörd+~*/&=%"}
    made = world.ok("CreateUser", known)["User"]
    fields("the user", made, known)
    user = world.ok("GetUser", bob)["User"]
    fields("the user", user, known | {"UserId": made["UserId"], "CreateDate": made["CreateDate"]})
    changed = {"NewUserName": "robert", "NewDisplayName": "Robert", "NewComments": "changed"}
    user = world.ok("UpdateUser", bob | changed)["User"]
    fields("the user", user, {"UserName": "robert", "DisplayName": "Robert", "Comments": "changed"})
    equal("its id", user["UserId"], made["UserId"])
    names = every_page(world, "ListUsers", "Users", "User", "UserName")
    equal("all users", {"alice", "idle", "robert"} <= set(names) and len(names) == len(set(names)), True)

    robert = {"UserName": "robert"}
    world.refused("CreateUser", 409, "EntityAlreadyExists.User", robert)
    world.refused("CreateUser", 400, "InvalidParameter.UserName.InvalidChars", {"UserName": "not a name"})
    world.refused("CreateUser", 400, "MissingUserName", {})
    world.refused("GetUser", *USER_NOT_FOUND, bob)
    world.refused("UpdateUser", *USER_NOT_FOUND, bob | {"NewComments": "x"})
    world.refused("UpdateUser", 409, "EntityAlreadyExists.User", robert | {"NewUserName": "alice"})
    world.refused("DeleteUser", *USER_NOT_FOUND, bob)
    world.refused("ListUsers", 400, "InvalidParameter.Marker", {"Marker": "never given"})


def keys(world):
    robert = {"UserName": "robert"}
    made = world.ok("CreateAccessKey", robert)["AccessKey"]
    key = (made["AccessKeyId"], made["AccessKeySecret"])
    equal("its status", made["Status"], "Active")
    # It works at once, and can do nothing.
    world.denied("GetUser", robert, "ImplicitDeny", "AccountLevelIdentityBasedPolicy", key=key)
    listed = world.ok("ListAccessKeys", robert)["AccessKeys"]["AccessKey"]
    equal("the keys", [(item["AccessKeyId"], item["Status"]) for item in listed], [(key[0], "Active")])
    world.refused("DeleteUser", 409, "DeleteConflict.User.AccessKey", robert)
    this = robert | {"UserAccessKeyId": key[0]}
    world.ok("UpdateAccessKey", this | {"Status": "Inactive"})
    world.refused("GetUser", 400, "InvalidAccessKeyId.Inactive", robert, key=key)
    world.ok("CreateAccessKey", robert)
    world.refused("CreateAccessKey", 409, "LimitExceeded.User.AccessKey", robert)
    world.ok("DeleteAccessKey", this)
    world.refused("GetUser", 404, "InvalidAccessKeyId.NotFound", robert, key=key)

    gone = (404, "EntityNotExist.User.AccessKey")
    world.refused("DeleteAccessKey", *gone, this)
    world.refused("UpdateAccessKey", *gone, this | {"Status": "Active"})
    world.refused("CreateAccessKey", *USER_NOT_FOUND, {"UserName": "absent"})
    world.refused("ListAccessKeys", *USER_NOT_FOUND, {"UserName": "absent"})
    for item in world.ok("ListAccessKeys", robert)["AccessKeys"]["AccessKey"]:
        world.ok("DeleteAccessKey", robert | {"UserAccessKeyId": item["AccessKeyId"]})


def roles(world):
    worker = {"RoleName": "worker"}
    known = {"RoleName": "worker", "Description": "made by a client", "MaxSessionDuration": 7200}
    made = world.ok("CreateRole", known | {"AssumeRolePolicyDocument": trust()})["Role"]
    known["Arn"] = "acs:ram::1000000000000001:role/worker"
    fields("the role", made, known)
    role = world.ok("GetRole", worker)["Role"]
    fields("the role", role, known | {"RoleId": made["RoleId"]})
    equal("its trust", json.loads(role["AssumeRolePolicyDocument"]), json.loads(trust()))
    changed = {"NewDescription": "changed", "NewMaxSessionDuration": 3600}
    changed["NewAssumeRolePolicyDocument"] = trust("acs:ram::1000000000000001:user/robert")
    role = world.ok("UpdateRole", worker | changed)["Role"]
    fields("the role", role, {"Description": "changed", "MaxSessionDuration": 3600, "RoleId": made["RoleId"]})
    names = every_page(world, "ListRoles", "Roles", "Role", "RoleName")
    equal("all roles", {"reader", "worker"} <= set(names) and len(names) == len(set(names)), True)

    new = worker | {"AssumeRolePolicyDocument": trust()}
    other = new | {"RoleName": "other"}
    world.refused("CreateRole", 409, "EntityAlreadyExists.Role", new)
    world.refused("CreateRole", 400, "InvalidParameter.RoleName.InvalidChars", new | {"RoleName": "not a name"})
    world.refused("CreateRole", 400, "InvalidParameter.RoleName.Length", new | {"RoleName": "x" * 65})
    world.refused("CreateRole", 400, "MalformedPolicyDocument", other | {"AssumeRolePolicyDocument": "not a policy"})
    world.refused("CreateRole", 400, "InvalidParameter.MaxSessionDuration", other | {"MaxSessionDuration": 3599})
    world.refused("GetRole", *ROLE_NOT_FOUND, {"RoleName": "absent"})
    world.refused("UpdateRole", *ROLE_NOT_FOUND, {"RoleName": "absent", "NewDescription": "x"})
    world.refused("UpdateRole", 400, "MalformedPolicyDocument", worker | {"NewAssumeRolePolicyDocument": document()})
    world.refused("DeleteRole", *ROLE_NOT_FOUND, {"RoleName": "absent"})
    world.refused("ListRoles", 400, "InvalidParameter.Marker", {"Marker": "never given"})


def policies(world):
    rights, custom = {"PolicyName": "rights"}, {"PolicyType": "Custom"}
    known = {"PolicyName": "rights", "Description": "made by a client"}
    made = world.ok("CreatePolicy", known | {"PolicyDocument": document()})["Policy"]
    known |= custom | {"DefaultVersion": "v1"}
    fields("the policy", made, known)
    answer = world.ok("GetPolicy", rights | custom)
    fields("the policy", answer["Policy"], known | {"AttachmentCount": 0})
    held = answer["DefaultPolicyVersion"]
    fields("its version", held, {"VersionId": "v1", "IsDefaultVersion": True})
    equal("its document", json.loads(held["PolicyDocument"]), json.loads(document()))
    system = world.ok("GetPolicy", {"PolicyName": "AliyunSTSAssumeRoleAccess", "PolicyType": "System"})
    equal("the cloud's own", "sts:AssumeRole" in system["DefaultPolicyVersion"]["PolicyDocument"], True)
    names = every_page(world, "ListPolicies", "Policies", "Policy", "PolicyName", PolicyType="Custom")
    equal("the account's own", {"read-secrets", "rights"} <= set(names), True)
    names = every_page(world, "ListPolicies", "Policies", "Policy", "PolicyName", PolicyType="System")
    equal("the cloud's", {"AdministratorAccess", "AliyunKMSFullAccess"} <= set(names), True)

    other = {"PolicyName": "other", "PolicyDocument": document()}
    world.refused("CreatePolicy", 409, "EntityAlreadyExists.Policy", other | rights)
    world.refused("CreatePolicy", 400, "MalformedPolicyDocument", other | {"PolicyDocument": "not a policy"})
    fragment = json.dumps({"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]})
    world.refused("CreatePolicy", 400, "MalformedPolicyDocument", other | {"PolicyDocument": fragment})
    long = document(resource=[f"acs:kms:*:*:secret/{number}" for number in range(400)])
    world.refused("CreatePolicy", 400, "InvalidParameter.PolicyDocument.Length", other | {"PolicyDocument": long})
    world.refused("GetPolicy", *POLICY_NOT_FOUND, {"PolicyName": "absent"} | custom)
    world.refused("ListPolicies", 400, "InvalidParameter.PolicyType", {"PolicyType": "Other"})


def versions(world):
    rights, custom = {"PolicyName": "rights"}, {"PolicyType": "Custom"}
    changed = rights | {"PolicyDocument": document("kms:ListSecrets")}
    made = world.ok("CreatePolicyVersion", changed | {"SetAsDefault": True})["PolicyVersion"]
    fields("the version", made, {"VersionId": "v2", "IsDefaultVersion": True})
    first = world.ok("GetPolicyVersion", rights | custom | {"VersionId": "v1"})["PolicyVersion"]
    fields("the first", first, {"VersionId": "v1", "IsDefaultVersion": False})
    equal("its document", json.loads(first["PolicyDocument"]), json.loads(document()))
    world.ok("SetDefaultPolicyVersion", rights | {"VersionId": "v1"})
    for _ in range(3):
        world.ok("CreatePolicyVersion", changed)
    world.refused("CreatePolicyVersion", 409, "LimitExceeded.Policy.Version", changed)
    rotated = changed | {"RotateStrategy": "DeleteOldestNonDefaultVersionWhenLimitExceeded"}
    fields("the sixth", world.ok("CreatePolicyVersion", rotated)["PolicyVersion"], {"VersionId": "v6"})
    listed = world.ok("ListPolicyVersions", rights | custom)["PolicyVersions"]["PolicyVersion"]
    found = {item["VersionId"]: item["IsDefaultVersion"] for item in listed}
    equal("the versions", found, {"v1": True, "v3": False, "v4": False, "v5": False, "v6": False})
    world.ok("DeletePolicyVersion", rights | {"VersionId": "v3"})

    gone = (404, "EntityNotExist.Policy.Version")
    absent = {"PolicyName": "absent"}
    world.refused("GetPolicyVersion", *gone, rights | custom | {"VersionId": "v3"})
    world.refused("SetDefaultPolicyVersion", *gone, rights | {"VersionId": "v3"})
    world.refused("DeletePolicyVersion", *gone, rights | {"VersionId": "v3"})
    world.refused("DeletePolicyVersion", 409, "DeleteConflict.Policy.Version.Default", rights | {"VersionId": "v1"})
    world.refused("DeletePolicy", 409, "DeleteConflict.Policy.Version", rights)
    world.refused("CreatePolicyVersion", *POLICY_NOT_FOUND, absent | {"PolicyDocument": document()})
    world.refused("ListPolicyVersions", *POLICY_NOT_FOUND, absent | custom)


def attachments(world):
    rights = {"PolicyName": "rights", "PolicyType": "Custom"}
    system = {"PolicyName": "AliyunKMSFullAccess", "PolicyType": "System"}
    for kind, name in (("User", "robert"), ("Role", "worker")):
        attach, detach, listed = f"AttachPolicyTo{kind}", f"DetachPolicyFrom{kind}", f"ListPoliciesFor{kind}"
        whom = {f"{kind}Name": name}
        world.ok(attach, rights | whom)
        world.ok(attach, system | whom)
        found = world.ok(listed, whom)["Policies"]["Policy"]
        found = sorted((policy["PolicyName"], policy["PolicyType"]) for policy in found)
        equal("the policies", found, [("AliyunKMSFullAccess", "System"), ("rights", "Custom")])
        had = world.ok("ListEntitiesForPolicy", rights)[f"{kind}s"][kind]
        equal("who has it", [entity[f"{kind}Name"] for entity in had], [name])
        world.refused(attach, 409, f"EntityAlreadyExists.{kind}.Policy", rights | whom)
        world.refused(attach, *POLICY_NOT_FOUND, rights | whom | {"PolicyName": "absent"})
        nobody = {f"{kind}Name": "absent"}
        world.refused(attach, 404, f"EntityNotExist.{kind}", rights | nobody)
        world.refused(detach, 404, f"EntityNotExist.{kind}", rights | nobody)
        world.refused(listed, 404, f"EntityNotExist.{kind}", nobody)
        world.refused(f"Delete{kind}", 409, f"DeleteConflict.{kind}.Policy", whom)
        world.ok(detach, system | whom)
        world.refused(detach, 404, f"EntityNotExist.{kind}.Policy", system | whom)
    world.refused("ListEntitiesForPolicy", *POLICY_NOT_FOUND, rights | {"PolicyName": "absent"})
    for version in ("v4", "v5", "v6"):
        world.ok("DeletePolicyVersion", {"PolicyName": "rights", "VersionId": version})
    world.refused("DeletePolicy", 409, "DeleteConflict.Policy.User", {"PolicyName": "rights"})
    world.ok("DetachPolicyFromUser", rights | {"UserName": "robert"})
    world.refused("DeletePolicy", 409, "DeleteConflict.Policy.Role", {"PolicyName": "rights"})
    world.ok("DetachPolicyFromRole", rights | {"RoleName": "worker"})
    world.ok("DeletePolicy", {"PolicyName": "rights"})
    world.refused("DeletePolicy", *POLICY_NOT_FOUND, {"PolicyName": "rights"})
    world.ok("DeleteRole", {"RoleName": "worker"})
    world.ok("DeleteUser", {"UserName": "robert"})


def rights(world):
    """What is made here holds at once: a user's key, the policy it has, and what the policy says next."""
    kms, secret, denied = world.beside("kms"), {"SecretName": "db/password"}, (403, "Forbidden.NoPermission")
    world.ok("CreateUser", {"UserName": "bob"})
    made = world.ok("CreateAccessKey", {"UserName": "bob"})["AccessKey"]
    key = (made["AccessKeyId"], made["AccessKeySecret"])
    kms.refused("GetSecretValue", *denied, secret, key=key)
    world.ok("CreatePolicy", {"PolicyName": "rights", "PolicyDocument": document()})
    attached = {"PolicyName": "rights", "PolicyType": "Custom", "UserName": "bob"}
    world.ok("AttachPolicyToUser", attached)
    kms.ok("GetSecretValue", secret, key=key)
    deny = {"PolicyName": "rights", "PolicyDocument": document(effect="Deny"), "SetAsDefault": True}
    world.ok("CreatePolicyVersion", deny)
    kms.refused("GetSecretValue", *denied, secret, key=key)
    world.ok("SetDefaultPolicyVersion", {"PolicyName": "rights", "VersionId": "v1"})
    kms.ok("GetSecretValue", secret, key=key)
    world.ok("DetachPolicyFromUser", attached)
    kms.refused("GetSecretValue", *denied, secret, key=key)

    identity = "AccountLevelIdentityBasedPolicy"
    world.denied("CreateUser", {"UserName": "eve"}, "ImplicitDeny", identity, key=IDLE)
    world.denied("CreatePolicy", {"PolicyName": "x", "PolicyDocument": document()}, "ImplicitDeny", identity, key=IDLE)
    admin = {"PolicyName": "AdministratorAccess", "PolicyType": "System", "UserName": "idle"}
    world.denied("AttachPolicyToUser", admin, "ImplicitDeny", identity, key=HALF_READER)
    # Names are each account's own.
    world.denied("GetUser", {"UserName": "loiterer"}, "ImplicitDeny", identity, key=LOITERER)
    world.refused("GetUser", *USER_NOT_FOUND, {"UserName": "loiterer"})
    world.throttled("GetUser", 400, "Throttling.User", {"UserName": "idle"})
