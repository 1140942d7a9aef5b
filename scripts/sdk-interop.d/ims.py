"""IMS: OIDC providers, whose tokens STS takes."""

import gateway
import rrsa
from world import IDLE, equal, fields

NAME = "ack-rrsa-c0interop"
NOT_FOUND = (404, "EntityNotExist.OIDCProvider")
THUMB, OTHER_THUMB = "902ef2deeb3c5b13ea4c3d5193629309e231ae55", "0123456789abcdef0123456789abcdef01234567"


def run(world):
    for part in (life, client_ids, fingerprints, holds):
        part(world)
    gateway.run(world, "GetOIDCProvider", {"OIDCProviderName": NAME})


def provider(name="web", **more):
    usual = {"OIDCProviderName": name, "IssuerUrl": "https://issuer.example.com/web", "ClientIds": "app,other"}
    return usual | {"Fingerprints": THUMB} | more


def named(name="web", **more):
    return {"OIDCProviderName": name} | more


def life(world):
    made = world.ok("CreateOIDCProvider", provider(Description="päss wörd+~*/&=%"))["OIDCProvider"]
    known = {
        "OIDCProviderName": "web",
        "Arn": "acs:ram::1000000000000001:oidc-provider/web",
        "IssuerUrl": "https://issuer.example.com/web",
        "ClientIds": "app,other",
        "Fingerprints": THUMB,
        "IssuanceLimitTime": 12,
        "Description": "päss wörd+~*/&=%",
    }
    fields("the provider", made, known)
    fields("the provider", world.ok("GetOIDCProvider", named())["OIDCProvider"], known)
    change = named(NewDescription="changed", IssuanceLimitTime=24, ClientIds="app")
    fields("the provider", world.ok("UpdateOIDCProvider", change)["OIDCProvider"], {"ClientIds": "app"})
    changed = {"Description": "changed", "IssuanceLimitTime": 24, "ClientIds": "app"}
    fields("the provider", world.ok("GetOIDCProvider", named())["OIDCProvider"], changed)
    found, page = [], {"MaxItems": 1}
    while True:
        answer = world.ok("ListOIDCProviders", page)
        found += [item["OIDCProviderName"] for item in answer["OIDCProviders"]["OIDCProvider"]]
        if not answer["IsTruncated"]:
            break
        page["Marker"] = answer["Marker"]
    equal("all providers", sorted(found), [NAME, "ack-rrsa-c1interop", "nowhere", "thumbs", "web"])

    other = provider("other", IssuerUrl="https://issuer.example.com/other")
    create = "CreateOIDCProvider"
    world.refused(create, 409, "EntityAlreadyExists.OIDCProvider", provider(IssuerUrl=other["IssuerUrl"]))
    world.refused(create, 409, "EntityAlreadyExists.OIDCProvider.Url", provider("other"))
    for url in ("http://issuer.example.com", "https://issuer.example.com?x", "https://a@issuer.example.com"):
        world.refused(create, 400, "InvalidParameter.IssuerUrl", other | {"IssuerUrl": url})
    odd = other | {"OIDCProviderName": "not a name"}
    world.refused(create, 400, "InvalidParameter.OIDCProviderName.InvalidChars", odd)
    world.refused(create, 400, "InvalidParameter.IssuanceLimitTime", other | {"IssuanceLimitTime": 169})
    world.refused(create, 400, "InvalidParameter.Fingerprints", other | {"Fingerprints": "not one"})
    many = ",".join(f"app-{number}" for number in range(51))
    world.refused(create, 409, "LimitExceeded.OIDCProvider.ClientId", other | {"ClientIds": many})
    world.refused("GetOIDCProvider", *NOT_FOUND, named("absent"))
    world.refused("UpdateOIDCProvider", *NOT_FOUND, named("absent", NewDescription="x"))
    world.refused("UpdateOIDCProvider", 400, "InvalidParameter.IssuanceLimitTime", named(IssuanceLimitTime=0))
    world.refused("DeleteOIDCProvider", *NOT_FOUND, named("absent"))
    world.refused("ListOIDCProviders", 400, "InvalidParameter.Marker", {"Marker": "never given"})
    identity = ("ImplicitDeny", "AccountLevelIdentityBasedPolicy")
    world.denied(create, other, *identity, key=IDLE)
    world.denied("GetOIDCProvider", named(), *identity, key=IDLE)


def client_ids(world):
    add, remove = "AddClientIdToOIDCProvider", "RemoveClientIdFromOIDCProvider"
    fields("the provider", world.ok(add, named(ClientId="third"))["OIDCProvider"], {"ClientIds": "app,third"})
    fields("the provider", world.ok(remove, named(ClientId="app"))["OIDCProvider"], {"ClientIds": "third"})
    for action in (add, remove):
        world.refused(action, *NOT_FOUND, named("absent", ClientId="x"))
        world.refused(action, 400, "MissingClientId", named())


def fingerprints(world):
    add, remove = "AddFingerprintToOIDCProvider", "RemoveFingerprintFromOIDCProvider"
    answer = world.ok(add, named(Fingerprint=OTHER_THUMB))["OIDCProvider"]
    equal("the fingerprints", set(answer["Fingerprints"].split(",")), {THUMB, OTHER_THUMB})
    fields("the provider", world.ok(remove, named(Fingerprint=THUMB))["OIDCProvider"], {"Fingerprints": OTHER_THUMB})
    for action in (add, remove):
        world.refused(action, *NOT_FOUND, named("absent", Fingerprint=THUMB))
        world.refused(action, 400, "MissingFingerprint", named())
    world.ok("DeleteOIDCProvider", named())
    world.refused("GetOIDCProvider", *NOT_FOUND, named())


def holds(world):
    """What is said here holds at once for tokens."""
    sts = world.beside("sts")
    web = rrsa.asked(rrsa.token(world, audiences=["mobile.example.com"]), role="of-mobiles")
    refusal = rrsa.refusal("AudienceNotMatch")
    sts.refused(rrsa.ACTION, *refusal, web)
    world.ok("AddClientIdToOIDCProvider", named(NAME, ClientId="mobile.example.com"))
    sts.ok(rrsa.ACTION, web)
    world.ok("RemoveClientIdFromOIDCProvider", named(NAME, ClientId="mobile.example.com"))
    sts.refused(rrsa.ACTION, *refusal, web)
    world.throttled("GetOIDCProvider", 400, "Throttling.User", named(NAME))
