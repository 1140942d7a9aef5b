//! A provider in a real Kubernetes: how its chart gets there, and how the chart is told what a scenario sets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::process::Command;

use super::file::{Identities, TargetError};
use super::settings::Identity;
use super::template::Template;

/// What commands know.
const COMMAND: [&str; 4] = ["chart", "release", "namespace", "values"];

/// What the values that are always told know.
const ALWAYS: [&str; 8] = ["repository", "tag", "digest", "kms", "oos", "sts", "metadata", "scenario"];

/// How a chart is installed, and told.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Chart {
    /// The chart's folder. A path is relative to the target file, here and in commands.
    #[serde(rename = "chart")]
    path: PathBuf,
    /// The release, unless a scenario names another.
    pub release: String,
    /// The namespace of the release, unless a scenario names another.
    pub namespace: String,
    /// Which pods are the provider's: a label selector with {release}.
    pods: Template,
    /// Installs or changes the release {release} in {namespace}: {chart} with the file {values}. It need not wait.
    #[schemars(length(min = 1))]
    install: Vec<Template>,
    /// Removes it.
    #[schemars(length(min = 1))]
    uninstall: Vec<Template>,
    /// Runs the chart's own test, and fails if that does.
    test: Option<Vec<Template>>,
    /// What runs in the cluster.
    images: Images,
    /// How the chart is told.
    values: Words,
    #[serde(skip)]
    folder: PathBuf,
}

/// Images that the nodes have, or can pull.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Images {
    /// The provider that is judged; --provider-image names another.
    pub provider: String,
    /// The fake cloud; --fake-image names another.
    pub fake: String,
    /// Pods that mount secrets: a shell with cat, find, sleep and stat; --pod-image names another.
    pub pod: String,
    /// The web server of the product page's example; --web-image names another.
    pub web: String,
}

/// Images for a cluster, in place of those that the target file names.
#[derive(Debug, Clone, Default, clap::Args)]
#[expect(clippy::struct_field_names, reason = "they are the names of options")]
#[command(next_help_heading = "Images for a target in a cluster")]
pub struct OtherImages {
    /// The provider that is judged
    #[arg(long, value_name = "IMAGE", env = "CONFORMANCE_PROVIDER_IMAGE")]
    provider_image: Option<String>,
    /// The fake cloud
    #[arg(long, value_name = "IMAGE", env = "CONFORMANCE_FAKE_IMAGE")]
    fake_image: Option<String>,
    /// Pods that mount secrets: a shell with cat, find, sleep and stat
    #[arg(long, value_name = "IMAGE", env = "CONFORMANCE_POD_IMAGE")]
    pod_image: Option<String>,
    /// The web server of the product page's example
    #[arg(long, value_name = "IMAGE", env = "CONFORMANCE_WEB_IMAGE")]
    web_image: Option<String>,
}

/// Values of the chart, as trees whose texts may hold placeholders, by what they tell. Trees are merged as Helm merges files.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Words {
    /// In every scenario: the image as {repository}, {tag} and {digest}, of which one of the last two is empty; where {kms},
    /// {oos}, {sts} and {metadata} are; and the {scenario}, so that each has a provider of its own.
    always: Tree,
    /// A driver is in the cluster already.
    driver_is_there: Tree,
    /// There is none, so the chart brings one, which asks for tokens, looks for changes and may write Secrets.
    driver_is_missing: Tree,
    /// The cluster's {region}.
    region: Tree,
    /// A {variable} that stands under its own name in the Secret {secret}; once for each. `identities` names the variables.
    variable: Tree,
    /// {oidcProviderArn}, and that the provider has a token of its own.
    oidc_provider: Tree,
    /// {accountId}
    account: Tree,
    /// {clusterId}, and that the provider has a token of its own.
    cluster: Tree,
    /// The name of the {role} that the node's instance has.
    ecs_role: Tree,
    /// Pods without an identity of their own read with the provider's.
    pod_identity_fallback: Tree,
    /// A pod's key pair goes before the provider's role.
    prefer_node_publish_secret: Tree,
    /// The chart's own test reads the {object}.
    test: Tree,
}

/// A map of anything.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Tree(Map<String, Value>);

/// What a scenario tells the chart.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Who the provider is.
    pub identity: Identity,
    /// The cluster's region.
    pub region: Option<String>,
    /// The name of the instance's role.
    pub ecs_role: Option<String>,
    /// Pods without an identity of their own read with the provider's.
    pub pod_identity_fallback: bool,
    /// A pod's key pair goes before the provider's role.
    pub prefer_node_publish_secret: bool,
    /// What the chart's own test reads.
    pub test: Option<String>,
    /// What is in the Secret ends with line breaks.
    pub line_breaks: bool,
}

/// What is judged, where the cloud is, and which scenario it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground<'a> {
    /// The provider's image.
    pub image: &'a str,
    /// The cloud's API.
    pub api: &'a str,
    /// The instance metadata service.
    pub metadata: &'a str,
    /// A name that no other scenario has.
    pub scenario: &'a str,
    /// Whether the cluster has a driver of its own.
    pub has_driver: bool,
}

