//! What an operation cannot do without, by the request tables of the API references.

use rstest::rstest;

use crate::{
    client::Call,
    world::{ROOT, World},
};

const KMS: &str = "2016-01-20";
const OOS: &str = "2019-06-01";
const RAM: &str = "2015-05-01";
const IMS: &str = "2019-08-15";

#[rstest]
#[case(KMS, "BatchGetSecretValue", &["SecretsList"])]
#[case(KMS, "CreateSecret", &["SecretName", "SecretData", "VersionId"])]
#[case(KMS, "Decrypt", &["CiphertextBlob"])]
#[case(KMS, "DeleteSecret", &["SecretName"])]
#[case(KMS, "DescribeSecret", &["SecretName"])]
#[case(KMS, "Encrypt", &["KeyId", "Plaintext"])]
#[case(KMS, "GenerateDataKey", &["KeyId"])]
#[case(KMS, "GenerateDataKeyWithoutPlaintext", &["KeyId"])]
#[case(KMS, "GetSecretPolicy", &["SecretName"])]
#[case(KMS, "GetSecretValue", &["SecretName"])]
#[case(KMS, "ListSecretVersionIds", &["SecretName"])]
#[case(KMS, "PutSecretValue", &["SecretName", "SecretData", "VersionId"])]
#[case(KMS, "RestoreSecret", &["SecretName"])]
#[case(KMS, "RotateSecret", &["SecretName", "VersionId"])]
#[case(KMS, "SetSecretPolicy", &["SecretName", "Policy"])]
#[case(KMS, "UpdateSecret", &["SecretName"])]
#[case(KMS, "UpdateSecretRotationPolicy", &["SecretName", "EnableAutomaticRotation"])]
#[case(KMS, "UpdateSecretVersionStage", &["SecretName", "VersionStage"])]
#[case(OOS, "CreateParameter", &["Name", "Type", "Value"])]
#[case(OOS, "CreateSecretParameter", &["Name", "Value"])]
#[case(OOS, "DeleteParameter", &["Name"])]
#[case(OOS, "DeleteSecretParameter", &["Name"])]
#[case(OOS, "GetParameter", &["Name"])]
#[case(OOS, "GetParameters", &["Names"])]
#[case(OOS, "GetParametersByPath", &["Path"])]
#[case(OOS, "GetSecretParameter", &["Name"])]
#[case(OOS, "GetSecretParameters", &["Names"])]
#[case(OOS, "GetSecretParametersByPath", &["Path"])]
#[case(OOS, "ListParameterVersions", &["Name"])]
#[case(OOS, "ListSecretParameterVersions", &["Name"])]
#[case(OOS, "UpdateParameter", &["Name", "Value"])]
#[case(OOS, "UpdateSecretParameter", &["Name", "Value"])]
#[case(RAM, "AttachPolicyToRole", &["PolicyType", "PolicyName", "RoleName"])]
#[case(RAM, "AttachPolicyToUser", &["PolicyType", "PolicyName", "UserName"])]
#[case(RAM, "CreatePolicy", &["PolicyName", "PolicyDocument"])]
#[case(RAM, "CreatePolicyVersion", &["PolicyName", "PolicyDocument"])]
#[case(RAM, "CreateRole", &["RoleName", "AssumeRolePolicyDocument"])]
#[case(RAM, "CreateUser", &["UserName"])]
#[case(RAM, "DeleteAccessKey", &["UserAccessKeyId"])]
#[case(RAM, "DeletePolicy", &["PolicyName"])]
#[case(RAM, "DeletePolicyVersion", &["PolicyName", "VersionId"])]
#[case(RAM, "DeleteRole", &["RoleName"])]
#[case(RAM, "DeleteUser", &["UserName"])]
#[case(RAM, "DetachPolicyFromRole", &["PolicyType", "PolicyName", "RoleName"])]
#[case(RAM, "DetachPolicyFromUser", &["PolicyType", "PolicyName", "UserName"])]
#[case(RAM, "GetPolicy", &["PolicyType", "PolicyName"])]
#[case(RAM, "GetPolicyVersion", &["PolicyType", "PolicyName", "VersionId"])]
#[case(RAM, "GetRole", &["RoleName"])]
#[case(RAM, "GetUser", &["UserName"])]
#[case(RAM, "ListEntitiesForPolicy", &["PolicyType", "PolicyName"])]
#[case(RAM, "ListPoliciesForRole", &["RoleName"])]
#[case(RAM, "ListPoliciesForUser", &["UserName"])]
#[case(RAM, "ListPolicyVersions", &["PolicyType", "PolicyName"])]
#[case(RAM, "SetDefaultPolicyVersion", &["PolicyName", "VersionId"])]
#[case(RAM, "UpdateAccessKey", &["UserAccessKeyId", "Status"])]
#[case(RAM, "UpdateRole", &["RoleName"])]
#[case(RAM, "UpdateUser", &["UserName"])]
#[case(IMS, "AddClientIdToOIDCProvider", &["OIDCProviderName", "ClientId"])]
#[case(IMS, "AddFingerprintToOIDCProvider", &["OIDCProviderName", "Fingerprint"])]
#[case(IMS, "CreateOIDCProvider", &["OIDCProviderName", "IssuerUrl"])]
#[case(IMS, "DeleteOIDCProvider", &["OIDCProviderName"])]
#[case(IMS, "GetOIDCProvider", &["OIDCProviderName"])]
#[case(IMS, "RemoveClientIdFromOIDCProvider", &["OIDCProviderName", "ClientId"])]
#[case(IMS, "RemoveFingerprintFromOIDCProvider", &["OIDCProviderName", "Fingerprint"])]
#[case(IMS, "UpdateOIDCProvider", &["OIDCProviderName"])]
#[tokio::test]
async fn each_required_parameter_is_missed_by_its_name(
    #[case] version: &str,
    #[case] action: &str,
    #[case] required: &[&str],
) {
    let world = World::new().await;
    for missing in required {
        let others = required.iter().filter(|name| *name != missing);
        let call = Call { version: version.to_owned(), ..Call::kms(action, ROOT) };
        let reply = world.send(&others.fold(call, |call, name| call.with(name, "x"))).await;
        assert_eq!(reply.refusal(), (400, format!("Missing{missing}")));
        assert_eq!(reply.message(), format!("{missing} is mandatory for this action."));
    }
}
