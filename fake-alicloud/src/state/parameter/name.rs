//! Names of parameters, and the folders that their slashes make.
//!
//! The published rule speaks of letters, digits, `-` and `_`; the examples of the path operations have slashes too.

use std::fmt;

use super::super::name::NameError;

/// The two families of parameters. Each has operations, resources in policies and names of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    /// Secret parameters, which the documentation also calls encryption parameters.
    Secret,
    /// Plain ones.
    Common,
}

/// The name of a parameter, without account and region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ParameterName(String);

impl ParameterName {
    /// Beginnings of names that the cloud keeps to itself. One page writes them in capitals, another small.
    const RESERVED: [&str; 5] = ["aliyun", "acs", "alibaba", "alicloud", "oos"];

    pub(crate) fn parse(text: &str, family: Family) -> Result<Self, NameError> {
        let (limit, rule) = match family {
            Family::Secret => (180, "1 to 180 letters, digits, '-' or '_', in parts joined by '/'"),
            Family::Common => (200, "1 to 200 letters, digits, '-' or '_', in parts joined by '/'"),
        };
        let fits = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if text.len() <= limit && text.strip_prefix('/').unwrap_or(text).split('/').all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::new("the name of a parameter", rule))
        }
    }

    /// Whether the beginning of the name is not for users.
    pub(crate) fn is_reserved(&self) -> bool {
        let name = self.0.to_ascii_lowercase();
        Self::RESERVED.iter().any(|beginning| name.starts_with(beginning))
    }
}

impl AsRef<str> for ParameterName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ParameterName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A folder of parameters, as `/a` or `/a/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParameterPath {
    /// The beginning of the names in it, which ends in a slash.
    prefix: String,
}

/// How far below a path to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// At the path itself.
    Children,
    /// At the path and all below it.
    Descendants,
}

impl ParameterPath {
    pub(crate) fn parse(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new("a path", "1 to 200 characters, the beginning of a name up to a '/'");
        if text.is_empty() || text.chars().count() > 200 {
            return Err(error());
        }
        let folder = text.strip_suffix('/').unwrap_or(text);
        // A folder has the form of a name; the root is the one that does not.
        if !folder.is_empty() && ParameterName::parse(folder, Family::Common).is_err() {
            return Err(error());
        }
        Ok(Self { prefix: format!("{folder}/") })
    }

    pub(crate) fn holds(&self, name: &ParameterName, depth: Depth) -> bool {
        match name.0.strip_prefix(&self.prefix) {
            None => false,
            Some(rest) => depth == Depth::Descendants || !rest.contains('/'),
        }
    }
}

/// What a client calls one of its requests, so that a repetition is recognised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientToken(String);

impl ClientToken {
    pub(crate) fn parse(text: &str) -> Result<Self, NameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::new("a client token", "1 to 64 letters, digits, '-' or '_'"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ParameterName {
        ParameterName::parse(text, Family::Common).expect("a name")
    }

    #[rstest::rstest]
    #[case("MySecret_Parameter-1", true)]
    #[case("/path/path1/Myparameter", true)]
    #[case("prod/database/password", true)]
    #[case(&"n".repeat(180), true)]
    #[case(&"n".repeat(181), false)]
    #[case("", false)]
    #[case("/", false)]
    #[case("a//b", false)]
    #[case("a/", false)]
    #[case("a.b", false)]
    #[case("with blank", false)]
    #[case("密", false)]
    fn names_are_made_of_parts(#[case] text: &str, #[case] allowed: bool) {
        assert_eq!(ParameterName::parse(text, Family::Secret).is_ok(), allowed);
    }

    #[test]
    fn plain_names_may_be_longer() {
        assert!(ParameterName::parse(&"n".repeat(200), Family::Common).is_ok());
        assert!(ParameterName::parse(&"n".repeat(201), Family::Common).is_err());
    }

    #[rstest::rstest]
    #[case("aliyun/services", true)]
    #[case("ACS-x", true)]
    #[case("Oos", true)]
    #[case("/oos", false)]
    #[case("my-oos", false)]
    fn some_beginnings_are_reserved(#[case] text: &str, #[case] reserved: bool) {
        assert_eq!(name(text).is_reserved(), reserved);
    }

    #[rstest::rstest]
    #[case("/a", "/a/x", true, true)]
    #[case("/a/", "/a/x", true, true)]
    #[case("/a", "/a/b/x", false, true)]
    #[case("/a", "/ab/x", false, false)]
    #[case("/a", "/a", false, false)]
    #[case("/a", "a/x", false, false)]
    #[case("a", "a/x", true, true)]
    #[case("/", "/x", true, true)]
    #[case("/", "/a/x", false, true)]
    #[case("/", "x", false, false)]
    fn a_path_holds_what_its_depth_reaches(
        #[case] path: &str,
        #[case] text: &str,
        #[case] child: bool,
        #[case] descendant: bool,
    ) {
        let path = ParameterPath::parse(path).expect("a path");
        assert_eq!(path.holds(&name(text), Depth::Children), child);
        assert_eq!(path.holds(&name(text), Depth::Descendants), descendant);
    }

    #[rstest::rstest]
    #[case("")]
    #[case("//")]
    #[case("a b")]
    #[case(&"n".repeat(201))]
    fn anything_else_is_no_path(#[case] text: &str) {
        assert!(ParameterPath::parse(text).is_err());
    }

    #[test]
    fn client_tokens_follow_the_published_rule() {
        assert!(ClientToken::parse("123e4567-e89b_12d3").is_ok());
        for text in ["", "a b", &"t".repeat(65)] {
            assert!(ClientToken::parse(text).is_err(), "{text}");
        }
    }
}