/// A release of the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

impl Chart {
    /// Where the target file stands.
    pub(super) fn stands_in(&mut self, file: &Path) {
        file.parent().unwrap_or_else(|| Path::new("")).clone_into(&mut self.folder);
    }

    pub(super) fn check(&self) -> Result<(), TargetError> {
        self.pods.check(&["release"])?;
        for command in [Some(&self.install), Some(&self.uninstall), self.test.as_ref()].into_iter().flatten()
        {
            if command.is_empty() {
                return Err(TargetError::NoCommand);
            }
            command.iter().try_for_each(|template| template.check(&COMMAND))?;
        }
        self.values.slots().into_iter().try_for_each(|(tree, known)| tree.check(known))
    }

    /// The chart's folder.
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.path)
    }

    /// The release that scenarios speak of when they name none.
    pub fn usual_release(&self) -> Release {
        Release { name: self.release.clone(), namespace: self.namespace.clone() }
    }

    /// Selects the provider's pods.
    pub fn selector(&self, release: &Release) -> String {
        self.pods.render(&[("release", &release.name)])
    }

    /// The images, the other ones in place of the file's.
    pub fn images(&self, others: &OtherImages) -> Images {
        let named = |other: &Option<String>, own: &String| other.as_ref().unwrap_or(own).clone();
        Images {
            provider: named(&others.provider_image, &self.images.provider),
            fake: named(&others.fake_image, &self.images.fake),
            pod: named(&others.pod_image, &self.images.pod),
            web: named(&others.web_image, &self.images.web),
        }
    }

    /// Installs the release, or changes it.
    pub fn install(&self, release: &Release, values: &Path) -> Command {
        self.command(&self.install, release, values)
    }

    /// Removes the release.
    pub fn uninstall(&self, release: &Release) -> Command {
        self.command(&self.uninstall, release, Path::new(""))
    }

    /// Runs the chart's own test, if there is a command for it.
    pub fn test(&self, release: &Release) -> Option<Command> {
        self.test.as_ref().map(|words| self.command(words, release, Path::new("")))
    }

    fn command(&self, words: &[Template], release: &Release, values: &Path) -> Command {
        let (chart, values) = (self.path(), values.to_string_lossy());
        let known = [
            ("chart", &*chart.to_string_lossy()),
            ("release", &release.name),
            ("namespace", &release.namespace),
            ("values", &values),
        ];
        let mut words = words.iter().map(|word| word.render(&known));
        let program = words.next().unwrap_or_default();
        // A program without a folder is looked for on the PATH.
        let program = if program.contains('/') { self.folder.join(program) } else { program.into() };
        let mut command = Command::new(program);
        command.args(words).kill_on_drop(true);
        command
    }

    /// The values of a scenario, and the Secret that they refer to: what it holds, by variable.
    pub(super) fn values(
        &self,
        told: &Told,
        identities: &Identities,
        ground: Ground<'_>,
        secret: &str,
    ) -> (Map<String, Value>, BTreeMap<String, String>) {
        let words = &self.values;
        let Ground { image, api, metadata, scenario, has_driver } = ground;
        let (repository, tag, digest) = parts(image);
        let mut values = words.always.render(&[
            ("repository", repository),
            ("tag", tag),
            ("digest", digest),
            ("kms", api),
            ("oos", api),
            ("sts", api),
            ("metadata", metadata),
            ("scenario", scenario),
        ]);
        let driver = if has_driver { &words.driver_is_there } else { &words.driver_is_missing };
        merge(&mut values, driver.render(&[]));
        let Told { identity, region, ecs_role, .. } = told;
        for (tree, name, value) in [
            (&words.region, "region", region),
            (&words.oidc_provider, "oidcProviderArn", &identity.oidc_provider_arn),
            (&words.account, "accountId", &identity.account_id),
            (&words.cluster, "clusterId", &identity.cluster_id),
            (&words.ecs_role, "role", ecs_role),
            (&words.test, "object", &told.test),
        ] {
            if let Some(value) = value {
                merge(&mut values, tree.render(&[(name, value)]));
            }
        }
        for (tree, is_set) in [
            (&words.pod_identity_fallback, told.pod_identity_fallback),
            (&words.prefer_node_publish_secret, told.prefer_node_publish_secret),
        ] {
            if is_set {
                merge(&mut values, tree.render(&[]));
            }
        }
        let variables: BTreeMap<_, _> = [
            (&identities.access_key_id, "accessKeyId", &identity.access_key_id),
            (&identities.access_key_secret, "accessKeySecret", &identity.access_key_secret),
            (&identities.role, "roleArn", &identity.role_arn),
            (&identities.session_name, "sessionName", &identity.session_name),
            (&identities.session_seconds, "sessionSeconds", &identity.session_seconds),
            (&identities.external_id, "externalId", &identity.external_id),
        ]
        .into_iter()
        .flat_map(|(templates, name, value)| {
            let value = value.as_ref();
            value.into_iter().flat_map(move |value| {
                let end = if told.line_breaks { "\n" } else { "" };
                let render = move |(variable, template): (&String, &Template)| {
                    (variable.clone(), template.render(&[(name, value)]) + end)
                };
                templates.iter().map(render)
            })
        })
        .collect();
        for variable in variables.keys() {
            merge(&mut values, words.variable.render(&[("variable", variable), ("secret", secret)]));
        }
        (values, variables)
    }
}

