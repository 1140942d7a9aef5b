//! The one ECS instance that the metadata service speaks of, as a test describes it.

use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::state::{
    arn::RoleArn,
    ecs::Ecs,
    name::{AccountId, Region, RoleName, RoleSessionName},
};

/// An ECS instance. All but its id and its account can be left out.
///
/// ```
/// use fake_alicloud::{EcsInstance, HttpTokens};
///
/// let mut instance = EcsInstance::new("i-demo", "1234567890123456");
/// instance.role = Some("node".to_owned());
/// instance.http_tokens = HttpTokens::Required;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct EcsInstance {
    /// Its id, such as `i-demo`.
    pub instance_id: String,
    /// Whose it is. Quote it in YAML.
    pub account: String,
    /// Where it is; the fake's region by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The zone within the region; the one that ends in `-a` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The name of the role that it has, of its account. The role must trust `ecs.aliyuncs.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether a session token is needed to read.
    #[serde(default)]
    pub http_tokens: HttpTokens,
    /// Whether there is an answer at all.
    #[serde(default)]
    pub http_endpoint: HttpEndpoint,
    /// Its image.
    #[serde(default = "default_image")]
    pub image_id: String,
    /// Its type.
    #[serde(default = "default_type")]
    pub instance_type: String,
    /// Its host name; its id by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The address of its network card.
    #[serde(default = "default_mac")]
    pub mac: String,
    /// Its address within the network.
    #[serde(default = "default_address")]
    #[schemars(with = "String")]
    pub private_ipv4: Ipv4Addr,
    /// Its network.
    #[serde(default = "default_vpc")]
    pub vpc_id: String,
    /// The part of the network that it is in.
    #[serde(default = "default_v_switch")]
    pub v_switch_id: String,
    /// Its serial number.
    #[serde(default = "default_serial_number")]
    pub serial_number: String,
    /// What it was given to read at its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_data: Option<String>,
}

/// Whether reading needs a session token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HttpTokens {
    /// Reading goes with and without one.
    #[default]
    Optional,
    /// Security hardening mode: without one nothing can be read.
    Required,
}

/// Whether the service answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HttpEndpoint {
    /// It does.
    #[default]
    Enabled,
    /// All that it says is 404.
    Disabled,
}

/// An instance that cannot be. The message says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EcsInstanceError {
    /// The text is not an instance: its author must correct it.
    #[error("cannot read the instance{place}: {problem}")]
    Unreadable {
        /// Where in the text.
        place: crate::Place,
        /// What is wrong there.
        problem: String,
    },
    /// A field breaks the rule of its kind.
    #[error("cannot use `{field}` of the instance: {rule}")]
    Field {
        /// The field.
        field: &'static str,
        /// What it must be like.
        rule: String,
    },
}

impl EcsInstance {
    /// An instance with the defaults of a seed.
    pub fn new(instance_id: impl Into<String>, account: impl Into<String>) -> Self {
        Self {
            instance_id: instance_id.into(),
            account: account.into(),
            region: None,
            zone: None,
            role: None,
            http_tokens: HttpTokens::default(),
            http_endpoint: HttpEndpoint::default(),
            image_id: default_image(),
            instance_type: default_type(),
            hostname: None,
            mac: default_mac(),
            private_ipv4: default_address(),
            vpc_id: default_vpc(),
            v_switch_id: default_v_switch(),
            serial_number: default_serial_number(),
            user_data: None,
        }
    }

    /// Reads an instance from YAML, of which JSON is a part.
    pub(crate) fn from_yaml(text: &str) -> Result<Self, EcsInstanceError> {
        serde_yaml::from_str(text).map_err(|error| {
            let (place, problem) = crate::control::seed::place_and_problem(&error);
            EcsInstanceError::Unreadable { place, problem }
        })
    }

