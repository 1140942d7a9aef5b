//! What a scenario tells a target at its start, in no target's words.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;

use super::file::{COMMAND, Start, TargetError, TargetFile};
use super::template::Template;

/// What a target is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How it wants to be told.
    pub target: Arc<TargetFile>,
    /// The binary that is judged.
    pub binary: PathBuf,
    /// Where it puts its socket.
    pub provider_folder: PathBuf,
    /// Where the cloud is.
    pub endpoints: Endpoints,
    /// What is not as usual.
    pub options: Options,
    /// Who it is.
    pub identity: Identity,
}

/// The cloud's doors, as URLs; without one, a service is at the name that the cloud gives it.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// Of KMS.
    pub kms: Option<String>,
    /// Of OOS.
    pub oos: Option<String>,
    /// Of the token service.
    pub sts: Option<String>,
    /// Of the instance metadata service.
    pub metadata: Option<String>,
}

/// Settings of an operator. What is not set is the target's default.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The cluster's region.
    pub region: Option<String>,
    /// `vpc` or `public`.
    pub network: Option<String>,
    /// Where the Kubernetes API is.
    pub kubeconfig: Option<PathBuf>,
    /// The Kubernetes API as a pod finds it; only for containers.
    pub in_cluster: Option<InCluster>,
    /// Authorities by host suffix.
    pub ca_files: Vec<(String, PathBuf)>,
    /// What classes may name beside the cloud's own hosts.
    pub allowed_endpoints: Vec<String>,
    /// How long running mounts may go on after SIGTERM.
    pub grace_period: Option<Duration>,
    /// After how long a change must have reached every pod.
    pub rotation_interval: Option<Duration>,
    /// How many calls to KMS may be under way.
    pub kms_bound: Option<usize>,
    /// How many calls to OOS may be under way.
    pub oos_bound: Option<usize>,
    /// The name of the instance's role.
    pub ecs_role: Option<String>,
    /// Pods without an identity of their own read with the provider's.
    pub pod_identity_fallback: bool,
    /// A pod's key pair goes before the provider's role.
    pub prefer_node_publish_secret: bool,
    /// All is logged that there is to tell, if the target has words for that.
    pub verbose: bool,
    /// Further arguments in the target's own words, for promises about these words.
    pub flags: Vec<String>,
}

/// What Kubernetes puts into every pod.
#[derive(Debug, Clone)]
pub struct InCluster {
    /// Where the API listens.
    pub address: SocketAddr,
    /// The folder with token, authority and namespace.
    pub service_account: PathBuf,
}

/// What a provider knows of who it is. Any piece may be missing: that is what scenarios are about.
#[derive(Clone, Default)]
pub struct Identity {
    /// The public half of a key pair.
    pub access_key_id: Option<String>,
    /// The secret half.
    pub access_key_secret: Option<String>,
    /// The role to read with.
    pub role_arn: Option<String>,
    /// Who vouches for the cluster's tokens.
    pub oidc_provider_arn: Option<String>,
    /// The account of the cluster.
    pub account_id: Option<String>,
    /// The cluster.
    pub cluster_id: Option<String>,
    /// The provider's own token.
    pub token_file: Option<PathBuf>,
    /// What the audit log calls sessions.
    pub session_name: Option<String>,
    /// How long sessions last.
    pub session_seconds: Option<String>,
    /// For roles of other accounts.
    pub external_id: Option<String>,
    /// The folder in which each setting is a file; without it they are variables.
    pub files: Option<PathBuf>,
}

/// An access key.
#[derive(Clone)]
pub struct AccessKey {
    /// The public part.
    pub id: String,
    /// The secret part.
    pub secret: String,
}

/// How a process is started.
pub(crate) struct Launch {
    pub(crate) command: Vec<String>,
    pub(crate) environment: Variables,
}

impl Launch {
    /// The command, which sees nothing of this process and does not outlive whoever holds its child. Where its output goes is
    /// still to be said.
    pub(crate) fn to_command(&self) -> Result<Command, TargetError> {
        let (program, arguments) = self.command.split_first().ok_or(TargetError::NoCommand)?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    /// What is run.
    pub(crate) fn program(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }
}

/// Names and values.
pub(crate) type Variables = Vec<(String, String)>;

impl Endpoints {
    /// One door for all that is called with signatures.
    pub fn of(api: &str, metadata: &str) -> Self {
        let api = Some(api.to_owned());
        Self { kms: api.clone(), oos: api.clone(), sts: api, metadata: Some(metadata.to_owned()) }
    }
}

impl Identity {
    /// With a key pair alone.
    pub fn of_key(key: AccessKey) -> Self {
        Self { access_key_id: Some(key.id), access_key_secret: Some(key.secret), ..Self::default() }
    }
}

impl Settings {
    /// The settings in the target's words.
    pub(crate) fn launch(&self, health_port: u16) -> Result<Launch, TargetError> {
        let Start::Process(process) = &self.target.start else { return Err(TargetError::NoProcess) };
        let values = [text(&self.binary), text(&self.provider_folder), health_port.to_string()];
        let values: Vec<_> = COMMAND.into_iter().zip(values.iter().map(String::as_str)).collect();
        let mut command: Vec<_> = process.command.iter().map(|template| template.render(&values)).collect();
        self.arguments(&mut command)?;
        Ok(Launch { command, environment: self.environment()? })
    }

