//! From a secret's value to the contents of its files: binary data is decoded already, then comes what `jmesPath` extracts,
//! then `objectEncoding`.

use sha2::{Digest as _, Sha256};

use super::extract::Document;
use super::file::{Encoding, FileMode, FileSpec};
use super::object::SecretObject;
use super::{Error, File};
use crate::alicloud::RoleArn;
use crate::sensitive::Sensitive;
use crate::store::{Selection, Value};

/// All files of an object, in its order.
pub(super) async fn unpack(object: &SecretObject, value: &Value, mode: FileMode) -> Result<Vec<File>, Error> {
    let Value { contents, version_id } = value;
    let file = |spec: &FileSpec, text: Sensitive<Vec<u8>>| -> Result<File, Error> {
        let contents = mutate!(EncodingIgnored, spec.encoding.decode(text), Some(text));
        let contents = contents
            .ok_or_else(|| Error::Encoding { file: spec.label.clone(), encoding: spec.encoding.as_str() })?;
        let own_mode = mutate!(OwnModeIgnored, spec.mode, None);
        let (path, mode) = (spec.path.clone(), own_mode.unwrap_or(mode));
        Ok(File { path, mode, contents, version_id: version(version_id, object, spec) })
    };
    let mut files = Vec::with_capacity(object.files.len());
    let mut document = None;
    for spec in &object.files {
        let Some(expression) = &spec.expression else { continue };
        let document = if let Some(document) = &document {
            document
        } else {
            let refuse = |cause| Error::Json { file: spec.label.clone(), cause };
            document.insert(Document::parse(contents.expose()).map_err(refuse)?)
        };
        let found = expression.search(document);
        let found = found.map_err(|cause| Error::Extract { file: spec.label.clone(), cause })?;
        files.push(file(spec, found)?);
        // A class with many expressions must not keep the others' mounts waiting, nor outlast its own time.
        tokio::task::yield_now().await;
    }
    mutate!(WholeLeftOut => if !files.is_empty() { return Ok(files) });
    if let Some(spec) = object.files.iter().find(|spec| spec.expression.is_none()) {
        // The value may be remembered, or others may wait for it.
        files.insert(0, file(spec, contents.expose().clone().into())?);
    }
    Ok(files)
}

