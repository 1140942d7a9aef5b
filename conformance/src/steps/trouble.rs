//! What goes wrong at a service: any of them, in any way, for a while or for good.

use std::time::Duration;

use anyhow::Context as _;
use cucumber::{given, when};
use fake_alicloud::{Effect, ErrorEffect, Fault, FaultProduct, Malformation};

use crate::cloud::hang;
use crate::kubernetes::Trouble;
use crate::world::{Service, StepError, World};

#[given(
    regex = r"^(KMS|OOS|the token service|the metadata service|the Kubernetes API) ((?:refuses|throttles|resets|hangs|answers|does not know|no longer|cannot)\b.*?)(?: (once|\d+ times))?$"
)]
#[when(
    regex = r"^(KMS|OOS|the token service|the metadata service|the Kubernetes API) ((?:refuses|throttles|resets|hangs|answers|does not know|no longer|cannot)\b.*?)(?: (once|\d+ times))?$"
)]
async fn trouble(
    world: &mut World,
    service: String,
    behaviour: String,
    times: String,
) -> Result<(), StepError> {
    let times = match times.split(' ').next().unwrap_or_default() {
        "" => None,
        "once" => Some(1),
        number => Some(number.parse().context("a number of times")?),
    };
    let service = match service.as_str() {
        "KMS" => Service::Kms,
        "OOS" => Service::Oos,
        "the token service" => Service::Sts,
        "the metadata service" => Service::Metadata,
        _ => return Ok(of_kubernetes(world, &behaviour, times).await?),
    };
    if behaviour == "cannot be reached" {
        return Ok(world.disconnect(service)?);
    }
    let fault = fault(service, &behaviour)?.product(product(service));
    let fault = times.into_iter().fold(fault, |fault, times| fault.times(times as u64));
    Ok(world.cloud.plan(fault)?)
}

#[given("all is well again")]
#[when("all is well again")]
fn well(world: &mut World) {
    world.cloud.recover();
    world.cluster.iter().for_each(crate::kubernetes::Cluster::recover);
}

fn product(service: Service) -> FaultProduct {
    match service {
        Service::Kms => FaultProduct::Kms,
        Service::Oos => FaultProduct::Oos,
        Service::Sts => FaultProduct::Sts,
        Service::Metadata => FaultProduct::Metadata,
    }
}

fn fault(service: Service, behaviour: &str) -> anyhow::Result<Fault> {
    let error = |code: &str, status| Fault::new(Effect::Error(ErrorEffect::new(code).status(status)));
    Ok(match (behaviour, service) {
        ("refuses", Service::Kms) => error("Forbidden.NoPermission", 403),
        ("refuses", _) => error("NoPermission", 403),
        ("throttles", Service::Kms) => error("Rejected.Throttling", 429),
        ("throttles", Service::Metadata) => error("Throttling", 429),
        ("throttles", _) => error("Throttling.User", 400),
        ("answers 500", Service::Kms) => error("InternalFailure", 500),
        ("answers 500", _) => error("InternalError", 500),
        ("answers 503", Service::Kms) => error("ServiceUnavailableTemporary", 503),
        ("answers 503", _) => error("ServiceUnavailable", 503),
        ("no longer takes the session", _) => error("InvalidSecurityToken.Expired", 400),
        ("no longer knows the key", _) => error("InvalidAccessKeyId.NotFound", 404),
        ("resets", _) => Fault::reset(),
        ("hangs", _) => hang(),
        ("hangs in the middle", _) => Fault::stall_in_body(),
        ("hangs up in the middle", _) => Fault::truncate(),
        ("answers garbage", _) => Fault::malform(Malformation::Garbage),
        ("answers a web page", _) => Fault::malform(Malformation::Html),
        ("answers half", _) => Fault::malform(Malformation::Half),
        ("answers nothing", _) => Fault::malform(Malformation::Empty),
        ("answers without fields", _) => Fault::malform(Malformation::MissingFields),
        _ => Fault::delay(delay(behaviour)?),
    })
}

/// `answers after 300 ms`
fn delay(behaviour: &str) -> anyhow::Result<Duration> {
    let number = behaviour.strip_prefix("answers after ").and_then(|rest| rest.strip_suffix(" ms"));
    let number = number.with_context(|| format!("no service {behaviour}"))?;
    Ok(Duration::from_millis(number.parse().context("a number of milliseconds")?))
}

async fn of_kubernetes(world: &mut World, behaviour: &str, times: Option<usize>) -> anyhow::Result<()> {
    let trouble = match behaviour {
        "refuses" => Trouble::Forbidden,
        "does not know the provider" => Trouble::Unauthorized,
        "throttles" => Trouble::Throttled,
        "answers 500" => Trouble::Broken,
        "answers 503" => Trouble::Unavailable,
        "resets" => Trouble::Reset,
        "hangs" => Trouble::Hang,
        "answers garbage" => Trouble::Garbage,
        "answers a list" => Trouble::OtherJson,
        _ => Trouble::Delay(delay(behaviour)?),
    };
    world.cluster().await?.plan(trouble, times);
    Ok(())
}