    /// What is added for all that is set.
    pub(super) fn arguments(&self, command: &mut Vec<String>) -> Result<(), TargetError> {
        let words = self.target.arguments().ok_or(TargetError::NoProcess)?;
        let options = &self.options;
        let milliseconds = |time: Duration| time.as_millis().to_string();
        let mut add = |slot: &str, templates: &Option<Vec<Template>>, values: &[(&str, &str)]| {
            let templates = templates
                .as_ref()
                .ok_or_else(|| TargetError::Unspoken { slot: format!("argument {slot}") })?;
            command.extend(templates.iter().map(|template| template.render(values)));
            Ok(())
        };
        let Endpoints { kms, oos, sts, metadata } = &self.endpoints;
        let endpoints = [
            ("kms", &words.kms, kms),
            ("oos", &words.oos, oos),
            ("sts", &words.sts, sts),
            ("metadata", &words.metadata, metadata),
        ];
        for (slot, templates, endpoint) in endpoints {
            if let Some(endpoint) = endpoint {
                add(slot, templates, &[(slot, endpoint)])?;
            }
        }
        if let Some(region) = &options.region {
            add("region", &words.region, &[("region", region)])?;
        }
        if let Some(network) = &options.network {
            add("network", &words.network, &[("network", network)])?;
        }
        if let Some(file) = &options.kubeconfig {
            add("kubeconfig", &words.kubeconfig, &[("kubeconfig", &text(file))])?;
        }
        for (suffix, file) in &options.ca_files {
            add("caFile", &words.ca_file, &[("hostSuffix", suffix), ("caFile", &text(file))])?;
        }
        for endpoint in &options.allowed_endpoints {
            add("allowedEndpoint", &words.allowed_endpoint, &[("endpoint", endpoint)])?;
        }
        if let Some(time) = options.grace_period {
            add("gracePeriod", &words.grace_period, &[("milliseconds", &milliseconds(time))])?;
        }
        if let Some(time) = options.rotation_interval {
            add("rotationInterval", &words.rotation_interval, &[("milliseconds", &milliseconds(time))])?;
        }
        if let Some(calls) = options.kms_bound {
            add("kmsBound", &words.kms_bound, &[("calls", &calls.to_string())])?;
        }
        if let Some(calls) = options.oos_bound {
            add("oosBound", &words.oos_bound, &[("calls", &calls.to_string())])?;
        }
        if let Some(role) = &options.ecs_role {
            add("ecsRole", &words.ecs_role, &[("role", role)])?;
        }
        if options.pod_identity_fallback {
            add("podIdentityFallback", &words.pod_identity_fallback, &[])?;
        }
        if options.prefer_node_publish_secret {
            add("preferNodePublishSecret", &words.prefer_node_publish_secret, &[])?;
        }
        if options.verbose && words.verbose.is_some() {
            add("verbose", &words.verbose, &[])?;
        }
        command.extend(options.flags.iter().cloned());
        Ok(())
    }

    /// The variables that tell the identity.
    pub(super) fn environment(&self) -> Result<Variables, TargetError> {
        let (path, variables) = self.variables()?;
        let variables = match &self.identity.files {
            None => variables,
            Some(folder) => {
                let unspoken = || TargetError::Unspoken { slot: "variableFile".into() };
                let pattern = self.target.variable_file.as_ref().ok_or_else(unspoken)?;
                let in_file = |(variable, _): (String, String)| {
                    (pattern.render(&[("variable", &variable)]), text(&folder.join(variable)))
                };
                variables.into_iter().map(in_file).collect()
            }
        };
        Ok([path, variables].concat())
    }

    /// Writes each setting of the identity into its file, in place of what was there, as the kubelet replaces a mounted Secret.
    /// The line break at the end is what `echo` leaves in Secrets.
    pub fn write_identity_files(&self) -> anyhow::Result<()> {
        let Some(folder) = &self.identity.files else { return Ok(()) };
        fs::create_dir_all(folder)?;
        for (variable, value) in self.variables()?.1 {
            replace(&folder.join(variable), &format!("{value}\n"))?;
        }
        Ok(())
    }

