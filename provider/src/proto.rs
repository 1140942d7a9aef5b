//! The driver's protocol, generated from `proto/service.proto`, and what the generator leaves to us: messages that carry
//! secrets show none of them in `Debug` and wipe them when they go.

use std::fmt;

use zeroize::Zeroize;

pub use generated::*;

mod generated {
    #![allow(
        missing_docs,
        unused_qualifications,
        clippy::allow_attributes_without_reason,
        clippy::pedantic,
        reason = "generated; the documentation is in service.proto"
    )]
    tonic::include_proto!("v1alpha1");
}

impl fmt::Debug for MountRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MountRequest").field("target_path", &self.target_path).finish_non_exhaustive()
    }
}

impl Drop for MountRequest {
    fn drop(&mut self) {
        self.attributes.zeroize();
        self.secrets.zeroize();
    }
}

impl fmt::Debug for MountResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MountResponse").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("path", &self.path).field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.contents.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_show_no_secret() {
        let request = MountRequest {
            attributes: "hunter2".into(),
            secrets: "hunter2".into(),
            target_path: "/t".into(),
            permission: "420".into(),
            current_object_version: Vec::new(),
        };
        let file = File { path: "db".into(), mode: 0o644, contents: b"hunter2".to_vec() };
        let response = MountResponse { files: vec![file], ..Default::default() };
        let shown = format!("{request:?} {response:?} {:?}", response.files);
        assert!(!shown.contains("hunter2") && !shown.contains("104, 117"), "{shown}");
    }
}
