//! How the driver writes a volume so that a pod sees either all of the old content or all of the new
//! (driver v1.6.0, `pkg/util/fileutil/atomic_writer.go`, which descends from the kubelet's writer of Secret volumes).
//!
//! The files stand in a folder `..<time>.<digits>`; the symlink `..data` points to it, and one symlink per first path element
//! (`password` → `..data/password`) is what a pod reads. Swapping `..data` is the only moment at which the view changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::protocol::File;

const DATA: &str = "..data";
const NEW_DATA: &str = "..data_tmp";

/// What became of an answer's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The answer named no file: what is there stays.
    NoFiles,
    /// Every file has the bytes it had: nothing on disk was touched.
    Unchanged,
    /// The view was swapped.
    Written,
}

/// Content and mode by path; a later entry of the same path wins.
type Payload<'a> = BTreeMap<&'a str, &'a File>;

/// Makes the volume at `target` show exactly these files. On failure the old view stays valid.
pub fn write(target: &Path, files: &[File]) -> io::Result<WriteOutcome> {
    if files.is_empty() {
        return Ok(WriteOutcome::NoFiles);
    }
    let payload: Payload<'_> = files.iter().map(|file| (file.path.as_str(), file)).collect();
    remove_legacy_files(target, &payload)?;
    let old = current_folder(target)?;
    let stale = stale_paths(old.as_deref(), &payload)?;
    if let Some(old) = &old
        && stale.is_empty()
        && !differs(old, &payload)
    {
        return Ok(WriteOutcome::Unchanged);
    }
    let new = write_timestamp_folder(target, &payload)?;
    swap(target, &new)?;
    link_first_elements(target, &payload)?;
    unlink_stale_elements(target, &stale, &payload)?;
    if let Some(old) = old {
        fs::remove_dir_all(old)?;
    }
    Ok(WriteOutcome::Written)
}

/// A provider of the old kind may have written plain files where the symlinks must stand.
fn remove_legacy_files(target: &Path, payload: &Payload<'_>) -> io::Result<()> {
    for element in first_elements(payload) {
        if element == "." {
            // Go's `os.RemoveAll` refuses a path that ends in `.`.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "invalid argument: ."));
        }
        let path = target.join(element);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path)?,
            Ok(metadata) if !metadata.is_symlink() => fs::remove_file(path)?,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn first_elements<'a>(payload: &Payload<'a>) -> BTreeSet<&'a str> {
    payload.keys().map(|path| first_element(path)).collect()
}

fn first_element(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

fn current_folder(target: &Path) -> io::Result<Option<PathBuf>> {
    match fs::read_link(target.join(DATA)) {
        Ok(link) => Ok(Some(target.join(link))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Files of the old view that the payload no longer holds.
fn stale_paths(old: Option<&Path>, payload: &Payload<'_>) -> io::Result<BTreeSet<String>> {
    let Some(old) = old else { return Ok(BTreeSet::new()) };
    let mut paths = files_below(old)?;
    paths.retain(|path| !payload.contains_key(path.as_str()));
    Ok(paths)
}

/// Relative paths of all files below a folder.
pub(crate) fn files_below(folder: &Path) -> io::Result<BTreeSet<String>> {
    let mut paths = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(current)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(relative) = path.strip_prefix(folder) {
                paths.insert(relative.to_string_lossy().into_owned());
            }
        }
    }
    Ok(paths)
}

/// Only bytes count: a change of mode alone is not seen. An unreadable old file counts as different.
fn differs(old: &Path, payload: &Payload<'_>) -> bool {
    payload.iter().any(|(path, file)| fs::read(old.join(path)).ok().as_deref() != Some(&file.contents))
}

/// `..YYYY_MM_DD_hh_mm_ss.<digits>`, filled. When it cannot be filled it stays behind, as the driver leaves it.
fn write_timestamp_folder(target: &Path, payload: &Payload<'_>) -> io::Result<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the driver names the folder after the real time; nothing depends on it"
    )]
    let now = jiff::Timestamp::now();
    let digits = uuid::Uuid::new_v4().as_u128() % 10_000_000_000;
    let folder = target.join(format!("{}.{digits}", now.strftime("..%Y_%m_%d_%H_%M_%S")));
    fs::create_dir(&folder)?;
    fs::set_permissions(&folder, Permissions::from_mode(0o755))?;
    for (path, file) in payload {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, &file.contents)?;
        // chmod, because creating with a mode would be subject to the umask.
        fs::set_permissions(&path, Permissions::from_mode(file.mode.cast_unsigned() & 0o777))?;
    }
    Ok(folder)
}

fn swap(target: &Path, new: &Path) -> io::Result<()> {
    let link = target.join(NEW_DATA);
    symlink(new.file_name().unwrap_or_default(), &link)?;
    fs::rename(link, target.join(DATA))
}

fn link_first_elements(target: &Path, payload: &Payload<'_>) -> io::Result<()> {
    for element in first_elements(payload) {
        let link = target.join(element);
        if fs::symlink_metadata(&link).is_err() {
            symlink(Path::new(DATA).join(element), link)?;
        }
    }
    Ok(())
}

fn unlink_stale_elements(target: &Path, stale: &BTreeSet<String>, payload: &Payload<'_>) -> io::Result<()> {
    let kept = first_elements(payload);
    let gone: BTreeSet<_> =
        stale.iter().map(|path| first_element(path)).filter(|element| !kept.contains(element)).collect();
    gone.into_iter().try_for_each(|element| fs::remove_file(target.join(element)))
}

#[cfg(test)]
mod tests {
    use rstest::{fixture, rstest};
    use tempfile::TempDir;

    use super::*;

    #[fixture]
    fn target() -> TempDir {
        TempDir::new().unwrap()
    }

