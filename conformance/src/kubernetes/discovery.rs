//! What clients ask before they ask for objects: groups, versions, kinds, and the API's own version.
//!
//! The aggregated form of discovery is not served. Clients that prefer it accept the plain one, which tells them apart by its
//! media type.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::resource::Resource;

/// What release the API says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// The second number; the first is 1.
    pub minor: u16,
}

impl Default for Release {
    /// The oldest release with which the current driver is tested.
    fn default() -> Self {
        Self { minor: 30 }
    }
}

/// The answer at a path, if it is one of discovery.
pub(super) fn answer(segments: &[&str], release: Release, resources: &[Resource]) -> Option<Value> {
    match *segments {
        ["api"] => {
            Some(json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] }))
        }
        ["api", "v1"] => kinds("v1", resources),
        ["apis"] => Some(groups(resources)),
        ["apis", group] => versions(group, resources),
        ["apis", group, version] => kinds(&format!("{group}/{version}"), resources),
        ["version"] => Some(version(release)),
        ["openapi", "v3"] => Some(schemas(resources)),
        ["openapi", "v3", "api", "v1"] => schema("v1", resources),
        ["openapi", "v3", "apis", group, version] => schema(&format!("{group}/{version}"), resources),
        _ => None,
    }
}

fn version(Release { minor }: Release) -> Value {
    json!({
        "major": "1",
        "minor": minor.to_string(),
        "gitVersion": format!("v1.{minor}.0"),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": "linux/amd64",
    })
}

fn groups(resources: &[Resource]) -> Value {
    let names: BTreeSet<_> = resources.iter().map(|resource| &*resource.group).collect();
    let groups: Vec<_> =
        names.iter().filter(|name| !name.is_empty()).filter_map(|name| versions(name, resources)).collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

fn versions(group: &str, resources: &[Resource]) -> Option<Value> {
    let mut versions: Vec<&str> = Vec::new();
    for resource in resources.iter().filter(|resource| resource.group == group) {
        if !versions.contains(&&*resource.version) {
            versions.push(&resource.version);
        }
    }
    versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));
    let versions: Vec<_> = versions
        .iter()
        .map(|version| json!({ "groupVersion": format!("{group}/{version}"), "version": version }))
        .collect();
    let preferred = versions.first()?.clone();
    Some(json!({
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": group,
        "versions": versions,
        "preferredVersion": preferred,
    }))
}

/// Stable before beta before alpha, newer before older ("Version priority" in Kubernetes' page on versions of definitions).
fn priority(version: &str) -> (u8, Vec<u32>) {
    let stability = match version {
        version if version.contains("alpha") => 0,
        version if version.contains("beta") => 1,
        _ => 2,
    };
    let numbers = version.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    (stability, numbers.collect())
}

fn kinds(api_version: &str, resources: &[Resource]) -> Option<Value> {
    let mut own = resources.iter().filter(|resource| resource.api_version() == api_version).peekable();
    own.peek()?;
    Some(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version,
        "resources": own.flat_map(Resource::described).collect::<Vec<_>>(),
    }))
}

fn schemas(resources: &[Resource]) -> Value {
    let roots: BTreeSet<_> =
        resources.iter().map(|resource| Resource::root(&resource.api_version())).collect();
    let paths: Map<_, _> = roots
        .iter()
        .map(|root| {
            let url = json!({ "serverRelativeURL": format!("/openapi/v3{root}") });
            (root.trim_start_matches('/').to_owned(), url)
        })
        .collect();
    json!({ "paths": paths })
}

/// Fields are not described, only which parameters a patch takes: `kubectl` asks that before it lets the server check fields.
fn schema(api_version: &str, resources: &[Resource]) -> Option<Value> {
    let mut own = resources.iter().filter(|resource| resource.api_version() == api_version).peekable();
    own.peek()?;
    let paths: Map<_, _> = own
        .map(|resource| {
            let folder = if resource.is_namespaced { "/namespaces/{namespace}" } else { "" };
            let path = format!("{}{folder}/{}/{{name}}", Resource::root(api_version), resource.plural);
            let parameters = ["dryRun", "fieldManager", "fieldValidation"]
                .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }));
            let kind = json!({ "group": resource.group, "version": resource.version, "kind": resource.kind });
            let operation = json!({
                "parameters": parameters,
                "responses": {},
                "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": kind,
            });
            (path, json!({ "patch": operation }))
        })
        .collect();
    let info = json!({ "title": "Kubernetes", "version": "unversioned" });
    Some(json!({ "openapi": "3.0.0", "info": info, "paths": paths }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_versions_are_preferred_to_newer_unstable_ones() {
        let mut versions = ["v1alpha1", "v2beta1", "v1", "v10", "v2"];

        versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));

        assert_eq!(versions, ["v10", "v2", "v1", "v2beta1", "v1alpha1"]);
    }
}
