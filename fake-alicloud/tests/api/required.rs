//! What an operation cannot do without, by the request tables of the KMS and OOS API references.

use rstest::rstest;

use crate::{
    client::Call,
    world::{ROOT, World},
};

const KMS: &str = "2016-01-20";
const OOS: &str = "2019-06-01";

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
