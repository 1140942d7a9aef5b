//! A static access key pair from the provider's environment.

use std::sync::Arc;

use super::setting::{self, Setting};
use crate::alicloud::Credential;
use crate::sensitive::Sensitive;

/// Holds the access key id.
pub const ID_VARIABLE: &str = "ACCESS_KEY_ID";
/// Holds the access key secret.
pub const SECRET_VARIABLE: &str = "SECRET_ACCESS_KEY";

/// A key pair that may rotate.
#[derive(Debug)]
pub struct KeyPair {
    id: Setting<Sensitive<String>>,
    secret: Setting<Sensitive<String>>,
}

impl KeyPair {
    /// Neither half set means that this source is not configured; only one of them is a mistake.
    pub fn new(
        id: Option<Setting<Sensitive<String>>>,
        secret: Option<Setting<Sensitive<String>>>,
    ) -> Result<Option<Self>, HalfAPair> {
        match (id, secret) {
            (None, None) => Ok(None),
            (Some(id), Some(secret)) => Ok(Some(Self { id, secret })),
            (Some(_), None) => Err(HalfAPair { present: ID_VARIABLE, missing: SECRET_VARIABLE }),
            (None, Some(_)) => Err(HalfAPair { present: SECRET_VARIABLE, missing: ID_VARIABLE }),
        }
    }

    /// The pair as it is now.
    pub fn credential(&self) -> Result<Credential, setting::Error> {
        let mut id = self.id.value()?;
        loop {
            let secret = self.secret.value()?;
            // The two files of a pair are replaced one after the other as far as a reader can tell: an id that changed
            // meanwhile means that the secret may be of either.
            let again = self.id.value()?;
            if Arc::ptr_eq(&id, &again) {
                return Ok(Credential {
                    access_key_id: id.expose().clone(),
                    access_key_secret: secret.expose().as_str().into(),
                    security_token: None,
                });
            }
            id = again;
        }
    }
}

/// One half of a pair was given without the other.
#[derive(Debug, thiserror::Error)]
#[error("{present} is set but {missing} is missing or empty; set both or neither")]
pub struct HalfAPair {
    present: &'static str,
    missing: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn pair(id: Option<&str>, secret: Option<&str>) -> Result<Option<KeyPair>, HalfAPair> {
        let setting = |name, text: Option<&str>| {
            Setting::new(name, text.map(Into::into), None, setting::sensitive).unwrap()
        };
        KeyPair::new(setting(ID_VARIABLE, id), setting(SECRET_VARIABLE, secret))
    }

    #[test]
    fn white_space_around_a_key_does_no_harm() {
        let credential = pair(Some(" LTAI \n"), Some("\tkey\n")).unwrap().unwrap().credential().unwrap();
        assert_eq!(
            (credential.access_key_id.as_str(), credential.access_key_secret.expose().as_str()),
            ("LTAI", "key")
        );
    }

    #[rstest]
    #[case(None, None)]
    #[case(Some(""), Some(" \n"))]
    fn empty_means_not_configured(#[case] id: Option<&str>, #[case] secret: Option<&str>) {
        assert!(pair(id, secret).unwrap().is_none());
    }

    #[rstest]
    #[case(Some("LTAI"), None, "SECRET_ACCESS_KEY is missing")]
    #[case(Some(" "), Some("key"), "ACCESS_KEY_ID is missing")]
    fn half_a_pair_names_the_other_half(
        #[case] id: Option<&str>,
        #[case] secret: Option<&str>,
        #[case] expected: &str,
    ) {
        let error = pair(id, secret).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
