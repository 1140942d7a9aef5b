"""What stands before every operation: who calls, when, how, and where."""

from world import DISABLED, FORGER, HOSTS, NOBODY


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
    if world.client.product == "kms":
        world.refused_in_the_clear(action, parameters)
    # The fake has no certificate for a product that it does not play, so this call goes without.
    unknown = {"host": "ecs.cn-hangzhou.aliyuncs.com", "scheme": "http"}
    world.refused(action, 404, "InvalidProduct.NotFound", parameters, **unknown)
    other = HOSTS["oos" if world.client.product == "kms" else "kms"]
    world.refused(action, 400, "InvalidVersion", parameters, host=other)
    world.ok(action, parameters, host=HOSTS[world.client.product].replace(".", "-vpc.", 1))