/// A secret as it is, under its own name, has the version id that the cloud shows. Behind another path a class may put
/// another secret, another value or another form of it, of the same version id, and the driver looks at versions to know when
/// a synchronized Secret is old. So there the version says as well where the content is from and how it was made.
fn version(version_id: &str, object: &SecretObject, spec: &FileSpec) -> String {
    let role = object.cross_account_role.as_ref().map_or("", RoleArn::as_str);
    let expression = spec.expression.as_ref().map_or("", |expression| expression.as_str());
    if !spec.aliased && role.is_empty() && expression.is_empty() && spec.encoding == Encoding::Utf8 {
        return version_id.to_owned();
    }
    let store = match object.selection {
        Selection::Kms(_) => "kms",
        Selection::Oos(_) => "oos",
    };
    let mut recipe = Sha256::new();
    for part in [store, object.selection.name(), role, expression, spec.encoding.as_str()] {
        recipe.update(part);
        recipe.update([0]);
    }
    let digest = base16ct::lower::encode_string(&recipe.finalize()[..4]);
    format!("{version_id}+{digest}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::object::{Rules, parse_objects};
    use super::*;

    const JSON: &str = r#"{"user":"alice","key":"aGk=","port":5432}"#;

    async fn unpacked(fields: &str, text: &[u8], version_id: &str) -> Result<Vec<File>, Error> {
        let (objects, _) = parse_objects(&format!("- objectName: db\n{fields}"), &Rules::default()).unwrap();
        let value = Value { contents: text.to_vec().into(), version_id: version_id.to_owned() };
        unpack(&objects[0], &value, FileMode::from_bits(0o644).unwrap()).await
    }

    fn contents(files: &[File]) -> Vec<(&str, &[u8])> {
        files.iter().map(|file| (file.path.as_str(), file.contents.expose().as_slice())).collect()
    }

    #[tokio::test]
    async fn the_whole_stands_before_what_is_extracted_and_then_decoded() {
        let fields = "  jmesPath:\n  - path: user\n  - {path: key, objectEncoding: base64, objectAlias: k}\n";
        let files = unpacked(fields, JSON.as_bytes(), "v1").await.unwrap();
        assert_eq!(
            contents(&files),
            [("db", JSON.as_bytes()), ("user", b"alice".as_slice()), ("k", b"hi".as_slice())]
        );
    }

    #[tokio::test]
    async fn a_file_has_its_own_mode_or_its_objects_or_the_drivers() {
        let fields =
            "  filePermission: 0440\n  jmesPath: [{path: user, filePermission: 0400}, {path: key}]\n";
        let files = unpacked(fields, JSON.as_bytes(), "v1").await.unwrap();
        let modes: Vec<_> = files.iter().map(|file| file.mode.bits()).collect();
        assert_eq!(modes, [0o440, 0o400, 0o440]);
        assert_eq!(unpacked("", b"x", "v1").await.unwrap()[0].mode.bits(), 0o644);
    }

    #[tokio::test]
    async fn a_version_changes_with_the_secrets_and_with_the_recipe_and_with_nothing_else() {
        let version = async |fields: &str, text: &str, id: &str| {
            unpacked(fields, text.as_bytes(), id).await.unwrap().pop().unwrap().version_id
        };
        assert_eq!(version("", "x", "v1").await, "v1");
        assert_eq!(version("  optional: true\n  filePermission: 0400\n", "x", "v1").await, "v1");
        let one = version("  jmesPath: [{path: user, objectAlias: x}]\n", JSON, "v1").await;
        let same = "  objectAlias: w\n  jmesPath: [{path: user, objectAlias: y, filePermission: 0400}]\n";
        assert_eq!(one, version(same, JSON, "v1").await);
        let aliased = version("  objectAlias: x\n", "x", "v1").await;
        assert_eq!(aliased, version("  objectAlias: y\n", "y", "v1").await);
        let others = [
            ("  objectAlias: x\n", "x", "v2"),
            ("  objectAlias: x\n  objectType: oos\n", "x", "v1"),
            ("  crossAccountRoleArn: acs:ram::1:role/a\n", "x", "v1"),
            ("  objectEncoding: hex\n", "6869", "v1"),
            ("  jmesPath: [{path: key, objectAlias: x}]\n", JSON, "v1"),
            ("  jmesPath: [{path: key, objectAlias: x, objectEncoding: base64}]\n", JSON, "v1"),
            ("  jmesPath: [{path: user, objectAlias: x}]\n", JSON, "v2"),
        ];
        let mut versions = BTreeSet::from(["v1".to_owned(), one, aliased]);
        for (fields, text, id) in others {
            assert!(versions.insert(version(fields, text, id).await), "{fields}{id}");
        }
    }

    #[tokio::test]
    async fn another_secret_behind_the_same_alias_is_another_version() {
        let version = async |name: &str| {
            let text = format!("- {{objectName: {name}, objectAlias: x}}");
            let (objects, _) = parse_objects(&text, &Rules::default()).unwrap();
            let value = Value { contents: b"x".to_vec().into(), version_id: "v1".to_owned() };
            let files = unpack(&objects[0], &value, FileMode::from_bits(0o644).unwrap()).await.unwrap();
            files[0].version_id.clone()
        };
        assert_ne!(version("one").await, version("two").await);
        assert!(version("one").await.starts_with("v1+"));
    }

    #[tokio::test]
    async fn what_cannot_be_made_is_an_error_that_names_the_file_and_no_value() {
        for (fields, text, expected) in [
            ("  objectEncoding: base64\n", "hunter2!", r#"objects[0] "db""#),
            ("  jmesPath: [{path: user}]\n", "hunter2", r#"objects[0] "db" jmesPath[0] "user""#),
            ("  jmesPath: [{path: nobody}]\n", r#"{"user":"hunter2"}"#, r#"jmesPath[0] "nobody""#),
            (
                "  jmesPath: [{path: user, objectEncoding: hex}]\n",
                r#"{"user":"hunter2"}"#,
                r#"jmesPath[0] "user""#,
            ),
        ] {
            let message = unpacked(fields, text.as_bytes(), "v1").await.unwrap_err().to_string();
            assert!(message.contains(expected) && !message.contains("hunter2"), "{message}");
        }
    }
}
