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
#[cfg(test)]
mod policy_tests;
mod put;
mod read;
mod rotate;
mod stage;
#[cfg(test)]
mod tests;

pub(super) use self::access::enter;
use super::{Operation, Run};

pub(super) const OPERATIONS: &[Operation] = &[
    // Secrets as a whole.
    Operation {
        action: "CreateSecret",
        required: &["SecretName", "SecretData", "VersionId"],
        run: Run::Signed(create::create_secret),
    },
    Operation { action: "DeleteSecret", required: &["SecretName"], run: Run::Signed(delete::delete_secret) },
    Operation {
        action: "DescribeSecret",
        required: &["SecretName"],
        run: Run::Signed(describe::describe_secret),
    },
    Operation { action: "ListSecrets", required: &[], run: Run::Signed(list::list_secrets) },
    Operation {
        action: "RestoreSecret",
        required: &["SecretName"],
        run: Run::Signed(delete::restore_secret),
    },
    Operation {
        action: "UpdateSecret",
        required: &["SecretName"],
        run: Run::Signed(describe::update_secret),
    },
    // Their policies.
    Operation {
        action: "GetSecretPolicy",
        required: &["SecretName"],
        run: Run::Signed(policy::secret_policy),
    },
    Operation {
        action: "SetSecretPolicy",
        required: &["SecretName", "Policy"],
        run: Run::Signed(policy::set_secret_policy),
    },
    // Their values and versions.
    Operation {
        action: "BatchGetSecretValue",
        required: &["SecretsList"],
        run: Run::Signed(read::batch_secret_values),
    },
    Operation { action: "GetRandomPassword", required: &[], run: Run::Signed(password::random_password) },
    Operation { action: "GetSecretValue", required: &["SecretName"], run: Run::Signed(read::secret_value) },
    Operation {
        action: "ListSecretVersionIds",
        required: &["SecretName"],
        run: Run::Signed(list::list_secret_version_ids),
    },
    Operation {
        action: "PutSecretValue",
        required: &["SecretName", "SecretData", "VersionId"],
        run: Run::Signed(put::put_secret_value),
    },
    Operation {
        action: "RotateSecret",
        required: &["SecretName", "VersionId"],
        run: Run::Signed(rotate::rotate_secret),
    },
    Operation {
        action: "UpdateSecretRotationPolicy",
        required: &["SecretName", "EnableAutomaticRotation"],
        run: Run::Signed(rotate::update_secret_rotation_policy),
    },
    Operation {
        action: "UpdateSecretVersionStage",
        required: &["SecretName", "VersionStage"],
        run: Run::Signed(stage::update_secret_version_stage),
    },
    // Keys.
    Operation { action: "Decrypt", required: &["CiphertextBlob"], run: Run::Signed(crypto::decrypt) },
    Operation { action: "Encrypt", required: &["KeyId", "Plaintext"], run: Run::Signed(crypto::encrypt) },
    Operation {
        action: "GenerateDataKey",
        required: &["KeyId"],
        run: Run::Signed(crypto::generate_data_key),
    },
    Operation {
        action: "GenerateDataKeyWithoutPlaintext",
        required: &["KeyId"],
        run: Run::Signed(crypto::generate_data_key_without_plaintext),
    },
];
