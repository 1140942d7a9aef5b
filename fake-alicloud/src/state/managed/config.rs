//! The extended configuration of a managed secret, checked once and told again as it was given.

use serde_json::{Map, Value, json};

use super::Service;
use crate::state::name::UserName;

/// How long a configuration may be on the wire, in characters.
const MAX_CHARACTERS: usize = 1_024;
const MAX_CUSTOM_ENTRIES: usize = 10;

/// The configuration as given, and what follows from it for the values.
#[derive(Clone, Debug)]
pub(crate) struct ExtendedConfig {
    fields: Map<String, Value>,
    pattern: Pattern,
}

/// How the values of a secret are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// One or two accounts, which exist and come with the secret.
    GivenAccounts { count: usize },
    /// A pair of accounts that the cloud makes.
    OwnAccounts { names: [String; 2] },
    /// An access key of a RAM user.
    AccessKey,
    /// User name and password.
    Password,
    /// User name and a pair of SSH keys.
    KeyPair,
}

impl Pattern {
    pub(super) fn is_pair(&self) -> bool {
        matches!(self, Self::GivenAccounts { count: 2 } | Self::OwnAccounts { .. })
    }
}

impl ExtendedConfig {
    /// Reads the parameter of `CreateSecret`.
    pub(crate) fn read(service: Service, text: &str) -> Option<Self> {
        if text.chars().count() > MAX_CHARACTERS {
            return None;
        }
        Self::new(service, serde_json::from_str(text).ok()?)
    }

    /// Checks the fields that the service asks for. Others are kept.
    pub(crate) fn new(service: Service, mut fields: Map<String, Value>) -> Option<Self> {
        let custom_data = fields.entry("CustomData").or_insert_with(|| json!({}));
        let fits = is_custom_data(custom_data);
        let pattern = pattern(service, &fields)?;
        fits.then_some(Self { fields, pattern })
    }

    pub(super) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The RAM user, if it is one's.
    pub(crate) fn user_name(&self) -> Option<&str> {
        text(&self.fields, "UserName")
    }

    /// Replaces the custom data; false if it is not an object of up to ten entries.
    pub(crate) fn replace_custom_data(&mut self, custom_data: Value) -> bool {
        let fits = is_custom_data(&custom_data);
        if fits {
            self.fields.insert("CustomData".to_owned(), custom_data);
        }
        fits
    }

    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The JSON text on the wire.
    pub(crate) fn to_text(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }
}

fn is_custom_data(value: &Value) -> bool {
    value.as_object().is_some_and(|entries| entries.len() <= MAX_CUSTOM_ENTRIES)
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// Finds the pattern; none if a field is missing or wrong.
fn pattern(service: Service, fields: &Map<String, Value>) -> Option<Pattern> {
    let required: &[&str] = match service {
        Service::Rds => &["DBInstanceId"],
        Service::Redis => &["AccountName", "CloneAccountName", "AccountPrivilege", "InstanceId", "RegionId"],
        Service::PolarDb => &["RegionId", "DBClusterId", "DBType", "AccountName"],
        Service::RamCredentials => &["UserName"],
        Service::Ecs => &["RegionId", "InstanceId"],
    };
    if required.iter().any(|name| text(fields, name).is_none()) {
        return None;
    }
    match (service, text(fields, "SecretSubType")?) {
        (Service::Rds, "SingleUser") => Some(Pattern::GivenAccounts { count: 1 }),
        (Service::Rds, "DoubleUsers") => Some(Pattern::GivenAccounts { count: 2 }),
        (Service::Redis, "DoubleUsers") => own_accounts(fields),
        (Service::PolarDb, "DoubleUsers") => {
            let known_type = matches!(text(fields, "DBType"), Some("MySQL" | "PostgreSQL"));
            let normal = fields.get("AccountType").is_none_or(|kind| kind == "Normal");
            own_accounts(fields).filter(|_| known_type && normal)
        }
        (Service::RamCredentials, "RamUserAccessKey") => {
            text(fields, "UserName")?.parse::<UserName>().ok().map(|_| Pattern::AccessKey)
        }
        (Service::Ecs, "Password") => Some(Pattern::Password),
        (Service::Ecs, "SSHKey") => Some(Pattern::KeyPair),
        _ => None,
    }
}

/// The account that is named, and its clone, whose name follows from it.
fn own_accounts(fields: &Map<String, Value>) -> Option<Pattern> {
    let name = text(fields, "AccountName")?;
    let clone = format!("{name}_clone");
    let agrees = fields.get("CloneAccountName").is_none_or(|given| *given == clone);
    agrees.then(|| Pattern::OwnAccounts { names: [name.to_owned(), clone] })
}
