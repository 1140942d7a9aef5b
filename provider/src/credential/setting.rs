//! One credential setting: `NAME` holds its text, or `NAME_FILE` names a file that does.
//!
//! A file is looked at on every use and read again when it changed, so that keys rotate without a restart and need not
//! stand in the environment. Surrounding white space does no harm, since values often come from `echo … | base64`.

use std::fmt;
use std::fs::{self, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::sensitive::Sensitive;

/// No setting is longer; a token has at most 20,000 characters.
const LONGEST: u64 = 64 * 1024;

/// Makes a value of trimmed text, or says what was expected. It must not repeat the text.
pub type Parse<T> = fn(&str) -> Result<T, String>;

/// A setting that is there.
pub struct Setting<T> {
    name: &'static str,
    origin: Origin<T>,
}

enum Origin<T> {
    Text(Arc<T>),
    File { path: PathBuf, parse: Parse<T>, seen: Mutex<Option<(Stamp, Arc<T>)>> },
}

/// What differs when a file was written or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl From<Metadata> for Stamp {
    fn from(metadata: Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Self { inode: metadata.ino(), length: metadata.len(), modified }
    }
}

impl<T> Setting<T> {
    /// From the values of `name` and `name_FILE`. Neither set means that there is no such setting; both set is a mistake.
    pub fn new(
        name: &'static str,
        text: Option<Sensitive<String>>,
        file: Option<PathBuf>,
        parse: Parse<T>,
    ) -> Result<Option<Self>, Error> {
        let text = text.filter(|text| !text.expose().trim().is_empty());
        let file = file.filter(|path| !path.as_os_str().is_empty());
        let origin = match (text, file) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return Err(Error::Twice { name }),
            (Some(text), None) => {
                let value = parse(text.expose().trim()).map_err(|reason| Error::Text { name, reason })?;
                Origin::Text(Arc::new(value))
            }
            (None, Some(path)) => Origin::File { path, parse, seen: Mutex::default() },
        };
        let setting = Self { name, origin };
        // A mistake in a file is found at the start, too.
        setting.value()?;
        Ok(Some(setting))
    }

    /// The value as it is now.
    pub fn value(&self) -> Result<Arc<T>, Error> {
        let (path, parse, seen) = match &self.origin {
            Origin::Text(value) => return Ok(Arc::clone(value)),
            Origin::File { path, parse, seen } => (path, parse, seen),
        };
        let failed = |reason: String| Error::File { name: self.name, path: path.clone(), reason };
        let stamp = fs::metadata(path).map_err(|error| failed(error.to_string()))?.into();
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = seen.as_ref().filter(|(known, _)| *known == stamp) {
            return Ok(Arc::clone(value));
        }
        let text = read(path).map_err(failed)?;
        let value = Arc::new(parse(text.expose()).map_err(failed)?);
        *seen = Some((stamp, Arc::clone(&value)));
        Ok(value)
    }
}

/// Reads a short text file, trimmed.
pub fn read(path: &Path) -> Result<Sensitive<String>, String> {
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    // Growing would leave copies behind that are not wiped.
    let mut bytes = Sensitive::from(Vec::with_capacity(usize::try_from(LONGEST).unwrap_or(usize::MAX) + 2));
    file.take(LONGEST + 1).read_to_end(bytes.expose_mut()).map_err(|error| error.to_string())?;
    if bytes.expose().len() as u64 > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    match std::str::from_utf8(bytes.expose()).map(str::trim) {
        Ok("") => Err("it is empty".to_owned()),
        Ok(text) => Ok(text.into()),
        Err(_) => Err("it is no UTF-8 text".to_owned()),
    }
}

/// Parses a text that must not be shown.
pub fn sensitive(text: &str) -> Result<Sensitive<String>, String> {
    Ok(text.into())
}

impl<T> fmt::Debug for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Text(_) => write!(f, "{}", self.name),
            Origin::File { path, .. } => write!(f, "{}_FILE={}", self.name, path.display()),
        }
    }
}

/// A setting that cannot be used. The operator must correct it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Two places.
    #[error("both {name} and {name}_FILE are set; set one of them")]
    Twice {
        /// Which.
        name: &'static str,
    },
    /// Wrong text.
    #[error("{name}: {reason}")]
    Text {
        /// Which.
        name: &'static str,
        /// What was expected.
        reason: String,
    },
    /// Wrong file.
    #[error("{name}_FILE: {}: {reason}", path.display())]
    File {
        /// Which.
        name: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tempfile::TempDir;

    fn number(text: &str) -> Result<u32, String> {
        text.parse().map_err(|_| "expected a number".to_owned())
    }

    fn setting(text: Option<&str>, file: Option<&Path>) -> Result<Option<Setting<u32>>, Error> {
        Setting::new("NUMBER", text.map(Into::into), file.map(Into::into), number)
    }

    #[test]
    fn white_space_around_a_value_does_no_harm() {
        assert_eq!(*setting(Some(" 7\n"), None).unwrap().unwrap().value().unwrap(), 7);
    }

    #[rstest]
    #[case(None)]
    #[case(Some(""))]
    #[case(Some(" \n"))]
    fn empty_means_not_set(#[case] text: Option<&str>) {
        assert!(setting(text, None).unwrap().is_none());
    }

    #[test]
    fn a_file_is_read_again_when_it_is_replaced() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("number");
        fs::write(&path, "1\n").unwrap();
        let setting = setting(None, Some(&path)).unwrap().unwrap();
        assert_eq!(*setting.value().unwrap(), 1);
        let next = directory.path().join("next");
        fs::write(&next, "2\n").unwrap();
        fs::rename(&next, &path).unwrap();
        assert_eq!(*setting.value().unwrap(), 2);
    }

    #[test]
    fn a_file_that_is_gone_is_an_error_and_not_its_last_value() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("number");
        fs::write(&path, "1").unwrap();
        let setting = setting(None, Some(&path)).unwrap().unwrap();
        fs::remove_file(&path).unwrap();
        let message = setting.value().unwrap_err().to_string();
        assert!(message.starts_with("NUMBER_FILE: ") && message.contains("No such file"), "{message}");
    }

    #[rstest]
    #[case::empty(" \n", "it is empty")]
    #[case::binary([0xff, 0xfe], "it is no UTF-8 text")]
    #[case::wrong("hunter2", "expected a number")]
    #[case::long("1".repeat(70_000), "longer than 65536 bytes")]
    fn a_wrong_file_is_found_at_the_start(#[case] content: impl AsRef<[u8]>, #[case] expected: &str) {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("number");
        fs::write(&path, content).unwrap();
        let message = setting(None, Some(&path)).unwrap_err().to_string();
        assert!(message.contains(expected) && !message.contains("hunter2"), "{message}");
    }

    #[test]
    fn two_places_for_one_value_are_a_mistake() {
        let message = setting(Some("1"), Some(Path::new("/n"))).unwrap_err().to_string();
        assert_eq!(message, "both NUMBER and NUMBER_FILE are set; set one of them");
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(format!("{:?}", setting(Some("7"), None).unwrap().unwrap()), "NUMBER");
    }
}
