//! Where a file appears in the volume.
//!
//! The driver refuses a whole answer for one bad path, and loses a file silently for a repeated one. So a path is parsed
//! into [`FilePath`], which holds the driver's rules, and a set of files is checked for conflicts before anything is read.
//! Rules: `validatePath` in `pkg/util/fileutil` of kubernetes-sigs/secrets-store-csi-driver, tag v1.6.0.

use std::fmt;
use std::str::FromStr;

const LONGEST_PATH: usize = 4096;
const LONGEST_ELEMENT: usize = 255;

/// What becomes of `/` in names: the parameter `pathTranslation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translation {
    /// Each `/` becomes this character.
    Replace(char),
    /// `/` separates directories.
    Keep,
}

impl Default for Translation {
    fn default() -> Self {
        Self::Replace('_')
    }
}

impl FromStr for Translation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.eq_ignore_ascii_case("false") {
            return Ok(Self::Keep);
        }
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(only), None) if only != '/' && only != '\0' => Ok(Self::Replace(only)),
            _ => Err(Error::Translation),
        }
    }
}

impl Translation {
    /// The file for an object that is called `name`.
    pub fn apply(self, name: &str) -> Result<FilePath, Error> {
        match self {
            Self::Replace(character) => name.replace('/', character.encode_utf8(&mut [0; 4])).parse(),
            // As the vendor's provider does: secret names may begin with a slash, paths must not.
            Self::Keep => name.strip_prefix('/').unwrap_or(name).parse(),
        }
    }
}

/// A path that the driver accepts: relative, clean, inside the volume.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(String);

impl FilePath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether one of the two would have to be a directory where the other is a file, or both are the same.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        let (shorter, longer) = if self.0.len() <= other.0.len() { (self, other) } else { (other, self) };
        longer.0.strip_prefix(&shorter.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Orders a path directly before the paths below it.
    pub fn elements(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FilePath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::Empty);
        }
        if text.starts_with('/') {
            return Err(Error::Absolute);
        }
        if text.len() > LONGEST_PATH {
            return Err(Error::TooLong);
        }
        if text.contains('\0') {
            return Err(Error::Nul);
        }
        // The driver keeps its own entries (`..data`, `..2026_…`) in the volume's root.
        if text.starts_with("..") && !text.starts_with("../") && text != ".." {
            return Err(Error::DriversOwn);
        }
        for element in text.split('/') {
            match element {
                ".." => mutate!(PathLeadsOut, return Err(Error::Traversal), {}),
                "." | "" => return Err(Error::NotClean),
                _ if element.len() > LONGEST_ELEMENT => return Err(Error::ElementTooLong),
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }
}

/// Why a text is no path, or no translation. The author of the class must change a name or an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing, or nothing but a leading slash.
    #[error("it is empty")]
    Empty,
    /// Starts with `/`.
    #[error("it is absolute, expected a path relative to the mount")]
    Absolute,
    /// Over 4,096 bytes.
    #[error("it is longer than {LONGEST_PATH} bytes")]
    TooLong,
    /// An element over 255 bytes.
    #[error("one of its elements is longer than {LONGEST_ELEMENT} bytes")]
    ElementTooLong,
    /// An element is `..`.
    #[error("it leads out of the mount with '..'")]
    Traversal,
    /// Starts with `..`.
    #[error("it starts with '..', which the driver keeps for itself")]
    DriversOwn,
    /// `a//b`, `a/`, `./a`.
    #[error("it has an empty element or one that is '.'")]
    NotClean,
    /// A zero byte.
    #[error("it holds a zero byte")]
    Nul,
    /// Not one character and not `False`.
    #[error("expected one character other than '/', or \"False\" to keep paths as directories")]
    Translation,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("test")]
    #[case("a/bc/d")]
    #[case("ab/c")]
    #[case("a/..b")]
    #[case("a b\\c\t")]
    #[case(".hidden")]
    #[case("数据/密码")]
    fn what_the_driver_writes_is_accepted(#[case] text: &str) {
        assert_eq!(text.parse::<FilePath>().unwrap().as_str(), text);
    }

    #[rstest]
    #[case("", Error::Empty)]
    #[case("/a", Error::Absolute)]
    #[case("..", Error::Traversal)]
    #[case("../a", Error::Traversal)]
    #[case("a/../b", Error::Traversal)]
    #[case("a/..", Error::Traversal)]
    #[case("..data", Error::DriversOwn)]
    #[case(".", Error::NotClean)]
    #[case("./a", Error::NotClean)]
    #[case("a//b", Error::NotClean)]
    #[case("a/", Error::NotClean)]
    #[case("a/./b", Error::NotClean)]
    #[case("a\0b", Error::Nul)]
    fn what_the_driver_refuses_is_refused(#[case] text: &str, #[case] expected: Error) {
        assert_eq!(text.parse::<FilePath>().unwrap_err(), expected);
    }

    #[test]
    fn lengths_are_bounded_by_path_and_element() {
        assert_eq!("a".repeat(256).parse::<FilePath>().unwrap_err(), Error::ElementTooLong);
        assert_eq!("a/".repeat(2049).parse::<FilePath>().unwrap_err(), Error::TooLong);
        assert!("a".repeat(255).parse::<FilePath>().is_ok());
    }

    #[rstest]
    #[case("_", "My/Path/Secret", "My_Path_Secret")]
    #[case("-", "My/Path/Secret", "My-Path-Secret")]
    #[case("False", "My/Path/Secret", "My/Path/Secret")]
    #[case("false", "/My/Path", "My/Path")]
    #[case("密", "a/b", "a密b")]
    fn translation_is_as_documented(#[case] translation: &str, #[case] name: &str, #[case] expected: &str) {
        let translation: Translation = translation.parse().unwrap();
        assert_eq!(translation.apply(name).unwrap().as_str(), expected);
    }

    #[rstest]
    #[case("")]
    #[case("/")]
    #[case("__")]
    #[case("True")]
    fn other_translations_are_refused(#[case] text: &str) {
        assert_eq!(text.parse::<Translation>().unwrap_err(), Error::Translation);
    }

    #[rstest]
    #[case("a", "a", true)]
    #[case("a", "a/b", true)]
    #[case("a/b", "a", true)]
    #[case("a", "ab", false)]
    #[case("a/b", "a/c", false)]
    fn a_file_cannot_be_a_directory_too(#[case] one: &str, #[case] other: &str, #[case] conflict: bool) {
        let (one, other): (FilePath, FilePath) = (one.parse().unwrap(), other.parse().unwrap());
        assert_eq!(one.conflicts_with(&other), conflict);
    }
}
