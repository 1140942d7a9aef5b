//! What is asked of a target: who reads, how much, how many at once, and what the cloud is like meanwhile.

use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

/// Who reads, in the provider's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The provider's key pair.
    AccessKey,
    /// A role, assumed with the key pair.
    RamRole,
    /// A role, assumed with the provider's own token.
    ProviderOidc,
    /// The role of each pod's service account.
    PodServiceAccount,
    /// The role of the node's instance.
    EcsRole,
    /// The key pair of each pod's node publish secret.
    NodePublishSecret,
    /// A role of another account, assumed with the key pair.
    CrossAccount,
}

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Amount {
    /// So many mounts.
    Mounts(u64),
    /// As many as the target answers in that time.
    For(Duration),
}

/// One kind of load.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// What the tables call it.
    pub name: String,
    /// Who reads.
    pub source: Source,
    /// How much is asked for.
    pub amount: Amount,
    /// Objects of a mount, none twice.
    pub objects: usize,
    /// Mounts under way at once.
    pub concurrency: usize,
    /// Whether all mounts read the same objects; if not, no two under way at once have one in common.
    pub shared: bool,
    /// How many of a hundred mounts repeat one that succeeded.
    pub republish_percent: u8,
    /// What the cloud adds to each call.
    pub latency: Duration,
    /// Whether the cloud has its quotas: KMS 450 reads, STS 100 sessions a second.
    pub quotas: bool,
    /// Calls that the target may have under way at once, for KMS and for OOS; its default if absent.
    pub bound: Option<u16>,
    /// The target's `--rotation-interval`, its default if absent.
    pub rotation_interval: Option<Duration>,
    /// Processes of the target, each with a socket and a connection of its own.
    pub processes: usize,
    /// Service accounts whose pods a process serves.
    pub identities: usize,
    /// Secrets in the cloud.
    pub secrets: usize,
    /// Bytes of a secret.
    pub value_bytes: usize,
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            name: "load".to_owned(),
            source: Source::AccessKey,
            amount: Amount::Mounts(1000),
            objects: 5,
            concurrency: 50,
            shared: false,
            republish_percent: 0,
            latency: Duration::from_millis(20),
            quotas: false,
            bound: None,
            rotation_interval: None,
            processes: 1,
            identities: 1,
            secrets: 5000,
            value_bytes: 256,
        }
    }
}

impl Workload {
    /// The name of a secret.
    pub fn secret(number: usize) -> String {
        format!("load/secret-{number}")
    }

    /// A value of a secret, as long as the workload wants it and another for each version.
    pub fn value(&self, number: usize, version: u32) -> String {
        format!("{:<width$}", format!("secret-{number}-v{version}-"), width = self.value_bytes)
            .replace(' ', "x")
    }

    /// All service accounts.
    pub fn accounts(&self) -> usize {
        if self.source == Source::PodServiceAccount { self.processes * self.identities } else { 0 }
    }

    /// Why it cannot be had, if it cannot.
    pub fn check(&self) -> anyhow::Result<()> {
        use anyhow::ensure;
        ensure!(self.objects > 0, "a mount without objects asks for nothing; --objects is at least 1");
        ensure!(self.concurrency > 0, "nothing is sent without --concurrency of at least 1");
        ensure!(self.processes > 0 && self.identities > 0, "--processes and --identities are at least 1");
        ensure!(self.republish_percent < 100, "--republish is below 100: somebody has to mount first");
        let needed = if self.shared { self.objects } else { self.objects * self.concurrency };
        ensure!(
            self.secrets >= needed,
            "{} mounts of {} objects at once need {needed} secrets, and --secrets is {}",
            self.concurrency,
            self.objects,
            self.secrets
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_long_as_asked_and_differ_by_secret_and_version() {
        let workload = Workload::default();
        let values = [workload.value(1, 1), workload.value(1, 2), workload.value(11, 1)];
        assert!(values.iter().all(|value| value.len() == 256));
        assert!(values[0] != values[1] && values[0] != values[2] && values[1] != values[2]);
    }

    #[test]
    fn mounts_at_once_need_as_many_secrets_as_they_have_objects() {
        let mut workload = Workload { secrets: 99, objects: 2, concurrency: 50, ..Workload::default() };
        assert!(workload.check().unwrap_err().to_string().contains("need 100 secrets"));
        workload.shared = true;
        workload.check().unwrap();
    }
}
