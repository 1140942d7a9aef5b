//! How much a mount asked of the cloud and of Kubernetes, and that nothing of it is left when it is over.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use cucumber::then;

use crate::kubernetes::Cluster;
use crate::patience;
use crate::world::{StepError, World};

/// Who was called learns that the caller is gone when the connection tells him, a moment later.
const NEWS: Duration = Duration::from_secs(1);

/// How often something is to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Exactly(usize),
    AtLeast(usize),
}

impl Times {
    fn agrees(self, found: usize) -> bool {
        match self {
            Self::Exactly(times) => found == times,
            Self::AtLeast(times) => found >= times,
        }
    }
}

/// A list such as `get serviceaccounts, 5 AssumeRoleWithOIDC, 2+ GetSecretValue`, or `none`. What is not in it was not asked for.
#[then(regex = r"^the last mount made the calls (.+)$")]
async fn calls_of_mount(world: &mut World, list: String) -> Result<(), StepError> {
    Ok(expect(world, &list).await?)
}

/// Waits a moment for the calls that nobody waits for any more: the cloud writes them down when it knows.
pub(super) async fn expect(world: &World, list: &str) -> anyhow::Result<()> {
    let expected = parse(list)?;
    let agree = |made: &BTreeMap<String, usize>| {
        let known = made.keys().all(|call| expected.contains_key(call));
        let each =
            |(call, times): (&String, &Times)| times.agrees(made.get(call).copied().unwrap_or_default());
        known && expected.iter().all(each)
    };
    patience::within(NEWS, async || {
        let made = world.asked_of_last_mount();
        ensure!(agree(&made), "the last mount made {made:?}, expected {list}");
        Ok(())
    })
    .await
}

fn parse(list: &str) -> anyhow::Result<BTreeMap<String, Times>> {
    let entry = |entry: &str| -> anyhow::Result<(String, Times)> {
        let number =
            entry.split_once(' ').filter(|(number, _)| number.starts_with(|c: char| c.is_ascii_digit()));
        let Some((number, call)) = number else { return Ok((entry.to_owned(), Times::Exactly(1))) };
        let least = number.strip_suffix('+');
        let times =
            least.unwrap_or(number).parse().with_context(|| format!("{number} is no number of calls"))?;
        let times = if least.is_some() { Times::AtLeast(times) } else { Times::Exactly(times) };
        Ok((call.to_owned(), times))
    };
    if list == "none" { Ok(BTreeMap::new()) } else { list.split(", ").map(entry).collect() }
}

/// By both sides' word: the provider counts nothing under way, and whoever was asked and did not answer knows that the caller
/// is gone.
#[then(expr = "all work is released within {int} second(s)")]
async fn released(world: &mut World, seconds: u64) -> Result<(), StepError> {
    patience::within(Duration::from_secs(seconds), async || {
        let left = under_way(world).await?;
        ensure!(left.is_empty(), "after {seconds} s there is still under way: {left:?}");
        Ok(())
    })
    .await
}

async fn under_way(world: &mut World) -> anyhow::Result<Vec<String>> {
    let gauges = gauges_of_work(world).await?;
    let mut left: Vec<_> = gauges
        .into_iter()
        .filter(|(_, value)| *value > 0)
        .map(|(gauge, value)| format!("{gauge} {value}"))
        .collect();
    if let held @ 1.. = world.cloud.held() {
        left.push(format!("{held} calls that the cloud does not answer"));
    }
    let requests = world.cluster.iter().flat_map(Cluster::requests);
    if let held @ 1.. = requests.filter(|request| !request.is_over).count() {
        left.push(format!("{held} requests that the Kubernetes API does not answer"));
    }
    Ok(left)
}

/// How many mounts the provider counts as under way.
pub(super) async fn mounts_under_way(world: &mut World) -> anyhow::Result<usize> {
    let gauges = gauges_of_work(world).await?;
    let mounts = gauges.into_iter().find(|(gauge, _)| gauge.ends_with(MOUNTS));
    mounts.map(|(_, value)| value).context("the metrics count no mounts")
}

const MOUNTS: &str = "_mounts_in_flight";

/// All that the provider counts as under way, which must be something: a page without gauges shows nothing.
async fn gauges_of_work(world: &mut World) -> anyhow::Result<Vec<(String, usize)>> {
    let page = world.page("/metrics").await.context("reading the metrics")?;
    let gauges = read_gauges(&page.text)?;
    ensure!(gauges.iter().any(|(gauge, _)| gauge.ends_with(MOUNTS)), "the metrics count no mounts");
    Ok(gauges)
}

fn read_gauges(page: &str) -> anyhow::Result<Vec<(String, usize)>> {
    let samples =
        page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.trim().rsplit_once(' '));
    let is_work = |name: &str| name.split('{').next().is_some_and(|name| name.ends_with("_in_flight"));
    let gauges = samples.filter(|(name, _)| is_work(name));
    gauges
        .map(|(name, value)| {
            let value = value.parse().with_context(|| format!("the gauge {name} is {value}"))?;
            Ok((name.to_owned(), value))
        })
        .collect()
}

#[then(expr = "the answer took at least {int} ms")]
fn took(world: &mut World, milliseconds: u64) -> Result<(), StepError> {
    let took = world.outcome()?.took;
    ensure!(took >= Duration::from_millis(milliseconds), "the answer took {took:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_calls_are_read_and_one_is_meant_where_none_stands() {
        let expected = [
            ("GetSecretValue", Times::AtLeast(2)),
            ("AssumeRole", Times::Exactly(5)),
            ("get serviceaccounts", Times::Exactly(1)),
        ];
        let expected = BTreeMap::from(expected.map(|(call, times)| (call.to_owned(), times)));
        assert_eq!(parse("get serviceaccounts, 5 AssumeRole, 2+ GetSecretValue").unwrap(), expected);
        assert_eq!(parse("none").unwrap(), BTreeMap::new());
        assert!(parse("5x AssumeRole").is_err());
    }

    #[test]
    fn gauges_of_work_are_found_among_other_metrics() {
        let page = "HTTP/1.1 200 OK\r\n\r\n# TYPE p_mounts_in_flight gauge\np_mounts_in_flight 2\n\
                    p_cloud_requests_in_flight{service=\"kms\"} 1\np_mounts_total{outcome=\"ok\"} 7\n# EOF\n";
        let expected = [("p_mounts_in_flight", 2), ("p_cloud_requests_in_flight{service=\"kms\"}", 1)];
        assert_eq!(read_gauges(page).unwrap(), expected.map(|(name, value)| (name.to_owned(), value)));
        assert!(read_gauges("p_mounts_in_flight -1").is_err());
    }
}
