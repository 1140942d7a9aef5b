//! A running container, as far as its volume goes.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use super::atomic_writer::files_below;

/// Sees the folder that stood at the target path when it started, whatever is mounted over it later.
#[derive(Debug)]
pub struct Container {
    volume: File,
}

impl Container {
    /// Binds what stands at the target path now.
    pub(super) fn start(target: &Path) -> io::Result<Self> {
        Ok(Self { volume: File::open(target)? })
    }

    /// Reads a file of the volume, through the links that the driver made.
    pub fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.volume().join(path))
    }

    /// The files of the volume.
    pub fn files(&self) -> io::Result<BTreeSet<String>> {
        match files_below(&self.volume().join("..data")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            files => files,
        }
    }

    /// The folder behind the open file, wherever it was moved.
    pub fn volume(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.volume.as_raw_fd()))
    }
}
