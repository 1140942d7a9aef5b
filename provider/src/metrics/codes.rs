//! The cloud's codes as a closed set of labels: whatever answers at an endpoint, the number of time series is bounded.

use crate::alicloud::call::Error;

/// Codes that operators look for by name. Others are counted by what they mean.
const KNOWN: [&str; 44] = [
    "AccessDeniedError",
    "AuthenticationFail.NoPermission",
    "AuthenticationFail.OIDCToken.AudienceNotMatch",
    "AuthenticationFail.OIDCToken.Expired",
    "AuthenticationFail.OIDCToken.Invalid",
    "AuthenticationFail.OIDCToken.InvalidSignature",
    "AuthenticationFail.OIDCToken.IssuerConfigurationBroken",
    "AuthenticationFail.OIDCToken.IssuerNotMatch",
    "AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch",
    "EntityNotExist.Role",
    "EntityNotExists.Parameter",
    "Forbidden.AliasNotFound",
    "Forbidden.DKMSInstanceNotFound",
    "Forbidden.DKMSInstanceStateInvalid",
    "Forbidden.KeyNotFound",
    "Forbidden.NoPermission",
    "Forbidden.RAM",
    "Forbidden.ResourceNotFound",
    "IncompleteSignature",
    "InternalError",
    "InternalFailure",
    "InvalidAccessKeyId.Inactive",
    "InvalidAccessKeyId.NotFound",
    "InvalidAction.NotFound",
    "InvalidParameter",
    "InvalidProduct.NotFound",
    "InvalidProtocol.NeedSsl",
    "InvalidSecurityToken.Expired",
    "InvalidSecurityToken.Malformed",
    "InvalidSecurityToken.MismatchWithAccessKey",
    "InvalidTimeStamp.Expired",
    "MissingParameter",
    "MissingSecurityToken",
    "NoPermission",
    "Rejected.Disabled",
    "Rejected.ResourceInDeleteWindow",
    "Rejected.Throttling",
    "ServiceUnavailable",
    "ServiceUnavailableTemporary",
    "SignatureDoesNotMatch",
    "SignatureNonceUsed",
    "Throttling",
    "Throttling.Api",
    "Throttling.User",
];

/// The label of a failed call: its code if that is known, else the class of its fault or failure.
pub(super) fn of(error: &Error) -> &'static str {
    match error {
        Error::Refused { code, fault, .. } => {
            KNOWN.iter().find(|known| *known == code).copied().unwrap_or_else(|| fault.as_str())
        }
        Error::Unreachable { .. } | Error::Untrusted { .. } => "unreachable",
        Error::TimedOut { .. } => "timed_out",
        Error::Nonsense { .. } => "nonsense",
        Error::Unsendable { .. } => "unsendable",
        Error::Crowded { .. } => "crowded",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alicloud::Fault;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn refused(code: &str, status: u16) -> Error {
        let (code, fault) = (code.to_owned(), Fault::classify(code, status));
        Error::Refused { host: "h".to_owned(), code, status, request_id: "1".to_owned(), fault }
    }

    /// All labels there can be: the known codes, one per class of fault, and one per failure without an answer.
    fn labels() -> BTreeSet<&'static str> {
        let faults = ["not_found", "denied", "credential", "clock", "throttled", "unavailable", "invalid"];
        let failures = ["unreachable", "timed_out", "nonsense", "unsendable", "crowded"];
        KNOWN.into_iter().chain(faults).chain(failures).collect()
    }

    #[test]
    fn there_are_fifty_six_labels_beside_ok() {
        assert_eq!(labels().len(), 56);
    }

    #[test]
    fn a_known_code_is_its_own_label_and_another_counts_by_its_meaning() {
        assert!(KNOWN.iter().all(|code| of(&refused(code, 400)) == *code));
        assert_eq!(of(&refused("Forbidden.SomethingNew", 403)), "denied");
        assert_eq!(of(&refused("Throttling.SomethingNew", 400)), "throttled");
    }

    proptest! {
        #[test]
        fn whatever_the_cloud_calls_it_no_label_is_added(code in "[A-Za-z.]{1,30}", status in 100u16..600) {
            prop_assert!(labels().contains(of(&refused(&code, status))));
        }
    }
}
