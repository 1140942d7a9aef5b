//! What stands in a synchronized Secret (`pkg/util/secretutil/secret.go` and `pkg/util/fileutil/filesystem.go` at v1.6.0).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::SecretObject;
use super::tls::{self, TlsError};

/// A Secret cannot be made of the mounted files. The texts are the driver's.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum ContentError {
    #[error("object name in secretObjects.data")]
    NoObjectName,
    #[error("key in secretObjects.data is empty")]
    NoKey,
    #[error("file matching objectName {0} not found in the pod")]
    NoFile(String),
    #[error("failed to read file {0}, err: {1}")]
    Read(String, io::Error),
    #[error("failed to get cert data from file {}, err: {}", .0.display(), .1)]
    Tls(PathBuf, TlsError),
}

/// Checks what must be filled in for any Secret. The texts are the driver's.
pub(in super::super) fn check(object: &SecretObject) -> Result<(), &'static str> {
    if object.secret_name.is_empty() {
        return Err("secret name is empty");
    }
    if object.secret_type.is_empty() {
        return Err("secret type is empty");
    }
    if object.data.is_empty() {
        return Err("data is empty");
    }
    Ok(())
}

/// The files of a volume: their places by path. The writer's own entries are left out, its links are followed.
pub(in super::super) fn mounted_files(target: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(target)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("..") {
            continue;
        }
        let place = if entry.file_type()?.is_symlink() {
            target.join(fs::read_link(entry.path())?)
        } else {
            entry.path()
        };
        walk(&place, &name, &mut files)?;
    }
    Ok(files)
}

fn walk(place: &Path, path: &str, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    if !fs::symlink_metadata(place)?.is_dir() {
        files.insert(path.to_owned(), place.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        walk(&entry.path(), &format!("{path}/{}", entry.file_name().to_string_lossy()), files)?;
    }
    Ok(())
}

/// The content of each key. TLS Secrets hold parts of certificates, all others the bytes of the files.
pub(in super::super) fn data(
    object: &SecretObject,
    files: &BTreeMap<String, PathBuf>,
) -> Result<BTreeMap<String, Vec<u8>>, ContentError> {
    let mut data = BTreeMap::new();
    for item in &object.data {
        let (name, key) = (item.object_name.trim(), item.key.trim());
        if name.is_empty() {
            return Err(ContentError::NoObjectName);
        }
        if key.is_empty() {
            return Err(ContentError::NoKey);
        }
        let place = files.get(name).ok_or_else(|| ContentError::NoFile(name.into()))?;
        let bytes = fs::read(place).map_err(|error| ContentError::Read(name.into(), error))?;
        let bytes = if object.secret_type.trim() == "kubernetes.io/tls" {
            tls::part(&bytes, key).map_err(|error| ContentError::Tls(place.clone(), error))?
        } else {
            bytes
        };
        data.insert(key.to_owned(), bytes);
    }
    Ok(data)
}
