//! What the driver checks before it writes anything: rows 4 to 6 of its error handling and its rules for paths
//! (driver v1.6.0, `pkg/secrets-store/provider_client.go` and `pkg/util/fileutil`).

use std::collections::BTreeMap;

use super::protocol::MountResponse;

const MAX_PATH_BYTES: usize = 4096;
const MAX_FILE_NAME_BYTES: usize = 255;

/// The driver refuses an answer. The texts are the driver's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The provider filled the error field; the driver reads nothing else then.
    #[error("mount request failed with provider error code {code}")]
    ProviderErrorCode {
        /// `error.code`
        code: String,
    },
    /// No object version at all.
    #[error("missing object versions")]
    MissingObjectVersions,
    /// A path breaks a rule; nothing of the answer is written.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// A path that the driver does not write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No path.
    #[error("invalid path: must not be empty: {path:?}")]
    Empty {
        /// The path.
        path: String,
    },
    /// Starts with `/`.
    #[error("invalid path: must be relative path: {path}")]
    Absolute {
        /// The path.
        path: String,
    },
    /// Longer than 4096 bytes.
    #[error("invalid path: must be less than or equal to {MAX_PATH_BYTES} characters")]
    TooLong,
    /// Leaves its folder.
    #[error("invalid path: must not contain '..': {path}")]
    Traversal {
        /// The path.
        path: String,
    },
    /// An element of more than 255 bytes.
    #[error("invalid path: filenames must be less than or equal to {MAX_FILE_NAME_BYTES} characters")]
    LongFileName,
    /// Would stand beside the writer's own `..data`.
    #[error("invalid path: must not start with '..': {path}")]
    LeadingDots {
        /// The path.
        path: String,
    },
    /// Not in its shortest form.
    #[error("invalid filepath: {path:?}")]
    NotClean {
        /// The path.
        path: String,
    },
}

/// Checks an answer in the driver's order and returns the versions to store, last entry of an id wins.
pub(super) fn check(response: &MountResponse) -> Result<BTreeMap<String, String>, AnswerError> {
    let code = response.error.as_ref().map_or("", |error| &error.code);
    if !code.is_empty() {
        return Err(AnswerError::ProviderErrorCode { code: code.to_owned() });
    }
    if response.object_version.is_empty() {
        return Err(AnswerError::MissingObjectVersions);
    }
    response.files.iter().try_for_each(|file| check_path(&file.path))?;
    let versions = response.object_version.iter();
    Ok(versions.map(|object| (object.id.clone(), object.version.clone())).collect())
}

fn check_path(path: &str) -> Result<(), PathError> {
    let owned = || path.to_owned();
    if path.is_empty() {
        return Err(PathError::Empty { path: owned() });
    }
    if path.starts_with('/') {
        return Err(PathError::Absolute { path: owned() });
    }
    if path.len() > MAX_PATH_BYTES {
        return Err(PathError::TooLong);
    }
    for element in path.split('/') {
        if element == ".." {
            return Err(PathError::Traversal { path: owned() });
        }
        if element.len() > MAX_FILE_NAME_BYTES {
            return Err(PathError::LongFileName);
        }
    }
    if path.starts_with("..") {
        return Err(PathError::LeadingDots { path: owned() });
    }
    // The path `.` is its own clean form; it fails later, when the writer tries to replace it.
    if path != "." && path.split('/').any(|element| element.is_empty() || element == ".") {
        return Err(PathError::NotClean { path: owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::protocol::{Error, File, ObjectVersion};
    use super::*;

    #[rstest]
    #[case::name("password")]
    #[case::folders("a/b/c/d/e")]
    #[case::dots_later("a/..b")]
    #[case::hidden(".hidden/.x")]
    #[case::odd_characters("a b\\c\u{1}\n密")]
    #[case::longest_name(&"n".repeat(255))]
    #[case::lone_dot(".")]
    fn ordinary_paths_pass(#[case] path: &str) {
        assert_eq!(check_path(path), Ok(()));
    }

    #[rstest]
    #[case::empty("", "must not be empty")]
    #[case::absolute("/etc/passwd", "must be relative path")]
    #[case::too_long(&"a/".repeat(2049), "must be less than or equal to 4096")]
    #[case::long_element(&"n".repeat(256), "filenames must be less than or equal to 255")]
    #[case::parent("..", "must not contain '..'")]
    #[case::parent_inside("a/../b", "must not contain '..'")]
    #[case::leading_dots("..data", "must not start with '..'")]
    #[case::leading_dots_folder("..a/b", "must not start with '..'")]
    #[case::leading_dot("./a", r#"invalid filepath: "./a""#)]
    #[case::double_slash("a//b", r#"invalid filepath: "a//b""#)]
    #[case::trailing_slash("a/", r#"invalid filepath: "a/""#)]
    #[case::inner_dot("a/./b", r#"invalid filepath: "a/./b""#)]
    fn bad_paths_are_refused_in_the_drivers_words(#[case] path: &str, #[case] fragment: &str) {
        let message = check_path(path).unwrap_err().to_string();

        assert!(message.contains(fragment), "{message}");
    }

    fn version(id: &str, version: &str) -> ObjectVersion {
        ObjectVersion { id: id.into(), version: version.into() }
    }

    #[test]
    fn an_error_code_hides_everything_else() {
        let response = MountResponse {
            error: Some(Error { code: "AuthenticationFailed".into() }),
            ..MountResponse::default()
        };

        let message = check(&response).unwrap_err().to_string();

        assert_eq!(message, "mount request failed with provider error code AuthenticationFailed");
    }

    #[test]
    fn an_empty_error_code_is_no_error() {
        let response = MountResponse {
            error: Some(Error::default()),
            object_version: vec![version("a", "1")],
            ..MountResponse::default()
        };

        assert!(check(&response).is_ok());
    }

    #[test]
    fn an_answer_without_object_versions_is_refused() {
        let response = MountResponse {
            files: vec![File { path: "a".into(), ..File::default() }],
            ..MountResponse::default()
        };

        assert_eq!(check(&response), Err(AnswerError::MissingObjectVersions));
    }

    #[test]
    fn one_bad_path_fails_the_whole_answer() {
        let files = ["good", "../bad"].map(|path| File { path: path.into(), ..File::default() });
        let response = MountResponse {
            files: files.into(),
            object_version: vec![version("good", "1")],
            ..MountResponse::default()
        };

        assert!(matches!(check(&response), Err(AnswerError::Path(PathError::Traversal { .. }))));
    }

    #[test]
    fn the_last_version_of_an_id_wins() {
        let response = MountResponse {
            object_version: vec![version("b", "1"), version("a", "1"), version("b", "2")],
            ..MountResponse::default()
        };

        let versions = check(&response).unwrap();

        assert_eq!(versions, BTreeMap::from([("a".into(), "1".into()), ("b".into(), "2".into())]));
    }
}