    /// Variables that name files in any case, and the others.
    fn variables(&self) -> Result<(Variables, Variables), TargetError> {
        let words = &self.target.identities;
        let identity = &self.identity;
        let token_file = identity.token_file.as_deref().map(text);
        let told = |slot: &str,
                    templates: &BTreeMap<String, Template>,
                    value: &Option<String>,
                    placeholder: &str| {
            let Some(value) = value else { return Ok(Vec::new()) };
            if templates.is_empty() {
                return Err(TargetError::Unspoken { slot: format!("identity {slot}") });
            }
            let render = |(variable, template): (&String, &Template)| {
                (variable.clone(), template.render(&[(placeholder, value)]))
            };
            Ok(templates.iter().map(render).collect())
        };
        let path = told("tokenFile", &words.token_file, &token_file, "tokenFile")?;
        let rows = [
            ("accessKeyId", &words.access_key_id, &identity.access_key_id, "accessKeyId"),
            ("accessKeySecret", &words.access_key_secret, &identity.access_key_secret, "accessKeySecret"),
            ("role", &words.role, &identity.role_arn, "roleArn"),
            ("oidcProvider", &words.oidc_provider, &identity.oidc_provider_arn, "oidcProviderArn"),
            ("account", &words.account, &identity.account_id, "accountId"),
            ("cluster", &words.cluster, &identity.cluster_id, "clusterId"),
            ("sessionName", &words.session_name, &identity.session_name, "sessionName"),
            ("sessionSeconds", &words.session_seconds, &identity.session_seconds, "sessionSeconds"),
            ("externalId", &words.external_id, &identity.external_id, "externalId"),
        ];
        let others: Result<Vec<_>, _> = rows
            .into_iter()
            .map(|(slot, templates, value, name)| told(slot, templates, value, name))
            .collect();
        Ok((path, others?.concat()))
    }
}

/// Readers see the file before or after, never half of it.
fn replace(file: &Path, content: &str) -> io::Result<()> {
    let next = file.with_extension("next");
    fs::write(&next, content)?;
    fs::rename(next, file)
}

pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("access_key_id", &self.access_key_id)
            .field("role_arn", &self.role_arn)
            .field("oidc_provider_arn", &self.oidc_provider_arn)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT: &str = "name: other\nstart: { process: { command: ['{provider}'] } }";

    fn settings() -> Settings {
        Settings {
            target: TargetFile::provider(),
            binary: "/bin/provider".into(),
            provider_folder: "/run/providers".into(),
            endpoints: Endpoints::of("http://api", "http://metadata"),
            options: Options::default(),
            identity: Identity::default(),
        }
    }

    #[test]
    fn a_target_hears_only_of_what_is_set() {
        let Launch { command, environment } = settings().launch(80).unwrap();

        assert_eq!(command[..3], ["/bin/provider", "serve", "--provider-volume=/run/providers"]);
        assert!(command.iter().all(|argument| !argument.starts_with("--region")), "{command:?}");
        assert_eq!(environment, []);
    }

    #[test]
    fn only_a_target_that_has_words_for_it_is_told_to_log_all() {
        let mut settings = settings();
        settings.options.verbose = true;
        let commands = [TargetFile::provider(), Arc::new(SILENT.parse().unwrap())].map(|target| {
            settings.target = target;
            settings.endpoints = Endpoints { kms: None, oos: None, sts: None, metadata: None };
            settings.launch(80).unwrap().command
        });

        assert!(commands[0].contains(&"-v=9".to_owned()), "{commands:?}");
        assert_eq!(commands[1], ["/bin/provider"]);
    }

    #[test]
    fn each_setting_is_told_in_the_targets_words() {
        let mut settings = settings();
        settings.options.allowed_endpoints = vec!["a".into(), "b".into()];
        settings.options.grace_period = Some(Duration::from_secs(2));
        settings.options.pod_identity_fallback = true;
        settings.identity = Identity::of_key(AccessKey { id: "id".into(), secret: "secret".into() });

        let Launch { command, environment } = settings.launch(80).unwrap();

        let expected = [
            "--allowed-endpoint=a",
            "--allowed-endpoint=b",
            "--shutdown-grace-period=2000ms",
            "--pod-identity-fallback",
        ];
        assert_eq!(command[command.len() - 4..], expected);
        let expected = [("ACCESS_KEY_ID", "id"), ("SECRET_ACCESS_KEY", "secret")];
        assert_eq!(environment, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn settings_in_files_are_named_in_the_environment_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings();
        settings.identity.role_arn = Some("acs:ram::1:role/r".into());
        settings.identity.files = Some(folder.path().to_owned());
        settings.write_identity_files().unwrap();

        let Launch { environment, .. } = settings.launch(80).unwrap();

        let [(variable, file)] = environment.as_slice() else { panic!("{environment:?}") };
        assert_eq!(variable, "ALICLOUD_ROLE_ARN_FILE");
        assert_eq!(fs::read_to_string(file).unwrap(), "acs:ram::1:role/r\n");
    }

    #[test]
    fn what_a_target_cannot_be_told_is_named() {
        let mut settings = settings();
        settings.target = Arc::new(SILENT.parse().unwrap());
        settings.endpoints = Endpoints { kms: None, oos: None, sts: None, metadata: None };
        settings.identity.role_arn = Some("acs:ram::1:role/r".into());

        let error = settings.launch(80).err().unwrap();

        assert_eq!(error.to_string(), "the target file says no identity role, which this scenario sets");
    }
}
