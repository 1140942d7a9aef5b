//! The driver's protocol, generated from `proto/driver.proto`.
//!
//! Messages with secrets or tokens get a `Debug` that shows sizes and names, never contents.

use std::fmt;

pub use generated::csi_driver_provider_client::CsiDriverProviderClient;
pub use generated::csi_driver_provider_server::{CsiDriverProvider, CsiDriverProviderServer};
pub use generated::{
    Error, File, MountRequest, MountResponse, ObjectVersion, VersionRequest, VersionResponse,
};

mod generated {
    #![allow(
        missing_docs,
        unreachable_pub,
        unused_qualifications,
        clippy::allow_attributes_without_reason,
        clippy::pedantic,
        reason = "generated code follows its generator's style"
    )]
    tonic::include_proto!("v1alpha1");
}

impl fmt::Debug for MountRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MountRequest")
            .field("attributes.len", &self.attributes.len())
            .field("secrets.len", &self.secrets.len())
            .field("target_path", &self.target_path)
            .field("permission", &self.permission)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MountResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MountResponse")
            .field("object_version", &self.object_version)
            .field("error", &self.error)
            .field("files", &self.files)
            .finish()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("path", &self.path)
            .field("mode", &format_args!("{:04o}", self.mode))
            .field("contents.len", &self.contents.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_sizes_and_never_contents() {
        let request = MountRequest {
            attributes: r#"{"token":"very-secret-token"}"#.into(),
            secrets: r#"{"access_secret":"very-secret-key"}"#.into(),
            ..MountRequest::default()
        };
        let file = File { path: "a".into(), mode: 0o644, contents: b"very-secret-value".to_vec() };
        let response = MountResponse { files: vec![file], ..MountResponse::default() };

        let text = format!("{request:?} {response:?}");

        assert!(!text.contains("very-secret"), "{text}");
        assert!(text.contains("0644") && text.contains("contents.len: 17"), "{text}");
    }
}
