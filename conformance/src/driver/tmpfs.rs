//! The tmpfs over a volume's target path, modelled: mounting needs root, and what matters is which of two folders somebody sees.
//!
//! A mount covers the plain folder below it. Who opened that folder before goes on seeing it, which is how a container stays on
//! an empty volume; so the covered folder is moved aside and keeps its identity.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::clock::Clock;
use super::locked;

/// Mount points and the plain folders that they cover.
#[derive(Debug, Default)]
pub(super) struct Mounts(Mutex<BTreeMap<PathBuf, PathBuf>>);

impl Mounts {
    /// The driver's test: is another file system mounted here?
    pub(super) fn is_mounted(&self, target: &Path) -> bool {
        locked(&self.0).contains_key(target)
    }

    /// Covers a folder with a new and empty one.
    pub(super) fn mount(&self, target: &Path, clock: &Clock) -> io::Result<()> {
        let covered = target.with_file_name("covered");
        fs::rename(target, &covered)?;
        fs::create_dir(target)?;
        fs::set_permissions(target, Permissions::from_mode(0o1777))?;
        clock.stamp(target)?;
        locked(&self.0).insert(target.to_owned(), covered);
        Ok(())
    }

    /// Drops what is mounted with all that it holds; the covered folder is seen again.
    pub(super) fn unmount(&self, target: &Path) -> io::Result<()> {
        let Some(covered) = locked(&self.0).remove(target) else { return Ok(()) };
        // A root that cannot be read as a folder, for which the driver unmounts, may be none.
        match fs::remove_dir_all(target).or_else(|_| fs::remove_file(target)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(covered, target)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tempfile::TempDir;

    use super::super::clock::modified;
    use super::super::container::Container;
    use super::*;

    #[test]
    fn a_mount_covers_the_folder_and_unmounting_shows_it_again() {
        let folder = TempDir::new().unwrap();
        let target = folder.path().join("mount");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("plain"), "").unwrap();
        let (mounts, clock) = (Mounts::default(), Clock::new());

        mounts.mount(&target, &clock).unwrap();
        assert!(mounts.is_mounted(&target) && !target.join("plain").exists());
        fs::write(target.join("secret"), "").unwrap();
        mounts.unmount(&target).unwrap();

        assert!(!mounts.is_mounted(&target) && !target.join("secret").exists());
        assert!(target.join("plain").exists());
    }

    #[test]
    fn who_opened_the_folder_before_never_sees_the_mount() {
        let folder = TempDir::new().unwrap();
        let target = folder.path().join("mount");
        fs::create_dir(&target).unwrap();
        let (mounts, clock) = (Mounts::default(), Clock::new());

        let early = Container::start(&target).unwrap();
        mounts.mount(&target, &clock).unwrap();
        let late = Container::start(&target).unwrap();
        fs::write(target.join("secret"), "1").unwrap();

        assert_eq!(early.read("secret").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(late.read("secret").unwrap(), b"1");
    }

    #[test]
    fn a_new_mount_was_modified_now() {
        let folder = TempDir::new().unwrap();
        let (mounts, clock) = (Mounts::default(), Clock::new());
        let target = folder.path().join("mount");
        fs::create_dir(&target).unwrap();
        clock.move_to(clock.after(Duration::from_secs(3600)));

        mounts.mount(&target, &clock).unwrap();

        assert_eq!(modified(&target).unwrap(), std::time::SystemTime::try_from(clock.now()).unwrap());
    }
}
