"""Requests of official clients as they come over the wire, for the test `captures` of the fake."""

import json
import platform

import ram
from clients import Call
from world import ALICE, HOSTS

ROLE = "acs:ram::1000000000000001:role/reader"
VALUE = "päss wörd+~*/&=%"


def calls(product):
    """The calls worth keeping: of everyday, and with reserved characters and, with most clients, a body."""
    if product == "kms":
        yield "read", "GetSecretValue", {"SecretName": "db/password", "VersionStage": "ACSCurrent"}
        made = {"SecretName": "new/secret", "SecretData": VALUE, "VersionId": "v1", "Description": "a + b ~ c*d/é"}
        yield "create", "CreateSecret", made
    elif product == "oos":
        yield "read", "GetSecretParameter", {"Name": "/prod/db/password", "WithDecryption": True}
        yield "create", "CreateSecretParameter", {"Name": "new/one", "Value": VALUE, "Tags": {"team": "web"}}
    elif product == "sts":
        yield "assume", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "interop", "Policy": ram.document()}
    elif product == "ram":
        made = {"PolicyName": "made", "PolicyDocument": ram.document("kms:Get*"), "Description": VALUE}
        yield "create", "CreatePolicy", made
    else:
        made = {"OIDCProviderName": "made", "IssuerUrl": "https://issuer.example.com/a~b", "ClientIds": "a,b"}
        yield "create", "CreateOIDCProvider", made | {"Description": VALUE}


def take(clients, control, relay, seed, folder):
    """Writes `<client>-<call>.http` and beside it what the test must know."""
    folder.mkdir(parents=True, exist_ok=True)
    # One client tells everybody which kernel it runs on. Which one recorded this is nobody's concern.
    platform.release = lambda: "6.1.0"
    for client in clients:
        for label, action, parameters in calls(client.product):
            control.begin(seed)
            client.call(Call(action, parameters, HOSTS[client.product], scheme="http", key=ALICE))
            path = folder / f"{client.slug}-{label}"
            path.with_suffix(".http").write_bytes(relay.last)
            facts = {
                "client": client.name,
                "signature": client.signature,
                "accessKeyId": ALICE[0],
                "accessKeySecret": ALICE[1],
                "time": control.ask("GET", "/clock")["now"][:19] + "Z",
            }
            path.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")
