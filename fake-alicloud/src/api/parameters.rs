//! Reading the parameters of an operation.

use crate::request::Request;

/// The merged parameters of query and form. An empty value counts as absent, as at the gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'a>(&'a Request);

impl<'a> Parameters<'a> {
    pub(crate) fn new(request: &'a Request) -> Self {
        Self(request)
    }

    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.0.parameter(name).filter(|value| !value.is_empty())
    }

    /// Whether they came by POST.
    pub(crate) fn posted(self) -> bool {
        self.0.method == "POST"
    }

    /// A boolean in any letter case (some clients send `True`); an error if it is something else.
    pub(crate) fn boolean(self, name: &'static str) -> Result<Option<bool>, NotBoolean> {
        match self.text(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(NotBoolean(name)),
        }
    }
}

/// The named parameter is neither true nor false.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotBoolean(pub(crate) &'static str);

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &str) -> Request {
        Request::new("GET", "/", query, http::HeaderMap::new(), Vec::new())
    }

    #[rstest::rstest]
    #[case("Flag=true", Ok(Some(true)))]
    #[case("Flag=True", Ok(Some(true)))]
    #[case("Flag=FALSE", Ok(Some(false)))]
    #[case("Flag=", Ok(None))]
    #[case("", Ok(None))]
    #[case("Flag=1", Err(NotBoolean("Flag")))]
    fn booleans_come_in_any_letter_case(#[case] query: &str, #[case] read: Result<Option<bool>, NotBoolean>) {
        assert_eq!(Parameters::new(&request(query)).boolean("Flag"), read);
    }
}
