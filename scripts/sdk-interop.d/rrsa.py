"""The worked example: a pod's token becomes a session of the plug-in's role, and the session reads a secret.

The role and its rights are in the seed as the plug-in's product page has them made under "Grant permissions using
RRSA", with the default namespace and service account. Each thing that the trust policy asks for is then spoilt once.
"""

import gateway
from world import fields

ACTION = "AssumeRoleWithOIDC"
ISSUER = "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c0interop"
OTHER_ISSUER = "https://oidc-ack-cn-beijing.oss-cn-beijing.aliyuncs.com/c1interop"
NOWHERE, THUMBS = "https://issuer.example.com/nowhere", "https://issuer.example.com/thumbs"
NAMESPACE, ACCOUNT = "kube-system", "csi-secrets-store-provider-alibabacloud"
SUBJECT = f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}"
ROLE = "acs:ram::1000000000000001:role/"
PROVIDER = "acs:ram::1000000000000001:oidc-provider/"
NO_PERMISSION = (401, "AuthenticationFail.NoPermission")


def refusal(reason):
    return 401, f"AuthenticationFail.OIDCToken.{reason}"


def token(world, **claims):
    """What the cluster puts into a pod, but for these."""
    usual = {"issuer": ISSUER, "namespace": NAMESPACE, "serviceAccount": ACCOUNT}
    return world.control.ask("POST", "/tokens", usual | claims)["token"]


def asked(text, role="of-pods", provider="ack-rrsa-c0interop", **more):
    return {
        "RoleArn": ROLE + role,
        "OIDCProviderArn": PROVIDER + provider,
        "OIDCToken": text,
        "RoleSessionName": "csi-secrets-store-provider-alibaba",
    } | more


def run(world):
    for part in (example, spoilt, garbage, of_issuers, in_time):
        part(world)


def example(world):
    kms = world.beside("kms")
    answer = world.ok(ACTION, asked(token(world)))
    fields("the role", answer["AssumedRoleUser"], {"Arn": ROLE + "of-pods/csi-secrets-store-provider-alibaba"})
    known = {"Issuer": ISSUER, "Subject": SUBJECT, "ClientIds": "sts.aliyuncs.com"}
    fields("the token", answer["OIDCTokenInfo"], known)
    key = gateway.key_of(answer)
    kms.ok("GetSecretValue", {"SecretName": "db/password"}, {"SecretData": "second"}, key=key)
    put = {"SecretName": "db/password", "SecretData": "x", "VersionId": "v9"}
    kms.refused("PutSecretValue", 403, "Forbidden.NoPermission", put, key=key)


def spoilt(world):
    """The issuer, the audience and the subject, each another once: for the provider, and for the trust policy."""
    world.refused(ACTION, *refusal("IssuerNotMatch"), asked(token(world, issuer=OTHER_ISSUER)))
    world.refused(ACTION, *refusal("AudienceNotMatch"), asked(token(world, audiences=["kubernetes"])))
    # The provider takes this audience too, and the other cluster's provider its issuer. The role takes neither.
    world.refused(ACTION, *NO_PERMISSION, asked(token(world, audiences=["web.example.com"])))
    elsewhere = asked(token(world, issuer=OTHER_ISSUER), provider="ack-rrsa-c1interop")
    world.refused(ACTION, *NO_PERMISSION, elsewhere)
    # Nor does one that trusts both providers, and only one's issuer.
    world.refused(ACTION, *NO_PERMISSION, elsewhere | {"RoleArn": ROLE + "of-two-clusters"})
    world.ok(ACTION, asked(token(world), role="of-two-clusters"))
    world.refused(ACTION, *NO_PERMISSION, asked(token(world, serviceAccount="default")))
    world.refused(ACTION, *NO_PERMISSION, asked(token(world, namespace="default")))


def garbage(world):
    """Tokens that were never good, or are no longer; and parameters."""
    good = token(world)
    head, claims, signature = good.split(".")
    for text in (f"{head}.{claims}", "not.a.token", f"{head}.{claims}.{signature}.x"):
        world.refused(ACTION, *refusal("Invalid"), asked(text))
    _, other_claims, _ = token(world, serviceAccount="other").split(".")
    world.refused(ACTION, *refusal("InvalidSignature"), asked(f"{head}.{other_claims}.{signature}"))
    world.refused(ACTION, *NO_PERMISSION, asked(good, provider="absent"))
    world.refused(ACTION, 404, "EntityNotExist.Role", asked(good, role="absent"))
    world.refused(ACTION, 400, "InvalidParameter.RoleArn", asked(good) | {"RoleArn": "of-pods"})
    world.refused(ACTION, 400, "InvalidParameter.RoleSessionName", asked(good, RoleSessionName="x"))
    world.refused(ACTION, 400, "InvalidParameter.DurationSeconds", asked(good, DurationSeconds=899))
    world.refused(ACTION, 400, "InvalidParameter.PolicyGrammar", asked(good, Policy="not a policy"))


def of_issuers(world):
    """Issuers whose site, whose certificate and whose keys are not what they should be."""
    elsewhere = token(world, claims={"iss": NOWHERE})
    world.refused(ACTION, *refusal("IssuerConfigurationBroken"), asked(elsewhere, provider="nowhere"))
    thumbs = token(world, issuer=THUMBS)
    world.refused(ACTION, *refusal("PublicKeyFingerprintMismatch"), asked(thumbs, provider="thumbs"))
    # An issuer that claims to be the cluster's, and signs with a key of its own.
    forged = token(world, issuer=OTHER_ISSUER, claims={"iss": ISSUER})
    world.refused(ACTION, *refusal("InvalidSignature"), asked(forged))
    before = token(world)
    world.control.ask("POST", "/issuers/rotate", {"issuer": ISSUER})
    world.ok(ACTION, asked(before))
    world.ok(ACTION, asked(token(world)))
    world.control.ask("POST", "/issuers/rotate", {"issuer": ISSUER, "withdrawOld": True})
    world.refused(ACTION, *refusal("InvalidSignature"), asked(before))
    world.ok(ACTION, asked(token(world)))


def in_time(world):
    """Expired; within its life, but issued longer ago than the provider takes; and not good yet."""
    good, short, old = token(world), token(world, expiresIn="10m"), token(world, expiresIn="24h")
    world.ok(ACTION, asked(short))
    # These calls carry the client's time too, which may be a quarter of an hour beside the cloud's.
    world.control.clock({"advanceBy": "11m"})
    world.refused(ACTION, *refusal("Expired"), asked(short))
    world.ok(ACTION, asked(good))
    early = token(world)
    world.control.clock("release")
    world.refused(ACTION, *refusal("Invalid"), asked(early))
    hours_ago = world.control.clock({"advanceBy": "-13h"})
    world.control.clock("release")
    world.refused(ACTION, *refusal("Expired"), asked(token(world, expiresIn="24h", issuedAt=hours_ago)))
    world.ok(ACTION, asked(old))