    /// The instance as the cloud keeps it.
    pub(crate) fn build(&self, default_region: &Region) -> Result<Ecs, EcsInstanceError> {
        let field = |field, rule: &dyn ToString| EcsInstanceError::Field { field, rule: rule.to_string() };
        let account: AccountId = self.account.parse().map_err(|rule| field("account", &rule))?;
        let region = match &self.region {
            Some(region) => region.parse().map_err(|rule| field("region", &rule))?,
            None => default_region.clone(),
        };
        let role = self.role.as_ref().map(|name| name.parse::<RoleName>()).transpose();
        let role = role.map_err(|rule| field("role", &rule))?;
        let session_name: RoleSessionName =
            self.instance_id.parse().ok().filter(|_| self.instance_id.starts_with("i-")).ok_or_else(
                || field("instanceId", &"it must be i- and up to 62 letters, digits or hyphens"),
            )?;
        let zone = self.zone.clone().unwrap_or_else(|| format!("{region}-a"));
        let hostname = self.hostname.clone().unwrap_or_else(|| self.instance_id.clone());
        let lines = [
            ("zone", &zone),
            ("imageId", &self.image_id),
            ("instanceType", &self.instance_type),
            ("hostname", &hostname),
            ("mac", &self.mac),
            ("vpcId", &self.vpc_id),
            ("vSwitchId", &self.v_switch_id),
            ("serialNumber", &self.serial_number),
        ];
        if let Some((name, _)) = lines.iter().find(|(_, text)| !is_line(text)) {
            return Err(field(name, &"it must be 1 to 256 visible characters of ASCII"));
        }
        let described = Self {
            region: Some(region.to_string()),
            zone: Some(zone),
            hostname: Some(hostname),
            ..self.clone()
        };
        let role = role.map(|name| RoleArn { account, name });
        Ok(Ecs::new(described, role, session_name))
    }
}

fn is_line(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn default_image() -> String {
    "aliyun_3_x64_20G_alibase_20250117.vhd".to_owned()
}

fn default_type() -> String {
    "ecs.g7.large".to_owned()
}

fn default_mac() -> String {
    "00:16:3e:00:00:01".to_owned()
}

fn default_address() -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 0, 10)
}

fn default_vpc() -> String {
    "vpc-demo".to_owned()
}

fn default_v_switch() -> String {
    "vsw-demo".to_owned()
}

fn default_serial_number() -> String {
    "6e0a6c2e-0000-4000-8000-000000000001".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(text: &str) -> Result<Ecs, EcsInstanceError> {
        EcsInstance::from_yaml(text)?.build(&"cn-hangzhou".parse().expect("a region"))
    }

    #[test]
    fn what_is_left_out_is_made_up() {
        let instance = built("{ instanceId: i-demo, account: '1', role: node }").expect("an instance");
        let described = instance.described();
        assert_eq!(
            (described.region.as_deref(), described.zone.as_deref()),
            (Some("cn-hangzhou"), Some("cn-hangzhou-a"))
        );
        assert_eq!(described.hostname.as_deref(), Some("i-demo"));
        let json = serde_json::to_string(described).expect("JSON");
        assert_eq!(EcsInstance::from_yaml(&json).as_ref(), Ok(described), "it survives a round trip");
    }

    #[rstest::rstest]
    #[case("{ instanceId: i-demo }", "missing field `account`")]
    #[case("{ instanceId: i-demo, account: '1', rol: x }", "at line 1, column 37: unknown field `rol`")]
    #[case(
        "{ instanceId: i-demo, account: one }",
        "cannot use `account` of the instance: an account id must be"
    )]
    #[case("{ instanceId: demo, account: '1' }", "cannot use `instanceId` of the instance: it must be i-")]
    #[case(
        "{ instanceId: i-demo, account: '1', region: NO }",
        "cannot use `region` of the instance: a region must be"
    )]
    #[case(
        "{ instanceId: i-demo, account: '1', role: a/b }",
        "cannot use `role` of the instance: a role name must be"
    )]
    #[case(
        "{ instanceId: i-demo, account: '1', mac: '' }",
        "cannot use `mac` of the instance: it must be 1 to 256"
    )]
    #[case("{ instanceId: i-demo, account: '1', httpTokens: maybe }", "unknown variant `maybe`")]
    fn a_mistake_is_told(#[case] text: &str, #[case] part: &str) {
        let problem = built(text).expect_err("a mistake").to_string();
        assert!(problem.contains(part), "{problem}");
    }
}
