//! From a path to what it names.

use std::sync::Arc;

use percent_encoding::percent_decode_str;

use super::resource::Resource;
use super::store::{Key, Store};

/// An object, or all objects of a kind.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) resource: Arc<Resource>,
    /// Empty for all namespaces, and for kinds without.
    pub(super) namespace: String,
    /// None for all objects.
    pub(super) name: Option<String>,
    /// Whether only its status is meant.
    pub(super) is_status: bool,
}

impl Place {
    /// Reads a path; none if nothing is served there.
    pub(super) fn find(path: &str, store: &Store) -> Option<Self> {
        let segments = segments(path);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (group, version, rest) = match *segments {
            ["api", version, ref rest @ ..] => ("", version, rest),
            ["apis", group, version, ref rest @ ..] => (group, version, rest),
            _ => return None,
        };
        let (namespace, rest) = match *rest {
            // A namespace's own status, not a kind of that name.
            ["namespaces", _, "status"] => ("", rest),
            ["namespaces", namespace, ref rest @ ..] if !rest.is_empty() => (namespace, rest),
            _ => ("", rest),
        };
        let (plural, name, is_status) = match *rest {
            [plural] => (plural, None, false),
            [plural, name] => (plural, Some(name.to_owned()), false),
            [plural, name, "status"] => (plural, Some(name.to_owned()), true),
            _ => return None,
        };
        let resource = store.resource(group, version, plural)?;
        let has_right_scope = if resource.is_namespaced {
            name.is_none() || !namespace.is_empty()
        } else {
            namespace.is_empty()
        };
        let is_served = has_right_scope && (resource.has_status || !is_status);
        is_served.then(|| Self { resource, namespace: namespace.to_owned(), name, is_status })
    }

    /// Where one of its objects is kept.
    pub(super) fn key(&self, name: &str) -> Key {
        Key::new(&self.resource, &self.namespace, name)
    }
}

/// The decoded parts of a path.
pub(super) fn segments(path: &str) -> Vec<String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/api/v1/namespaces", "namespaces", "", None)]
    #[case("/api/v1/namespaces/shop", "namespaces", "", Some("shop"))]
    #[case("/api/v1/namespaces/shop/status", "namespaces", "", Some("shop"))]
    #[case("/api/v1/pods", "pods", "", None)]
    #[case("/api/v1/namespaces/shop/pods/web", "pods", "shop", Some("web"))]
    #[case("/apis/storage.k8s.io/v1/csidrivers/a%3Ab", "csidrivers", "", Some("a:b"))]
    fn a_path_names_a_kind_and_perhaps_a_namespace_and_an_object(
        #[case] path: &str,
        #[case] plural: &str,
        #[case] namespace: &str,
        #[case] name: Option<&str>,
    ) {
        let place = Place::find(path, &Store::default()).unwrap();

        assert_eq!(
            (&*place.resource.plural, &*place.namespace, place.name.as_deref()),
            (plural, namespace, name)
        );
    }

    #[rstest]
    #[case::unknown_kind("/api/v1/namespaces/shop/carts")]
    #[case::other_group("/apis/apps/v1/pods")]
    #[case::no_namespace("/api/v1/pods/web")]
    #[case::has_no_namespace("/api/v1/namespaces/shop/nodes")]
    #[case::has_no_status("/api/v1/namespaces/shop/secrets/a/status")]
    #[case::nowhere("/metrics")]
    fn nothing_is_served_elsewhere(#[case] path: &str) {
        assert!(Place::find(path, &Store::default()).is_none());
    }
}