impl Words {
    fn slots(&self) -> [(&Tree, &'static [&'static str]); 12] {
        [
            (&self.always, &ALWAYS),
            (&self.driver_is_there, &[]),
            (&self.driver_is_missing, &[]),
            (&self.region, &["region"]),
            (&self.variable, &["variable", "secret"]),
            (&self.oidc_provider, &["oidcProviderArn"]),
            (&self.account, &["accountId"]),
            (&self.cluster, &["clusterId"]),
            (&self.ecs_role, &["role"]),
            (&self.pod_identity_fallback, &[]),
            (&self.prefer_node_publish_secret, &[]),
            (&self.test, &["object"]),
        ]
    }
}

impl Tree {
    fn check(&self, known: &[&str]) -> Result<(), TargetError> {
        fn check(value: &Value, known: &[&str]) -> Result<(), TargetError> {
            match value {
                Value::String(text) => Template::within(text).check(known),
                Value::Array(items) => items.iter().try_for_each(|item| check(item, known)),
                Value::Object(map) => map.iter().try_for_each(|(key, value)| {
                    Template::within(key).check(known)?;
                    check(value, known)
                }),
                _ => Ok(()),
            }
        }
        let within = |error| match error {
            TargetError::Unreadable { problem, .. } => TargetError::Values { problem },
            other => other,
        };
        self.0
            .iter()
            .try_for_each(|(key, value)| {
                Template::within(key).check(known)?;
                check(value, known)
            })
            .map_err(within)
    }

    fn render(&self, told: &[(&str, &str)]) -> Map<String, Value> {
        fn render(value: &Value, told: &[(&str, &str)]) -> Value {
            match value {
                Value::String(text) => Template::within(text).render(told).into(),
                Value::Array(items) => items.iter().map(|item| render(item, told)).collect(),
                Value::Object(map) => Value::Object(rendered(map, told)),
                other => other.clone(),
            }
        }
        fn rendered(map: &Map<String, Value>, told: &[(&str, &str)]) -> Map<String, Value> {
            map.iter().map(|(key, value)| (Template::within(key).render(told), render(value, told))).collect()
        }
        rendered(&self.0, told)
    }
}

/// Maps are merged, everything else is replaced, as Helm does with several files.
pub(crate) fn merge(values: &mut Map<String, Value>, later: Map<String, Value>) {
    for (name, value) in later {
        match (values.get_mut(&name), value) {
            (Some(Value::Object(before)), Value::Object(value)) => merge(before, value),
            (_, value) => drop(values.insert(name, value)),
        }
    }
}

/// Repository, tag and digest of an image; a port of a registry is no tag.
fn parts(image: &str) -> (&str, &str, &str) {
    let (name, digest) = image.split_once('@').unwrap_or((image, ""));
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag, digest),
        _ => (name, "", digest),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("provider:0.1.0", ("provider", "0.1.0", ""))]
    #[case("localhost:5000/provider", ("localhost:5000/provider", "", ""))]
    #[case("localhost:5000/provider:v1", ("localhost:5000/provider", "v1", ""))]
    #[case("example.com/p@sha256:ab", ("example.com/p", "", "sha256:ab"))]
    fn an_image_has_parts(#[case] image: &str, #[case] expected: (&str, &str, &str)) {
        assert_eq!(parts(image), expected);
    }

    #[test]
    fn trees_are_rendered_and_merged_as_helm_merges_files() {
        let tree = |value: Value| Tree(value.as_object().unwrap().clone());
        let variable =
            tree(json!({ "env": { "{variable}": { "secret": "{secret}", "list": ["{secret}", 1] } } }));

        let mut values = variable.render(&[("variable", "A"), ("secret", "s")]);
        merge(&mut values, variable.render(&[("variable", "B"), ("secret", "t")]));

        let item = |secret| json!({ "secret": secret, "list": [secret, 1] });
        assert_eq!(Value::Object(values), json!({ "env": { "A": item("s"), "B": item("t") } }));
    }

    #[test]
    fn a_placeholder_that_is_not_known_is_named() {
        let tree = Tree(json!({ "a": ["{regoin}"] }).as_object().unwrap().clone());

        let error = tree.check(&["region"]).unwrap_err().to_string();

        assert!(error.contains("{regoin}") && error.contains("expected {region}"), "{error}");
    }
}
