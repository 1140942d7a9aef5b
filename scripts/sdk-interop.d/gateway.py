"""What stands before every operation: who calls, when, how, and where."""

from clients import KEY_SECRET
from world import ASSUMER, DISABLED, FORGER, HOSTS, NOBODY

MISMATCH = (400, "InvalidSecurityToken.MismatchWithAccessKey")


def run(world, action, parameters):
    """Refusals of one good call that is spoilt in each way that a client can bring about."""
    world.refused(action, 400, "SignatureDoesNotMatch", parameters, key=FORGER)
    world.refused(action, 404, "InvalidAccessKeyId.NotFound", parameters, key=NOBODY)
    world.refused(action, 400, "InvalidAccessKeyId.Inactive", parameters, key=DISABLED)
    for minutes in (16, -16):
        world.control.clock({"advanceBy": f"{minutes}m"})
        world.refused(action, 400, "InvalidTimeStamp.Expired", parameters)
        world.control.clock("release")
    for minutes in (14, -14):
        world.control.clock({"advanceBy": f"{minutes}m"})
        world.ok(action, parameters)
        world.control.clock("release")
    world.repeated(action, parameters)
    if world.client.product != "oos":
        world.refused_in_the_clear(action, parameters)
    # The fake has no certificate for a product that it does not play, so this call goes without.
    unknown = {"host": "ecs.cn-hangzhou.aliyuncs.com", "scheme": "http"}
    world.refused(action, 404, "InvalidProduct.NotFound", parameters, **unknown)
    other = HOSTS["oos" if world.client.product == "kms" else "kms"]
    world.refused(action, 400, "InvalidVersion", parameters, host=other)
    product, *region = HOSTS[world.client.product].removesuffix(".aliyuncs.com").split(".")
    if region:
        world.ok(action, parameters, host=HOSTS[world.client.product].replace(".", "-vpc.", 1))
    sessions(world, action, parameters)


def sessions(world, action, parameters):
    """The same with the key of a session, and with each way to present it wrongly."""
    key_id, secret, token = open_session(world, "everything")
    world.ok(action, parameters, key=(key_id, secret, token))
    world.refused(action, 400, "MissingSecurityToken", parameters, key=(key_id, secret))
    world.refused(action, 400, "InvalidSecurityToken.Malformed", parameters, key=(key_id, secret, "not a token"))
    world.refused(action, 400, "SignatureDoesNotMatch", parameters, key=(key_id, "not its secret", token))
    other_id, other_secret, other_token = open_session(world, "everything")
    world.refused(action, *MISMATCH, parameters, key=(key_id, secret, other_token))
    world.refused(action, *MISMATCH, parameters, key=("LTAI5tInteropRoot", KEY_SECRET, token))
    unknown = ("STS.NUInteropNobody", secret, token)
    world.refused(action, 404, "InvalidAccessKeyId.NotFound", parameters, key=unknown)

    # A client's own clock cannot be moved, and a quarter of an hour beside the cloud's is all that it may be. The
    # shortest session ends within the half hour from one end of this to the other.
    world.control.clock({"advanceBy": "-14m"})
    short = open_session(world, "everything", DurationSeconds=900)
    world.ok(action, parameters, key=short)
    world.control.clock("release")
    world.control.clock({"advanceBy": "14m"})
    world.refused(action, 400, "InvalidSecurityToken.Expired", parameters, key=short)
    world.control.clock("release")
    world.ok(action, parameters, key=(other_id, other_secret, other_token))


def open_session(world, role, **more):
    """The key of a new session of this role."""
    asked = {"RoleArn": f"acs:ram::1000000000000001:role/{role}", "RoleSessionName": "interop"} | more
    return key_of(world.beside("sts").ok("AssumeRole", asked, key=ASSUMER))


def key_of(answer):
    """The key in the answer of an operation that opens a session."""
    return tuple(answer["Credentials"][name] for name in ("AccessKeyId", "AccessKeySecret", "SecurityToken"))
