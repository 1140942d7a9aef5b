//! What the cloud's error codes mean to a caller.
//!
//! Codes are matched by name and family; the status counts only where the name says nothing, since the documents
//! contradict each other on statuses.

/// A refusal, sorted by who can do something about it. A closed set: it also labels metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The resource does not exist (author of the class).
    NotFound,
    /// The identity lacks a permission (administrator of the account).
    Denied,
    /// The key or token is unknown, disabled, expired or does not match (operator).
    Credential,
    /// The node's clock is off by more than 15 minutes (operator).
    Clock,
    /// Too many requests; later ones may pass.
    Throttled,
    /// The cloud is in trouble; later requests may pass.
    Unavailable,
    /// The request itself is refused: a parameter, a key's state, a quota.
    Invalid,
}

impl Fault {
    /// Sorts an answer of `status` that carries `code`.
    pub fn classify(code: &str, status: u16) -> Self {
        match code {
            "InvalidTimeStamp.Expired" | "InvalidTimeStamp.Format" | "IllegalTimestamp" => Self::Clock,
            "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "SignatureNonceUsed"
            | "MissingSecurityToken"
            | "Forbidden.AccessKey"
            | "Forbidden.AccessKeyDisabled" => Self::Credential,
            "Forbidden.ResourceNotFound"
            | "Forbidden.KeyNotFound"
            | "Forbidden.KeyVersionNotFound"
            | "Forbidden.AliasNotFound" => Self::NotFound,
            // The second is STS's word for a trust policy that does not admit a token.
            "NoPermission" | "AuthenticationFail.NoPermission" => Self::Denied,
            _ if ["InvalidAccessKeyId", "InvalidSecurityToken", "AuthenticationFail"]
                .iter()
                .any(|family| code.starts_with(family)) =>
            {
                Self::Credential
            }
            _ if code.starts_with("EntityNotExist") => Self::NotFound,
            _ if code.contains("Throttling") => Self::Throttled,
            _ if code.starts_with("ServiceUnavailable") || code.starts_with("Internal") => Self::Unavailable,
            _ if code.starts_with("Forbidden.") => Self::Denied,
            _ if status == 429 => Self::Throttled,
            _ if status >= 500 => Self::Unavailable,
            _ => Self::Invalid,
        }
    }

    /// Sorts an answer that carries no code.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Denied,
            404 => Self::NotFound,
            _ => Self::classify("", status),
        }
    }

    /// Whether the same request may be granted later, with nobody doing anything.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable)
    }

    /// The metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Denied => "denied",
            Self::Credential => "credential",
            Self::Clock => "clock",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Invalid => "invalid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Forbidden.ResourceNotFound", 404, Fault::NotFound)]
    #[case("EntityNotExists.Parameter", 404, Fault::NotFound)]
    #[case("Forbidden.NoPermission", 403, Fault::Denied)]
    #[case("Forbidden.RAM", 403, Fault::Denied)]
    #[case("InvalidAccessKeyId.NotFound", 404, Fault::Credential)]
    #[case("InvalidSecurityToken.Expired", 400, Fault::Credential)]
    #[case("SignatureDoesNotMatch", 400, Fault::Credential)]
    #[case("InvalidTimeStamp.Expired", 400, Fault::Clock)]
    #[case("AuthenticationFail.NoPermission", 401, Fault::Denied)]
    #[case("AuthenticationFail.OIDCToken.Expired", 401, Fault::Credential)]
    #[case("EntityNotExist.Role", 404, Fault::NotFound)]
    #[case("Throttling.User", 400, Fault::Throttled)]
    #[case("Rejected.Throttling", 429, Fault::Throttled)]
    #[case("ServiceUnavailableTemporary", 503, Fault::Unavailable)]
    #[case("InternalFailure", 500, Fault::Unavailable)]
    #[case("Rejected.Disabled", 409, Fault::Invalid)]
    #[case("SomethingNew", 502, Fault::Unavailable)]
    #[case("SomethingNew", 400, Fault::Invalid)]
    fn codes_are_sorted_by_who_must_act(#[case] code: &str, #[case] status: u16, #[case] expected: Fault) {
        assert_eq!(Fault::classify(code, status), expected);
    }
}
