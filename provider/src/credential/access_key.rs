//! A static access key pair from the provider's environment.

use crate::alicloud::Credential;
use crate::sensitive::Sensitive;

/// Holds the access key id.
pub const ID_VARIABLE: &str = "ACCESS_KEY_ID";
/// Holds the access key secret.
pub const SECRET_VARIABLE: &str = "SECRET_ACCESS_KEY";

/// Reads the pair. Surrounding white space does no harm, since keys often come from `echo … | base64`. Neither set means
/// that this source is not configured; only one of them is a mistake.
pub fn from_variables(
    access_key_id: Option<Sensitive<String>>,
    access_key_secret: Option<Sensitive<String>>,
) -> Result<Option<Credential>, HalfAPair> {
    match (trimmed(access_key_id), trimmed(access_key_secret)) {
        (None, None) => Ok(None),
        (Some(id), Some(access_key_secret)) => {
            Ok(Some(Credential { access_key_id: id.into_exposed(), access_key_secret, security_token: None }))
        }
        (Some(_), None) => Err(HalfAPair { present: ID_VARIABLE, missing: SECRET_VARIABLE }),
        (None, Some(_)) => Err(HalfAPair { present: SECRET_VARIABLE, missing: ID_VARIABLE }),
    }
}

/// One half of a pair was given without the other.
#[derive(Debug, thiserror::Error)]
#[error("{present} is set but {missing} is missing or empty; set both or neither")]
pub struct HalfAPair {
    present: &'static str,
    missing: &'static str,
}

fn trimmed(value: Option<Sensitive<String>>) -> Option<Sensitive<String>> {
    let value = value?;
    let trimmed = value.expose().trim();
    (!trimmed.is_empty()).then(|| trimmed.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn white_space_around_a_key_does_no_harm() {
        let credential = from_variables(Some(" LTAI \n".into()), Some("\tkey\n".into())).unwrap().unwrap();
        assert_eq!(
            (credential.access_key_id.as_str(), credential.access_key_secret.expose().as_str()),
            ("LTAI", "key")
        );
    }

    #[rstest]
    #[case(None, None)]
    #[case(Some(""), Some(" \n"))]
    fn empty_means_not_configured(#[case] id: Option<&str>, #[case] secret: Option<&str>) {
        assert!(from_variables(id.map(Into::into), secret.map(Into::into)).unwrap().is_none());
    }

    #[rstest]
    #[case(Some("LTAI"), None, "SECRET_ACCESS_KEY is missing")]
    #[case(Some(" "), Some("key"), "ACCESS_KEY_ID is missing")]
    fn half_a_pair_names_the_other_half(
        #[case] id: Option<&str>,
        #[case] secret: Option<&str>,
        #[case] expected: &str,
    ) {
        let error = from_variables(id.map(Into::into), secret.map(Into::into)).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
