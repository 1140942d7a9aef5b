//! The versions of a secret of a seed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_yaml::{Location, Spanned};

use super::{SeedError, exposed_with_place, placeless, wrong};
use crate::{
    behaviour::Eviction,
    state::{
        hidden::Hidden,
        name::VersionId,
        secret::{DataType, Kind, MAX_DATA_BYTES, SecretValue},
        versions::{MAX_STAGES, Stored, Version, VersionStage, Versions},
    },
};

/// A version of a secret.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VersionSeed {
    /// Its id within the secret.
    #[schemars(with = "VersionId")]
    id: Spanned<VersionId>,
    /// The secret text, or Base64 of the secret bytes; of managed secrets what reading one gives. Make it up.
    #[serde(serialize_with = "exposed_with_place")]
    #[schemars(with = "String")]
    data: Spanned<Hidden>,
    /// What the data claims to be, if it is not what the secret says.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_type: Option<DataType>,
    /// Custom stages. If any version of the secret names a built-in one, all are as named and the order says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    stages: Vec<Spanned<VersionStage>>,
    /// When it was created; the secret's `createTime` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    create_time: Option<Timestamp>,
}

/// What the versions take from their secret.
pub(super) struct Home<'a> {
    /// The place of its name, for mistakes that no version made alone.
    pub(super) name: Location,
    pub(super) data_type: DataType,
    pub(super) created: Timestamp,
    pub(super) kind: &'a Kind,
}

/// What is wrong with versions that name built-in stages.
const IMPOSSIBLE: &str = "these versions cannot be: one of at most ten must be ACSCurrent and another may be ACSPrevious, \
                          and no id or stage may be there twice";

impl VersionSeed {
    /// All versions of a secret, oldest first.
    pub(super) fn build_all(seeds: &[Self], home: &Home<'_>) -> Result<Versions, SeedError> {
        for seed in seeds {
            seed.check(home)?;
        }
        let stages: Vec<_> = seeds.iter().flat_map(Self::stages).collect();
        if stages.iter().any(|stage| !matches!(stage, VersionStage::Custom(_))) {
            let list = seeds.iter().map(|seed| (seed.build(home), seed.stages().collect())).collect();
            return Versions::restore(list).ok_or_else(|| wrong(home.name, IMPOSSIBLE));
        }
        let [first, later @ ..] = seeds else {
            return Err(wrong(home.name, "a secret must have a version: add one under `versions`"));
        };
        if stages.len() + 2 > MAX_STAGES {
            let problem = "a secret has at most eight stages, ACSCurrent and ACSPrevious among them";
            return Err(wrong(home.name, problem));
        }
        let mut versions = Versions::first(first.build(home), first.stages());
        for seed in later {
            let stages = std::iter::once(VersionStage::Current).chain(seed.stages());
            if versions.put(seed.build(home), stages, Eviction::default()) != Ok(Stored::Now) {
                let problem = format!("the version id {} is there twice", seed.id.value);
                return Err(wrong(seed.id.referenced, problem));
            }
        }
        Ok(versions)
    }

    fn check(&self, home: &Home<'_>) -> Result<(), SeedError> {
        let place = self.data.referenced;
        let data = self.data.value.expose();
        if !(1..=MAX_DATA_BYTES).contains(&data.len()) {
            return Err(wrong(place, "the data of a version must be 1 to 30720 bytes long"));
        }
        let Kind::Managed(managed) = home.kind else { return Ok(()) };
        if self.data_type.unwrap_or(home.data_type) != DataType::Text {
            return Err(wrong(place, "the data of a managed secret must be text"));
        }
        if !managed.config.fits(data) {
            let service = managed.service.as_str();
            let problem = format!(
                "the data of a managed secret of type {service} must be the JSON that GetSecretValue gives"
            );
            return Err(wrong(place, problem));
        }
        let custom = self.stages.iter().find(|stage| matches!(stage.value, VersionStage::Custom(_)));
        custom.map_or(Ok(()), |stage| Err(wrong(stage.referenced, "a managed secret has no custom stages")))
    }

    fn build(&self, home: &Home<'_>) -> Version {
        Version {
            id: self.id.value.clone(),
            value: SecretValue {
                data: self.data.value.clone(),
                data_type: self.data_type.unwrap_or(home.data_type),
            },
            created: self.create_time.unwrap_or(home.created),
        }
    }

    fn stages(&self) -> impl Iterator<Item = VersionStage> {
        self.stages.iter().map(|stage| stage.value.clone())
    }

    /// The way back: the seeds that make these versions.
    pub(super) fn all_of(versions: &Versions) -> Vec<Self> {
        let seed = |version: &Version| Self {
            id: placeless(version.id.clone()),
            data: placeless(version.value.data.clone()),
            data_type: Some(version.value.data_type),
            stages: versions.stages_of(&version.id).into_iter().cloned().map(placeless).collect(),
            create_time: Some(version.created),
        };
        versions.iter().map(seed).collect()
    }
}
