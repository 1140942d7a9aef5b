//! The files that a command is given.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

/// Several times what the API server takes for one manifest.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A file.
#[derive(Debug)]
pub struct Input {
    /// How messages call it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Reads all of `files`; standard input for `-`, or if there are none.
pub fn read_all(files: &[PathBuf]) -> Result<Vec<Input>, Error> {
    match files {
        [] => Ok(vec![read(Path::new("-"))?]),
        files => files.iter().map(|file| read(file)).collect(),
    }
}

/// Reads `file`; standard input for `-`.
pub fn read(file: &Path) -> Result<Input, Error> {
    let name = if file == Path::new("-") { "stdin".to_owned() } else { file.display().to_string() };
    let mut text = String::new();
    let result = if file == Path::new("-") {
        if io::stdin().is_terminal() {
            return Err(Error::NoInput);
        }
        io::stdin().take(LARGEST + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|open| open.take(LARGEST + 1).read_to_string(&mut text))
    };
    match result {
        Ok(size) if size as u64 > LARGEST => Err(Error::TooLarge { name }),
        Ok(_) => Ok(Input { name, text }),
        Err(source) => Err(Error::Unreadable { name, source }),
    }
}

/// There is nothing to work on. The caller must name something else.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody would type a manifest.
    #[error("no FILE is named and standard input is a terminal; name the manifests to read")]
    NoInput,
    /// No such file, a directory, no UTF-8, ….
    #[error("{name} cannot be read: {source}")]
    Unreadable {
        /// Which.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// No manifest is that large.
    #[error("{name} has more than {LARGEST} bytes")]
    TooLarge {
        /// Which.
        name: String,
    },
}
