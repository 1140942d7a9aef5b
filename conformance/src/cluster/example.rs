//! The chart's examples: what operators apply, applied as it lies there. Only what is made up in it, keys, ids and images, gets its
//! counterpart in this run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value};

use super::kube::documents;
use crate::target::Images;

/// The made-up cluster of the examples.
const CLUSTER: &str = "c0123456789abcdef0123456789abcdef";
/// Who signs its tokens.
const ISSUER: &str = "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/";
/// The made-up key pair.
const KEY_ID: &str = "example-access-key-id";
const KEY_SECRET: &str = "example-access-key-secret";
/// Images, which a cluster may have under other names.
const POD_IMAGE: &str = "busybox:1.37";
const WEB_IMAGE: &str = "nginx:1.29-alpine";

/// One folder of the chart's examples.
#[derive(Debug, Clone)]
pub(super) struct Example {
    folder: PathBuf,
}

/// The counterparts of what is made up.
#[derive(Debug, Default)]
pub(super) struct Counterparts {
    texts: Vec<(String, String)>,
    images: BTreeMap<&'static str, String>,
}

impl Example {
    pub(super) fn of(chart: &Path, name: &str) -> anyhow::Result<Self> {
        let folder = chart.join("examples").join(name);
        ensure!(folder.is_dir(), "the chart has no example {name}: there is no {}", folder.display());
        Ok(Self { folder })
    }

    /// Values for the chart.
    pub(super) fn values(&self, counterparts: &Counterparts) -> anyhow::Result<Map<String, Value>> {
        values(&self.folder.join("values.yaml"), counterparts)
    }

    /// A policy, or another file of JSON.
    pub(super) fn document(&self, file: &str, counterparts: &Counterparts) -> anyhow::Result<Value> {
        let text = counterparts.read(&self.folder.join(file))?;
        serde_json::from_str(&text).with_context(|| format!("reading {file} of the example"))
    }

    /// The objects of a manifest.
    pub(super) fn objects(&self, file: &str, counterparts: &Counterparts) -> anyhow::Result<Vec<Value>> {
        let mut objects = documents(&counterparts.read(&self.folder.join(file))?)?;
        for object in &mut objects {
            counterparts.exchange_images(object);
        }
        Ok(objects)
    }
}

/// Values for the chart in a file, which may hold nothing but comments.
pub(super) fn values(file: &Path, counterparts: &Counterparts) -> anyhow::Result<Map<String, Value>> {
    let values: Option<Map<String, Value>> = serde_yaml::from_str(&counterparts.read(file)?)
        .with_context(|| format!("reading {}", file.display()))?;
    Ok(values.unwrap_or_default())
}

impl Counterparts {
    /// Those of a run, for a scenario's namespace and the release's.
    pub(super) fn new(issuer: &str, namespace: &str, release_namespace: &str, images: &Images) -> Self {
        let texts = [
            // The longest first: the issuer's URL ends with the cluster.
            (format!("{ISSUER}{CLUSTER}"), issuer.to_owned()),
            (CLUSTER.to_owned(), crate::cloud::CLUSTER.to_owned()),
            ("serviceaccount:default:".to_owned(), format!("serviceaccount:{namespace}:")),
            ("serviceaccount:kube-system:".to_owned(), format!("serviceaccount:{release_namespace}:")),
            ("namespace: kube-system".to_owned(), format!("namespace: {release_namespace}")),
        ];
        let images = BTreeMap::from([(POD_IMAGE, images.pod.clone()), (WEB_IMAGE, images.web.clone())]);
        Self { texts: texts.into(), images }
    }

    /// The key pair of a user.
    pub(super) fn key(&mut self, id: &str, secret: &str) {
        self.texts.push((KEY_ID.into(), id.into()));
        self.texts.push((KEY_SECRET.into(), secret.into()));
    }

    fn read(&self, file: &Path) -> anyhow::Result<String> {
        let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Ok(self.texts.iter().fold(text, |text, (made_up, real)| text.replace(made_up, real)))
    }

    fn exchange_images(&self, object: &mut Value) {
        let containers = object.pointer_mut("/spec/template/spec/containers").and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let image = container["image"].as_str().and_then(|image| self.images.get(image));
            if let Some(image) = image {
                container["image"] = image.as_str().into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/csi-secrets-store-provider-alibabacloud")
    }

    fn counterparts() -> Counterparts {
        let images = ["provider", "fake", "pod", "web"].map(|name| format!("registry.example.com/{name}:v1"));
        let [provider, fake, pod, web] = images;
        let mut counterparts =
            Counterparts::new("https://issuer", "ns", "rel", &Images { provider, fake, pod, web });
        counterparts.key("the-id", "the-secret");
        counterparts
    }

    #[test]
    fn nothing_that_is_made_up_is_left_in_any_example() {
        let made_up = [CLUSTER, ISSUER, KEY_ID, KEY_SECRET, POD_IMAGE, WEB_IMAGE];
        for entry in fs::read_dir(chart().join("examples")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Ok(example) = Example::of(&chart(), &name) else { continue };
            for file in ["app.yaml", "credentials.yaml"] {
                let Ok(objects) = example.objects(file, &counterparts()) else { continue };
                let text = serde_json::to_string(&objects).unwrap();
                let left: Vec<_> = made_up.iter().filter(|word| text.contains(**word)).collect();
                assert!(left.is_empty(), "{left:?} in {file} of {name}");
            }
            if example.folder.join("trust.json").exists() {
                let trust = example.document("trust.json", &counterparts()).unwrap().to_string();
                assert!(!trust.contains(CLUSTER) && !trust.contains(":default:"), "{trust}");
            }
        }
    }

    #[test]
    fn values_of_comments_alone_are_none() {
        let example = Example::of(&chart(), "worker-role").unwrap();

        assert!(example.values(&counterparts()).unwrap().is_empty());
        assert!(Example::of(&chart(), "no-such").unwrap_err().to_string().contains("no-such"));
    }
}
