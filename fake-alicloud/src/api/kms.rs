//! KMS 2016-01-20: secrets, and as much of keys as secrets need; one function per operation.
//!
//! From the KMS API reference; where its pages are silent or disagree, the choice is listed under "Limits" in the crate's
//! README, or it is one of [`Behaviour`](crate::Behaviour).

mod access;
mod argument;
mod create;
mod crypto;
mod delete;
mod describe;
mod error;
mod list;
mod password;
mod policy;
mod put;
mod read;
mod rotate;
mod stage;
#[cfg(test)]
mod tests;

pub(super) use self::access::enter;
use super::Operation;

pub(super) const OPERATIONS: &[Operation] = &[
    // Secrets as a whole.
    Operation {
        action: "CreateSecret",
        required: &["SecretName", "SecretData", "VersionId"],
        run: create::create_secret,
    },
    Operation { action: "DeleteSecret", required: &["SecretName"], run: delete::delete_secret },
    Operation { action: "DescribeSecret", required: &["SecretName"], run: describe::describe_secret },
    Operation { action: "ListSecrets", required: &[], run: list::list_secrets },
    Operation { action: "RestoreSecret", required: &["SecretName"], run: delete::restore_secret },
    Operation { action: "UpdateSecret", required: &["SecretName"], run: describe::update_secret },
    // Their policies.
    Operation { action: "GetSecretPolicy", required: &["SecretName"], run: policy::secret_policy },
    Operation {
        action: "SetSecretPolicy",
        required: &["SecretName", "Policy"],
        run: policy::set_secret_policy,
    },
    // Their values and versions.
    Operation { action: "BatchGetSecretValue", required: &["SecretsList"], run: read::batch_secret_values },
    Operation { action: "GetRandomPassword", required: &[], run: password::random_password },
    Operation { action: "GetSecretValue", required: &["SecretName"], run: read::secret_value },
    Operation {
        action: "ListSecretVersionIds",
        required: &["SecretName"],
        run: list::list_secret_version_ids,
    },
    Operation {
        action: "PutSecretValue",
        required: &["SecretName", "SecretData", "VersionId"],
        run: put::put_secret_value,
    },
    Operation { action: "RotateSecret", required: &["SecretName", "VersionId"], run: rotate::rotate_secret },
    Operation {
        action: "UpdateSecretRotationPolicy",
        required: &["SecretName", "EnableAutomaticRotation"],
        run: rotate::update_secret_rotation_policy,
    },
    Operation {
        action: "UpdateSecretVersionStage",
        required: &["SecretName", "VersionStage"],
        run: stage::update_secret_version_stage,
    },
    // Keys.
    Operation { action: "Decrypt", required: &["CiphertextBlob"], run: crypto::decrypt },
    Operation { action: "Encrypt", required: &["KeyId", "Plaintext"], run: crypto::encrypt },
    Operation { action: "GenerateDataKey", required: &["KeyId"], run: crypto::generate_data_key },
    Operation {
        action: "GenerateDataKeyWithoutPlaintext",
        required: &["KeyId"],
        run: crypto::generate_data_key_without_plaintext,
    },
];
