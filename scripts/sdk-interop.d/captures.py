"""Requests of official clients as they come over the wire, for the test `captures` of the fake."""

import json
import platform

from clients import Call
from world import HOSTS, ROOT

VALUE = "päss wörd+~*/&=%"


def calls(product):
    """The calls worth keeping: one of everyday, and one with reserved characters and, with most clients, a body."""
    if product == "kms":
        yield "read", "GetSecretValue", {"SecretName": "db/password", "VersionStage": "ACSCurrent"}
        made = {"SecretName": "new/secret", "SecretData": VALUE, "VersionId": "v1", "Description": "a + b ~ c*d/é"}
        yield "create", "CreateSecret", made
    else:
        yield "read", "GetSecretParameter", {"Name": "/prod/db/password", "WithDecryption": True}
        yield "create", "CreateSecretParameter", {"Name": "new/one", "Value": VALUE, "Tags": {"team": "web"}}


def take(clients, control, relay, seed, folder):
    """Writes `<client>-<call>.http` and beside it what the test must know."""
    folder.mkdir(parents=True, exist_ok=True)
    # One client tells everybody which kernel it runs on. Which one recorded this is nobody's concern.
    platform.release = lambda: "6.1.0"
    for client in clients:
        for label, action, parameters in calls(client.product):
            control.begin(seed)
            client.call(Call(action, parameters, HOSTS[client.product], scheme="http", key=ROOT))
            path = folder / f"{client.slug}-{label}"
            path.with_suffix(".http").write_bytes(relay.last)
            facts = {
                "client": client.name,
                "signature": client.signature,
                "accessKeyId": ROOT[0],
                "accessKeySecret": ROOT[1],
                "time": control.ask("GET", "/clock")["now"][:19] + "Z",
            }
            path.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")
