"""OOS parameters: every operation on secret and on plain ones, its success and its refusals."""

import json

import gateway
import rights
from world import ALICE, STRANGER, equal

NOT_FOUND = (404, "EntityNotExists.Parameter")
INVALID = (400, "InvalidParameter")


class Family:
    """Secret or plain parameters, whose operations differ in their names and in who must ask for values."""

    def __init__(self, word, kind, password, constrained):
        self.word, self.kind, self.password, self.constrained = word, kind, password, constrained
        self.decrypted = {"WithDecryption": True} if word else {}

    def action(self, verb, ending=""):
        return f"{verb}{self.word}Parameter{ending}"


SECRET = Family("Secret", "Secret", "/prod/db/password", "/prod/cache")
PLAIN = Family("", "String", "/prod/db/host", "/prod/ports")


def run(world):
    for family in (SECRET, PLAIN):
        for part in (read, write, several, by_path, lists):
            part(world, family)
    rights.of_oos(world, (SECRET, PLAIN))
    gateway.run(world, "GetSecretParameter", {"Name": "/prod/db/password"})
    # Of the two products this one takes calls in the clear.
    world.ok("GetParameter", {"Name": "/prod/db/host"}, scheme="http")


def names(answer):
    return [parameter["Name"] for parameter in answer["Parameters"]]


def read(world, family):
    action, name = family.action("Get"), {"Name": family.password}
    parameter = world.ok(action, name | family.decrypted)["Parameter"]
    known = {"Name": family.password, "Value": "second", "ParameterVersion": 2, "Type": family.kind}
    known |= {"ShareType": "Private", "Tags": {"team": "web"}, "CreatedBy": "root(1000000000000001)"}
    equal("the parameter", {field: parameter.get(field) for field in known}, known)
    equal("its id", parameter["Id"].startswith("p-"), True)
    parameter = world.ok(action, name | family.decrypted | {"ParameterVersion": 1}, key=ALICE)["Parameter"]
    equal("the first version", parameter["Value"], "first")
    if family is SECRET:
        equal("a value nobody asked for", world.ok(action, name)["Parameter"].get("Value"), None)

    world.refused(action, *NOT_FOUND, {"Name": "absent"})
    world.refused(action, *NOT_FOUND, name | {"ParameterVersion": 3})
    world.refused(action, *NOT_FOUND, name, key=STRANGER)
    world.refused(action, *INVALID, name | {"ParameterVersion": 101})
    world.refused(action, *INVALID, {"Name": "not a name"})
    world.refused(action, 400, "MissingName", {})


def write(world, family):
    create, update, delete = family.action("Create"), family.action("Update"), family.action("Delete")
    new = {"Name": "new/one", "Value": "päss wörd+~*/&=%", "Type": family.kind}
    more = {
        "Description": "made by a client",
        "Tags": {"team": "app"},
        "Constraints": json.dumps({"MinLength": 3, "MaxLength": 20}),
        "ClientToken": f"token-{family.kind}",
    }
    parameter = world.ok(create, new | more)["Parameter"]
    equal("the parameter", (parameter["ParameterVersion"], parameter["Tags"]), (1, {"team": "app"}))
    equal("the same again", world.ok(create, new | more)["Parameter"]["Id"], parameter["Id"])
    read_back = world.ok(family.action("Get"), {"Name": "new/one"} | family.decrypted)["Parameter"]
    equal("the value", read_back["Value"], new["Value"])
    world.refused(create, 400, "IdempotentParameterMismatch", new | more | {"Description": "another"})
    world.refused(create, 409, "EntityAlreadyExists.Parameter", new)
    world.refused(create, *INVALID, new | {"Name": "ALIYUN-x"})
    world.refused(create, *INVALID, new | {"Name": "other", "Type": "Number"})
    world.refused(create, *INVALID, new | {"Name": "other", "Value": "x" * 4097})
    world.refused(create, 400, "MissingValue", new | {"Value": None})

    change = {"Name": "new/one", "Value": "changed", "Description": "changed"}
    equal("the version", world.ok(update, change)["Parameter"]["ParameterVersion"], 2)
    world.refused(update, *NOT_FOUND, change | {"Name": "absent"})
    world.refused(update, *INVALID, change | {"Value": "xy"})
    for version in range(3, 101):
        world.ok(update, change)
    world.refused(update, 400, "LimitExceeded.ParameterVersion", change)

    versions = family.action("List", "Versions")
    answer = world.ok(versions, {"Name": "new/one", "MaxResults": 60} | family.decrypted, {"TotalCount": 100})
    numbers = [version["ParameterVersion"] for version in answer["ParameterVersions"]]
    equal("the latest versions", numbers, list(range(100, 40, -1)))
    rest = {"Name": "new/one", "MaxResults": 60, "NextToken": answer["NextToken"]} | family.decrypted
    answer = world.ok(versions, rest)
    equal("the first value", answer["ParameterVersions"][-1]["Value"], new["Value"])
    world.refused(versions, *NOT_FOUND, {"Name": "absent"})
    world.refused(versions, *INVALID, {"Name": "new/one", "MaxResults": 101})

    world.ok(delete, {"Name": "new/one"})
    world.refused(delete, *NOT_FOUND, {"Name": "new/one"})


def several(world, family):
    action = family.action("Get", "s")
    wanted = [family.password, "absent", family.constrained]
    answer = world.ok(action, {"Names": json.dumps(wanted)} | family.decrypted, {"InvalidParameters": ["absent"]})
    equal("those found", names(answer), [family.password, family.constrained])
    equal("their first value", answer["Parameters"][0]["Value"], "second")
    world.refused(action, *INVALID, {"Names": json.dumps([f"n{i}" for i in range(11)])})
    world.refused(action, 400, "MissingNames", {})


def by_path(world, family):
    action = family.action("Get", "sByPath")
    path = {"Path": "/prod"} | family.decrypted
    equal("direct children", names(world.ok(action, path)), [family.constrained])
    everything = sorted([family.password, family.constrained])
    answer = world.ok(action, path | {"Recursive": True, "MaxResults": 1}, {"TotalCount": 2, "MaxResults": 1})
    equal("the first page", names(answer), everything[:1])
    answer = world.ok(action, path | {"Recursive": True, "MaxResults": 1, "NextToken": answer["NextToken"]})
    equal("the second page", (names(answer), answer.get("NextToken")), (everything[1:], None))
    world.refused(action, *INVALID, path | {"MaxResults": 11})
    world.refused(action, 400, "MissingPath", {})


def lists(world, family):
    action = family.action("List", "s")
    in_order = {"SortField": "Name", "SortOrder": "Ascending"}
    everything = sorted([family.password, family.constrained])
    answer = world.ok(action, in_order)
    equal("all", names(answer), everything)
    equal("values", [parameter.get("Value") for parameter in answer["Parameters"]], [None, None])
    equal("part of a name", names(world.ok(action, {"Name": "db"})), [family.password])
    equal("by tag", names(world.ok(action, {"Tags": {"team": "web"}})), [family.password])
    equal("by path", names(world.ok(action, in_order | {"Path": "/prod", "Recursive": True})), everything)
    world.refused(action, *INVALID, {"SortField": "Value"})
    world.refused(action, *INVALID, {"MaxResults": 9})
    world.refused(action, *INVALID, {"NextToken": "never given"})