    fn file(path: &str, contents: &str) -> File {
        File { path: path.into(), mode: 0o644, contents: contents.into() }
    }

    fn read(target: &TempDir, path: &str) -> String {
        fs::read_to_string(target.path().join(path)).unwrap()
    }

    fn entries(target: &TempDir) -> BTreeSet<String> {
        let names = fs::read_dir(target.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !is_timestamp_folder(name)).collect()
    }

    fn timestamp_folders(target: &TempDir) -> usize {
        let names = fs::read_dir(target.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| is_timestamp_folder(name)).count()
    }

    fn is_timestamp_folder(name: &str) -> bool {
        name.starts_with("..2")
    }

    #[rstest]
    fn one_link_per_first_element_leads_through_data(target: TempDir) {
        let outcome = write(target.path(), &[file("a", "1"), file("b/c", "2"), file("b/d", "3")]).unwrap();

        assert_eq!(outcome, WriteOutcome::Written);
        assert_eq!(entries(&target), ["..data", "a", "b"].map(String::from).into());
        assert_eq!(fs::read_link(target.path().join("b")).unwrap(), Path::new("..data/b"));
        assert_eq!((read(&target, "a"), read(&target, "b/d")), ("1".into(), "3".into()));
    }

    #[rstest]
    fn the_folder_is_named_after_the_time_with_digits(target: TempDir) {
        write(target.path(), &[file("a", "1")]).unwrap();

        let name = fs::read_link(target.path().join(DATA)).unwrap().into_os_string().into_string().unwrap();
        let (time, digits) = name.strip_prefix("..").unwrap().split_once('.').unwrap();
        assert_eq!(time.split('_').map(str::len).collect::<Vec<_>>(), [4, 2, 2, 2, 2, 2]);
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
    }

    #[rstest]
    fn equal_bytes_touch_nothing(target: TempDir) {
        write(target.path(), &[file("a", "1")]).unwrap();
        let before = (
            fs::read_link(target.path().join(DATA)).unwrap(),
            fs::metadata(target.path()).unwrap().modified().unwrap(),
        );

        let again = File { mode: 0o400, ..file("a", "1") };
        let outcome = write(target.path(), &[again]).unwrap();

        assert_eq!(outcome, WriteOutcome::Unchanged);
        assert_eq!(
            (
                fs::read_link(target.path().join(DATA)).unwrap(),
                fs::metadata(target.path()).unwrap().modified().unwrap()
            ),
            before
        );
        assert_eq!(fs::metadata(target.path().join("a")).unwrap().permissions().mode() & 0o777, 0o644);
    }

    #[rstest]
    fn changed_bytes_swap_the_view_and_drop_the_old_folder(target: TempDir) {
        write(target.path(), &[file("a", "1"), file("b", "1")]).unwrap();

        let outcome = write(target.path(), &[file("a", "2"), file("b", "1")]).unwrap();

        assert_eq!(outcome, WriteOutcome::Written);
        assert_eq!((read(&target, "a"), timestamp_folders(&target)), ("2".into(), 1));
    }

    #[rstest]
    fn files_missing_from_the_answer_vanish(target: TempDir) {
        write(target.path(), &[file("a", "1"), file("b/c", "1"), file("b/d", "1")]).unwrap();

        write(target.path(), &[file("b/d", "1")]).unwrap();

        assert_eq!(entries(&target), ["..data", "b"].map(String::from).into());
        assert!(!target.path().join("b/c").exists());
    }

    #[rstest]
    fn an_answer_without_files_keeps_what_is_there(target: TempDir) {
        write(target.path(), &[file("a", "1")]).unwrap();

        let outcome = write(target.path(), &[]).unwrap();

        assert_eq!(outcome, WriteOutcome::NoFiles);
        assert_eq!(read(&target, "a"), "1");
    }

    #[rstest]
    #[case(0o644, 0o644)]
    #[case(0o777, 0o777)]
    #[case(0, 0)]
    #[case(0o100_640, 0o640)]
    fn the_low_nine_bits_become_the_mode(target: TempDir, #[case] mode: i32, #[case] expected: u32) {
        write(target.path(), &[File { mode, ..file("a", "1") }]).unwrap();

        let permissions = fs::metadata(target.path().join("a")).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o7777, expected);
    }

    #[rstest]
    fn the_last_of_two_equal_paths_wins(target: TempDir) {
        write(target.path(), &[file("a", "first"), file("a", "last")]).unwrap();

        assert_eq!(read(&target, "a"), "last");
    }

    #[rstest]
    #[case::file_first([file("foo", "1"), file("foo/bar", "2")])]
    #[case::folder_first([file("foo/bar", "2"), file("foo", "1")])]
    fn a_file_and_a_folder_of_one_name_fail_and_keep_the_old_view(target: TempDir, #[case] files: [File; 2]) {
        write(target.path(), &[file("old", "1")]).unwrap();

        assert!(write(target.path(), &files).is_err());

        assert_eq!(read(&target, "old"), "1");
        assert_eq!(timestamp_folders(&target), 2, "the half-written folder stays, as the driver leaves it");
    }

    #[rstest]
    fn plain_files_of_old_providers_give_way(target: TempDir) {
        fs::write(target.path().join("a"), "legacy").unwrap();
        fs::create_dir(target.path().join("b")).unwrap();

        write(target.path(), &[file("a", "1"), file("b/c", "2")]).unwrap();

        assert_eq!((read(&target, "a"), read(&target, "b/c")), ("1".into(), "2".into()));
    }

    #[rstest]
    fn the_path_dot_fails_when_it_should_give_way(target: TempDir) {
        assert!(write(target.path(), &[file(".", "1")]).is_err());
    }
}
