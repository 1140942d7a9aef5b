//! Noticing a provider that writes into the volume itself. Files belong into its answer: the driver swaps them in at once, and
//! what else stands there confuses it or shows a pod half a change.

use std::fs;
use std::path::Path;

/// What stands at the top of a volume and is not the atomic writer's: neither its folders and its link, nor a link through them.
pub(super) fn strangers(target: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(target) else { return Vec::new() };
    let is_stranger = |entry: &fs::DirEntry| {
        let is_writers = entry.file_name().as_encoded_bytes().starts_with(b"..");
        !is_writers && !fs::read_link(entry.path()).is_ok_and(|link| link.starts_with("..data"))
    };
    let strangers = entries.filter_map(Result::ok).filter(is_stranger);
    strangers.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::protocol::File;
    use crate::driver::write_atomically;

    #[test]
    fn the_writers_own_entries_are_none_and_a_file_of_another_is() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = |path: &str| File { path: path.into(), mode: 0o644, contents: b"value".to_vec() };
        write_atomically(folder.path(), &[file("a"), file("b/c")]).unwrap();
        assert_eq!(strangers(folder.path()), Vec::<String>::new());

        fs::write(folder.path().join("mine"), "value").unwrap();

        assert_eq!(strangers(folder.path()), ["mine"]);
    }
}
