//! RAM 2015-05-01: users with their access keys, roles, and policies with their versions.
//!
//! From the RAM API reference and the models of the official SDK `alibabacloud_ram20150501`; where these are silent, the
//! choice is listed under "Limits" in the crate's README. What IMS shares with RAM is here.

pub(super) mod access;
mod access_key;
mod argument;
mod attachment;
mod error;
pub(super) mod page;
mod policy;
mod role;
mod user;
mod version;

use super::{ApiError, Call, Operation, Run};
use crate::state::State;

type Signed = fn(&Call<'_>, &mut State) -> Result<serde_json::Value, ApiError>;

const fn operation(action: &'static str, required: &'static [&'static str], run: Signed) -> Operation {
    Operation { action, required, run: Run::Signed(run) }
}

const USER_POLICY: &[&str] = &["PolicyType", "PolicyName", "UserName"];
const ROLE_POLICY: &[&str] = &["PolicyType", "PolicyName", "RoleName"];

pub(super) const OPERATIONS: &[Operation] = &[
    // Users.
    operation("CreateUser", &["UserName"], user::create),
    operation("DeleteUser", &["UserName"], user::delete),
    operation("GetUser", &["UserName"], user::describe),
    operation("ListUsers", &[], user::list),
    operation("UpdateUser", &["UserName"], user::update),
    // Their access keys.
    operation("CreateAccessKey", &[], access_key::create),
    operation("DeleteAccessKey", &["UserAccessKeyId"], access_key::delete),
    operation("ListAccessKeys", &[], access_key::list),
    operation("UpdateAccessKey", &["UserAccessKeyId", "Status"], access_key::update),
    // Roles.
    operation("CreateRole", &["RoleName", "AssumeRolePolicyDocument"], role::create),
    operation("DeleteRole", &["RoleName"], role::delete),
    operation("GetRole", &["RoleName"], role::describe),
    operation("ListRoles", &[], role::list),
    operation("UpdateRole", &["RoleName"], role::update),
    // Policies.
    operation("CreatePolicy", &["PolicyName", "PolicyDocument"], policy::create),
    operation("DeletePolicy", &["PolicyName"], policy::delete),
    operation("GetPolicy", &["PolicyType", "PolicyName"], policy::describe),
    operation("ListEntitiesForPolicy", &["PolicyType", "PolicyName"], attachment::entities),
    operation("ListPolicies", &[], policy::list),
    // Their versions.
    operation("CreatePolicyVersion", &["PolicyName", "PolicyDocument"], version::create),
    operation("DeletePolicyVersion", &["PolicyName", "VersionId"], version::delete),
    operation("GetPolicyVersion", &["PolicyType", "PolicyName", "VersionId"], version::describe),
    operation("ListPolicyVersions", &["PolicyType", "PolicyName"], version::list),
    operation("SetDefaultPolicyVersion", &["PolicyName", "VersionId"], version::set_default),
    // Who has which.
    operation("AttachPolicyToRole", ROLE_POLICY, attachment::attach_to_role),
    operation("AttachPolicyToUser", USER_POLICY, attachment::attach_to_user),
    operation("DetachPolicyFromRole", ROLE_POLICY, attachment::detach_from_role),
    operation("DetachPolicyFromUser", USER_POLICY, attachment::detach_from_user),
    operation("ListPoliciesForRole", &["RoleName"], attachment::of_role),
    operation("ListPoliciesForUser", &["UserName"], attachment::of_user),
];
