//! What the paths of the metadata service stand for.

/// The service's name in plans and the journal.
pub(crate) const PRODUCT: &str = "metadata";
/// What is asked of it, by the names that plans and the journal use.
pub(crate) const ACTIONS: &[&str] = &[
    "CreateToken",
    "GetIdentityDocument",
    "GetItem",
    "GetRoleCredentials",
    "GetRoleName",
    "GetUserData",
    "ListItems",
];

/// What a path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// `api/token`.
    Token,
    /// A folder and what is in it.
    Listing(&'static [&'static str]),
    /// A line about the instance.
    Item(Item),
    /// `meta-data/ram/security-credentials/`.
    RoleName,
    /// `meta-data/ram/security-credentials/<role>`.
    RoleCredentials(&'a str),
    /// `dynamic/instance-identity/document`.
    IdentityDocument,
    /// `user-data`.
    UserData,
}

/// The lines about the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Hostname,
    ImageId,
    InstanceId,
    InstanceType,
    Mac,
    OwnerAccountId,
    PrivateIpv4,
    RegionId,
    SerialNumber,
    VSwitchId,
    VpcId,
    ZoneId,
}

const ITEMS: &[(&str, Item)] = &[
    ("meta-data/hostname", Item::Hostname),
    ("meta-data/image-id", Item::ImageId),
    ("meta-data/instance-id", Item::InstanceId),
    ("meta-data/instance/instance-type", Item::InstanceType),
    ("meta-data/mac", Item::Mac),
    ("meta-data/owner-account-id", Item::OwnerAccountId),
    ("meta-data/private-ipv4", Item::PrivateIpv4),
    ("meta-data/region-id", Item::RegionId),
    ("meta-data/serial-number", Item::SerialNumber),
    ("meta-data/vswitch-id", Item::VSwitchId),
    ("meta-data/vpc-id", Item::VpcId),
    ("meta-data/zone-id", Item::ZoneId),
];

/// Folders with what is in them; that of credentials is the role's.
const LISTINGS: &[(&str, &[&str])] = &[
    ("", &["dynamic/", "meta-data/", "user-data"]),
    ("dynamic", &["instance-identity/"]),
    ("dynamic/instance-identity", &["document"]),
    (
        "meta-data",
        &[
            "hostname",
            "image-id",
            "instance-id",
            "instance/",
            "mac",
            "owner-account-id",
            "private-ipv4",
            "ram/",
            "region-id",
            "serial-number",
            "vpc-id",
            "vswitch-id",
            "zone-id",
        ],
    ),
    ("meta-data/instance", &["instance-type"]),
    ("meta-data/ram", &["security-credentials/"]),
];

/// A path after `/latest`, without slashes at its ends; none for others.
pub(super) fn within_latest(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/latest")?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_matches('/'))
}

impl<'a> Place<'a> {
    /// Reads what [`within_latest`] leaves of a path.
    pub(super) fn read(path: &'a str) -> Option<Self> {
        match path {
            "api/token" => return Some(Self::Token),
            "user-data" => return Some(Self::UserData),
            "dynamic/instance-identity/document" => return Some(Self::IdentityDocument),
            "meta-data/ram/security-credentials" => return Some(Self::RoleName),
            _ => {}
        }
        if let Some(role) = path.strip_prefix("meta-data/ram/security-credentials/") {
            return Some(Self::RoleCredentials(role));
        }
        if let Some((_, item)) = ITEMS.iter().find(|(known, _)| *known == path) {
            return Some(Self::Item(*item));
        }
        let listing = LISTINGS.iter().find(|(known, _)| *known == path);
        listing.map(|(_, names)| Self::Listing(names))
    }

    /// One of [`ACTIONS`].
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Token => "CreateToken",
            Self::Listing(_) => "ListItems",
            Self::Item(_) => "GetItem",
            Self::RoleName => "GetRoleName",
            Self::RoleCredentials(_) => "GetRoleCredentials",
            Self::IdentityDocument => "GetIdentityDocument",
            Self::UserData => "GetUserData",
        }
    }

    /// The only method that it takes.
    pub(super) fn method(self) -> http::Method {
        if self == Self::Token { http::Method::PUT } else { http::Method::GET }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("/latest/meta-data/region-id", Some(Place::Item(Item::RegionId)))]
    #[case("/latest/meta-data/region-id/", Some(Place::Item(Item::RegionId)))]
    #[case("/latest/meta-data/ram/security-credentials", Some(Place::RoleName))]
    #[case("/latest/meta-data/ram/security-credentials/", Some(Place::RoleName))]
    #[case("/latest/meta-data/ram/security-credentials/node", Some(Place::RoleCredentials("node")))]
    #[case("/latest/user-data", Some(Place::UserData))]
    #[case("/latest/api/token", Some(Place::Token))]
    #[case("/latest/dynamic/instance-identity/pkcs7", None)]
    #[case("/latest/meta-data/nothing", None)]
    #[case("/latestmeta-data/region-id", None)]
    #[case("/meta-data/region-id", None)]
    #[case("/", None)]
    fn a_path_stands_for_one_thing(#[case] path: &str, #[case] place: Option<Place<'_>>) {
        assert_eq!(within_latest(path).and_then(Place::read), place);
    }

    #[test]
    fn whatever_a_listing_names_is_there() {
        for (folder, names) in LISTINGS {
            for name in *names {
                let path = format!("/latest/{folder}/{name}").replace("//", "/");
                assert!(within_latest(&path).and_then(Place::read).is_some(), "{path}");
            }
        }
        let named = |path: &str| {
            let (folder, name) = path.rsplit_once('/').expect("a folder");
            LISTINGS.iter().any(|(known, names)| *known == folder && names.contains(&name))
        };
        assert!(ITEMS.iter().all(|(path, _)| named(path)), "and all that is there is named");
    }

    #[test]
    fn every_action_is_known() {
        let places =
            ["api/token", "user-data", "meta-data", "meta-data/mac", "dynamic/instance-identity/document"];
        let roles = ["meta-data/ram/security-credentials", "meta-data/ram/security-credentials/node"];
        let mut actions: Vec<_> =
            places.iter().chain(&roles).filter_map(|path| Place::read(path)).map(Place::action).collect();
        actions.sort_unstable();
        assert_eq!(actions, ACTIONS);
    }
}
