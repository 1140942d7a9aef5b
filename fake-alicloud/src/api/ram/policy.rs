//! The policies of the cloud and those of the account's own.

use serde_json::{Value, json};

use super::{
    super::{ApiError, Call},
    access::{account, authorize, authorize_policy},
    argument::{self, PolicyType},
    error,
    page::Window,
};
use crate::{
    clock::wire_time,
    policy::{SystemPolicy, system_policies, system_policy},
    state::{
        State,
        account::Account,
        name::PolicyName,
        ram::{AttachedPolicy, CustomPolicy, MAX_DESCRIPTION_CHARACTERS, VersionNumber},
    },
};

/// How many policies of its own an account can have.
const MAX_POLICIES: usize = 1500;

/// When the cloud's policies were made, as far as anybody is told.
pub(super) const SYSTEM_DATE: &str = "2015-05-01T00:00:00Z";
/// The one version of each of the cloud's policies.
pub(super) const SYSTEM_VERSION: VersionNumber = VersionNumber(1);

/// A policy that is there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    System(&'static SystemPolicy),
    Custom(&'a PolicyName, &'a CustomPolicy),
}

impl<'a> Found<'a> {
    pub(super) fn find(account: &'a Account, policy: &AttachedPolicy) -> Result<Self, ApiError> {
        match policy {
            AttachedPolicy::System(name) => system_policy(name.as_ref()).map(Self::System),
            AttachedPolicy::Custom(name) => {
                account.policies.get_key_value(name).map(|(name, policy)| Self::Custom(name, policy))
            }
        }
        .ok_or_else(error::no_policy)
    }

    /// What every answer says of a policy.
    pub(super) fn answer(self) -> Value {
        match self {
            Self::System(policy) => json!({
                "PolicyName": policy.name,
                "PolicyType": "System",
                "Description": policy.description,
                "DefaultVersion": SYSTEM_VERSION.to_string(),
            }),
            Self::Custom(name, policy) => json!({
                "PolicyName": name.as_ref(),
                "PolicyType": "Custom",
                "Description": policy.description,
                "DefaultVersion": VersionNumber(policy.default_version).to_string(),
            }),
        }
    }

    /// The same with its dates.
    fn dated(self) -> Value {
        let (created, updated) = match self {
            Self::System(_) => (SYSTEM_DATE.to_owned(), SYSTEM_DATE.to_owned()),
            Self::Custom(_, policy) => (wire_time(policy.created), wire_time(policy.updated)),
        };
        let mut answer = self.answer();
        answer["CreateDate"] = json!(created);
        answer["UpdateDate"] = json!(updated);
        answer
    }

    /// The same with the number of users and roles that have it.
    fn counted(self, account: &Account) -> Value {
        let attached = match self {
            Self::System(policy) => AttachedPolicy::System(policy.name.parse().expect("a name")),
            Self::Custom(name, _) => AttachedPolicy::Custom(name.clone()),
        };
        let users = account.users.values().map(|user| &user.policies);
        let roles = account.roles.values().map(|role| &role.policies);
        let holders = users.chain(roles).filter(|policies| policies.since(&attached).is_some());
        let mut answer = self.dated();
        answer["AttachmentCount"] = json!(holders.count());
        answer
    }
}

/// `CreatePolicy`: a policy of the account's own, with its first version.
pub(super) fn create(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::policy_name(call)?;
    authorize(call, state, "policy", &name)?;
    let description = argument::text(call, "Description", MAX_DESCRIPTION_CHARACTERS)?.unwrap_or_default();
    let policy =
        CustomPolicy::new(description, argument::required_document(call, "PolicyDocument")?, call.now);
    let policies = &mut account(call, state).policies;
    if policies.contains_key(&name) {
        return Err(error::already_exists("Policy"));
    }
    if policies.len() >= MAX_POLICIES {
        return Err(error::limit_exceeded("Policy", "policy"));
    }
    let mut shown = Found::Custom(&name, &policy).answer();
    shown["CreateDate"] = json!(wire_time(policy.created));
    policies.insert(name, policy);
    Ok(json!({ "Policy": shown }))
}

/// `GetPolicy`, with the version that holds.
pub(super) fn describe(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let wanted = argument::policy(call)?;
    authorize_policy(call, state, &wanted)?;
    let account = account(call, state);
    let found = Found::find(account, &wanted)?;
    let version = match found {
        Found::System(policy) => super::version::system(policy),
        Found::Custom(_, policy) => super::version::answer(policy, VersionNumber(policy.default_version))?,
    };
    let mut shown = found.counted(account);
    shown["PolicyDocument"] = version["PolicyDocument"].clone();
    Ok(json!({ "Policy": shown, "DefaultPolicyVersion": version }))
}

/// `ListPolicies`: those of one type or of both, the account's own first.
pub(super) fn list(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    authorize(call, state, "policy", "*")?;
    let wanted = argument::policy_type(call)?;
    let window = Window::read(call, 1..=1000)?;
    let account = account(call, state);
    let own = account.policies.iter().map(|(name, policy)| Found::Custom(name, policy));
    let own = own.filter(|_| wanted != Some(PolicyType::System));
    let clouds = system_policies().iter().map(Found::System);
    let clouds = clouds.filter(|_| wanted != Some(PolicyType::Custom));
    let keyed = own.chain(clouds).map(|found| (key(found), found));
    Ok(window.answer("Policies", "Policy", keyed, |found| found.counted(account)))
}

/// The place in a list.
fn key(found: Found<'_>) -> String {
    match found {
        Found::Custom(name, _) => format!("Custom/{name}"),
        Found::System(policy) => format!("System/{}", policy.name),
    }
}

/// `DeletePolicy`, which nobody may have, and which must have one version unless `CascadingDelete` takes them all.
pub(super) fn delete(call: &Call<'_>, state: &mut State) -> Result<Value, ApiError> {
    let name = argument::policy_name(call)?;
    authorize(call, state, "policy", &name)?;
    let all_versions = argument::flag(call, "CascadingDelete")?;
    let account = account(call, state);
    let policy = account.policies.get(&name).ok_or_else(error::no_policy)?;
    let attached = AttachedPolicy::Custom(name.clone());
    if account.users.values().any(|user| user.policies.since(&attached).is_some()) {
        return Err(error::is_attached("User"));
    }
    if account.roles.values().any(|role| role.policies.since(&attached).is_some()) {
        return Err(error::is_attached("Role"));
    }
    if policy.versions.len() > 1 && !all_versions {
        return Err(error::has_versions());
    }
    account.policies.remove(&name);
    Ok(json!({}))
}
