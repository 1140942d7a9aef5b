//! An account as a scenario fills it, in the form of the fake's seeds.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::DataType;
use crate::target::AccessKey;

/// All that is in an account.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    pub(super) id: &'static str,
    access_keys: Vec<Value>,
    users: Vec<User>,
    roles: Vec<Role>,
    policies: Vec<Value>,
    oidc_providers: Vec<OidcProvider>,
    keys: Vec<Value>,
    pub(super) secrets: Vec<Secret>,
    pub(super) parameters: Vec<Parameter>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: String,
    name: String,
    access_keys: Vec<Value>,
    policies: Vec<String>,
}

/// Ids stay when the fake is filled anew: a role with another id would be another role, and its sessions would end.
#[derive(Serialize)]
struct Role {
    id: String,
    name: String,
    trust: Value,
    policies: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OidcProvider {
    name: String,
    issuer_url: String,
    client_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Secret {
    pub(super) name: String,
    pub(super) data_type: DataType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encryption_key_id: Option<String>,
    pub(super) versions: Vec<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) planned_deletion: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) data: String,
    pub(super) stages: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) versions: Vec<String>,
}

/// Who may become a role.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Whoever an account lets assume it, if the external id is this.
    Account {
        /// The account's number.
        id: String,
        /// What must be presented, if anything.
        external_id: Option<String>,
    },
    /// The instances of the account.
    Instances,
    /// A service account, for which an OIDC provider vouches.
    ServiceAccount {
        /// The provider's ARN.
        provider: String,
        /// Claims and what they must be.
        claims: BTreeMap<String, String>,
    },
}

/// Who has rights.
#[derive(Debug, Clone, Copy)]
pub enum Grantee<'a> {
    /// A RAM user.
    User(&'a str),
    /// A RAM role.
    Role(&'a str),
}

impl Account {
    pub(super) fn new(id: &'static str) -> Self {
        Self {
            id,
            access_keys: Vec::new(),
            users: Vec::new(),
            roles: Vec::new(),
            policies: Vec::new(),
            oidc_providers: Vec::new(),
            keys: Vec::new(),
            secrets: Vec::new(),
            parameters: Vec::new(),
        }
    }

    pub(super) fn add_access_key(&mut self, key: &AccessKey) {
        self.access_keys.push(seed_of(key));
    }

    pub(super) fn add_user(&mut self, name: &str, key: &AccessKey) {
        let id = format!("2{:017}", self.users.len());
        let access_keys = vec![seed_of(key)];
        self.users.push(User { id, name: name.into(), access_keys, policies: Vec::new() });
    }

    /// Takes all access keys of a user away.
    pub(super) fn remove_access_keys(&mut self, user: &str) -> anyhow::Result<()> {
        let user = self.users.iter_mut().find(|known| known.name == user).context("there is no such user")?;
        user.access_keys.clear();
        Ok(())
    }

    pub(super) fn add_role(&mut self, name: &str, trust: &[Trust]) {
        let id = format!("3{:017}", self.roles.len());
        self.roles.push(Role { id, name: name.into(), trust: policy_of(trust), policies: Vec::new() });
    }

    /// The same with a trust as its owner writes it.
    pub(super) fn add_role_with(&mut self, name: &str, trust: Value) {
        self.add_role(name, &[]);
        if let Some(role) = self.roles.last_mut() {
            role.trust = trust;
        }
    }

    /// Makes the trust of a role in tokens insist on a claim.
    pub(super) fn insist(&mut self, role: &str, claim: &str, value: &str) -> anyhow::Result<()> {
        let statements = self.role_mut(role)?.trust["Statement"].as_array_mut();
        let mut statements = statements.context("a trust has statements")?.iter_mut();
        let federated = statements.find(|statement| statement["Principal"]["Federated"].is_array());
        let federated = federated.with_context(|| format!("the role {role} trusts no tokens"))?;
        federated["Condition"]["StringEquals"][claim] = value.into();
        Ok(())
    }

    fn role_mut(&mut self, name: &str) -> anyhow::Result<&mut Role> {
        self.roles
            .iter_mut()
            .find(|role| role.name == name)
            .with_context(|| format!("there is no role {name}"))
    }

    /// Adds a policy of one statement.
    pub(super) fn allow(&mut self, who: Grantee<'_>, action: &str, resource: &str) -> anyhow::Result<()> {
        let statement = json!([{ "Effect": "Allow", "Action": action, "Resource": resource }]);
        self.allow_with(who, &json!({ "Statement": statement }))
    }

    /// Adds a policy as its owner writes it.
    pub(super) fn allow_with(&mut self, who: Grantee<'_>, document: &Value) -> anyhow::Result<()> {
        let policy = format!("grant-{}", self.policies.len());
        let policies = match who {
            Grantee::Role(name) => &mut self.role_mut(name)?.policies,
            Grantee::User(name) => {
                let user = self.users.iter_mut().find(|user| user.name == name);
                &mut user.with_context(|| format!("there is no user {name}"))?.policies
            }
        };
        policies.push(policy.clone());
        self.policies.push(json!({ "name": policy, "document": document }));
        Ok(())
    }

    /// Takes all rights of somebody away.
    pub(super) fn forbid(&mut self, who: Grantee<'_>) -> anyhow::Result<()> {
        match who {
            Grantee::Role(name) => self.role_mut(name)?.policies.clear(),
            Grantee::User(name) => {
                let user = self.users.iter_mut().find(|user| user.name == name);
                user.with_context(|| format!("there is no user {name}"))?.policies.clear();
            }
        }
        Ok(())
    }

    /// Lets the account trust an issuer, or changes how.
    pub(super) fn trust_issuer(&mut self, name: &str, issuer_url: &str, client_ids: &[&str]) {
        self.oidc_providers.retain(|provider| provider.name != name);
        let client_ids = client_ids.iter().map(ToString::to_string).collect();
        self.oidc_providers.push(OidcProvider {
            name: name.into(),
            issuer_url: issuer_url.into(),
            client_ids,
        });
    }

    /// Adds a customer's own key of KMS.
    pub(super) fn add_kms_key(&mut self, id: &str) {
        self.keys.push(json!({ "id": id }));
    }
}

fn seed_of(key: &AccessKey) -> Value {
    json!({ "id": key.id, "secret": key.secret })
}

fn policy_of(trust: &[Trust]) -> Value {
    json!({ "Statement": trust.iter().map(Trust::to_statement).collect::<Vec<_>>() })
}

impl Trust {
    fn to_statement(&self) -> Value {
        let (principal, condition) = match self {
            Self::Account { id, external_id } => {
                let condition = external_id.as_ref().map(|id| json!({ "sts:ExternalId": id }));
                (json!({ "RAM": [format!("acs:ram::{id}:root")] }), condition)
            }
            Self::Instances => (json!({ "Service": ["ecs.aliyuncs.com"] }), None),
            Self::ServiceAccount { provider, claims } => {
                (json!({ "Federated": [provider] }), Some(json!(claims)))
            }
        };
        let mut statement = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal });
        if let Some(condition) = condition {
            statement["Condition"] = json!({ "StringEquals": condition });
        }
        statement
    }
}
