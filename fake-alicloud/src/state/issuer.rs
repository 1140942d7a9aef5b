//! Issuers of OIDC tokens: those that the fake plays, and foreign ones of which it knows the keys.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{name::IssuerUrl, oidc::OidcProvider};
use crate::oidc::{Algorithm, Claims, PublicKey, SigningKey, Token, TokenError};

/// All issuers. What is not among them cannot be reached by the cloud.
#[derive(Clone, Debug, Default)]
pub(crate) struct Issuers {
    by_url: BTreeMap<IssuerUrl, Issuer>,
    /// SHA-1 of the certificate of the authority behind the sites of those that have no other, in hex.
    site_fingerprint: String,
}

/// Somebody who signs tokens.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    pub(crate) keys: Keys,
    /// SHA-1 of the certificate of the authority behind its site, in hex, if that is not the fake's.
    pub(crate) fingerprint: Option<String>,
}

/// The keys that an issuer publishes.
#[derive(Clone, Debug)]
pub(crate) enum Keys {
    /// The issuer is played by the fake; the last one signs.
    Own(Vec<SigningKey>),
    /// Others sign.
    Foreign(Vec<PublicKey>),
}

/// What the fake's own issuers publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Where things are, by the discovery specification of OIDC.
    Discovery,
    /// The keys by which its tokens are verified.
    KeySet,
}

impl Page {
    /// The page that a path ends in, and what is before.
    pub(crate) fn at(path: &str) -> Option<(Self, &str)> {
        [Self::Discovery, Self::KeySet]
            .into_iter()
            .find_map(|page| Some((page, path.strip_suffix(page.path())?)))
    }

    /// Where it is below the issuer's URL: the second as in Kubernetes.
    fn path(self) -> &'static str {
        match self {
            Self::Discovery => "/.well-known/openid-configuration",
            Self::KeySet => "/openid/v1/jwks",
        }
    }
}

impl IssuerUrl {
    /// The host without a port, in lower case.
    pub(crate) fn host(&self) -> String {
        let url: http::Uri = self.as_ref().parse().expect("issuers' URLs are some");
        url.host().unwrap_or_default().to_ascii_lowercase()
    }

    /// The path without a slash at its end; empty if there is none.
    fn path(&self) -> &str {
        let rest = self.as_ref().strip_prefix("https://").expect("issuers' URLs begin with it");
        rest.find('/').map_or("", |start| &rest[start..]).trim_end_matches('/')
    }

    /// The address of a page.
    pub(crate) fn of(&self, page: Page) -> String {
        format!("{}{}", self.as_ref().trim_end_matches('/'), page.path())
    }
}

impl Issuer {
    /// The keys by which its tokens are verified.
    pub(crate) fn public_keys(&self) -> Vec<&PublicKey> {
        match &self.keys {
            Keys::Own(keys) => keys.iter().map(SigningKey::public).collect(),
            Keys::Foreign(keys) => keys.iter().collect(),
        }
    }

    /// Adds a key that signs from now on, and withdraws those before if told so. False for a foreign issuer.
    pub(crate) fn rotate(&mut self, algorithm: Option<Algorithm>, withdraw: bool) -> bool {
        let Keys::Own(keys) = &mut self.keys else { return false };
        let algorithm = algorithm.or_else(|| keys.last().map(SigningKey::algorithm)).unwrap_or_default();
        if withdraw {
            keys.clear();
        }
        keys.push(SigningKey::generate(algorithm));
        true
    }
}

impl Issuers {
    pub(crate) fn new(site_fingerprint: String) -> Self {
        Self { by_url: BTreeMap::new(), site_fingerprint }
    }

    /// Adds one; false if there is one of that URL.
    pub(crate) fn add(&mut self, url: IssuerUrl, issuer: Issuer) -> bool {
        let is_new = !self.by_url.contains_key(&url);
        if is_new {
            self.by_url.insert(url, issuer);
        }
        is_new
    }

    pub(crate) fn find(&self, url: &str) -> Option<(&IssuerUrl, &Issuer)> {
        // Whatever is no URL of an issuer is none of theirs.
        let url: IssuerUrl = url.parse().ok()?;
        self.by_url.get_key_value(&url)
    }

    pub(crate) fn find_mut(&mut self, url: &str) -> Option<&mut Issuer> {
        self.by_url.get_mut(&url.parse().ok()?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&IssuerUrl, &Issuer)> {
        self.by_url.iter()
    }

    /// Those that the fake plays, each with its keys.
    pub(crate) fn played(&self) -> impl Iterator<Item = (&IssuerUrl, &[SigningKey])> {
        self.by_url.iter().filter_map(|(url, issuer)| match &issuer.keys {
            Keys::Own(keys) => Some((url, keys.as_slice())),
            Keys::Foreign(_) => None,
        })
    }

    /// The hosts of these.
    pub(crate) fn hosts(&self) -> Vec<String> {
        self.played().map(|(url, _)| url.host()).collect()
    }

    /// The one that the fake plays at a host and path. Any name but one of the cloud's or of another issuer stands for all
    /// hosts, so that tests can read pages at the fake's address.
    pub(crate) fn at(&self, host: &str, path: &str) -> Option<(&IssuerUrl, &[SigningKey])> {
        let host = host.to_ascii_lowercase();
        let host = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        let counts = host.ends_with(".aliyuncs.com") || self.by_url.keys().any(|url| url.host() == host);
        self.played().find(|(url, _)| url.path() == path && (!counts || url.host() == host))
    }

    /// The fingerprint of an issuer's site.
    pub(crate) fn fingerprint<'a>(&'a self, issuer: &'a Issuer) -> &'a str {
        issuer.fingerprint.as_ref().unwrap_or(&self.site_fingerprint)
    }

    /// What a token says, if it is good for a provider now.
    pub(crate) fn verify(
        &self,
        token: &str,
        provider: &OidcProvider,
        now: Timestamp,
    ) -> Result<Claims, TokenError> {
        let token = Token::read(token)?;
        if token.issuer() != provider.issuer_url {
            return Err(TokenError::Issuer);
        }
        let (_, issuer) = self.find(&provider.issuer_url).ok_or(TokenError::IssuerUnknown)?;
        let fingerprint = self.fingerprint(issuer);
        let is_known = |known: &String| known.eq_ignore_ascii_case(fingerprint);
        if !provider.fingerprints.is_empty() && !provider.fingerprints.iter().any(is_known) {
            return Err(TokenError::Fingerprint);
        }
        let claims = token.verified(issuer.public_keys())?;
        claims.check_times(SignedDuration::from_hours(provider.issuance_limit_hours.into()), now)?;
        if claims.audiences.iter().any(|audience| provider.client_ids.contains(audience)) {
            Ok(claims)
        } else {
            Err(TokenError::Audience)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::oidc::ServiceAccountToken;

    const URL: &str = "https://Issuer.test:8443/c1";

    #[rstest::rstest]
    #[case("issuer.test", "/c1/.well-known/openid-configuration", Some(Page::Discovery))]
    #[case("ISSUER.test:443", "/c1/openid/v1/jwks", Some(Page::KeySet))]
    #[case("127.0.0.1:8980", "/c1/openid/v1/jwks", Some(Page::KeySet))]
    #[case("127.0.0.1:8980", "/c2/openid/v1/jwks", None)]
    #[case("127.0.0.1:8980", "/openid/v1/jwks", None)]
    #[case("issuer.test", "/c1", None)]
    #[case("oidc.oss-cn-hangzhou.aliyuncs.com", "/c1/openid/v1/jwks", None)]
    fn a_page_is_found_by_host_and_path(#[case] host: &str, #[case] path: &str, #[case] page: Option<Page>) {
        let issuers = issuers();
        let found = Page::at(path).filter(|(_, path)| issuers.at(host, path).is_some());
        assert_eq!(found.map(|(page, _)| page), page);
    }

    #[test]
    fn a_page_has_an_address_below_the_issuers_url() {
        let url: IssuerUrl = "https://issuer.test/".parse().expect("a URL");
        assert_eq!(url.of(Page::KeySet), "https://issuer.test/openid/v1/jwks");
    }

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).expect("a time")
    }

    fn issuers() -> Issuers {
        let mut issuers = Issuers::new("AB12".to_owned());
        let keys = Keys::Own(vec![SigningKey::generate(Algorithm::Es256)]);
        assert!(issuers.add(URL.parse().expect("a URL"), Issuer { keys, fingerprint: None }));
        issuers
    }

    fn provider() -> OidcProvider {
        OidcProvider {
            issuer_url: URL.to_owned(),
            client_ids: BTreeSet::from(["other".to_owned(), "sts.aliyuncs.com".to_owned()]),
            fingerprints: BTreeSet::new(),
            description: String::new(),
            issuance_limit_hours: 12,
            created: at(0),
            updated: at(0),
        }
    }

    fn mint(issuers: &Issuers) -> String {
        let (url, keys) = issuers.played().next().expect("an issuer");
        let token = ServiceAccountToken::new("shop", "reader").expires_in(SignedDuration::from_hours(24));
        token.sign(url.as_ref(), keys.last().expect("a key"), at(0))
    }

    fn verify(issuers: &Issuers, provider: &OidcProvider, hour: i64) -> Result<(), TokenError> {
        issuers.verify(&mint(issuers), provider, at(hour)).map(drop)
    }

    #[test]
    fn a_token_must_fit_its_provider() {
        let issuers = issuers();
        assert_eq!(verify(&issuers, &provider(), 12), Ok(()));
        assert_eq!(verify(&issuers, &provider(), 13), Err(TokenError::TooOld));
        let other_issuer = OidcProvider { issuer_url: format!("{URL}/"), ..provider() };
        assert_eq!(verify(&issuers, &other_issuer, 0), Err(TokenError::Issuer));
        let other_audience = OidcProvider { client_ids: BTreeSet::from(["other".to_owned()]), ..provider() };
        assert_eq!(verify(&issuers, &other_audience, 0), Err(TokenError::Audience));
    }

    #[test]
    fn an_issuer_that_is_nowhere_has_no_keys() {
        let outcome = Issuers::default().verify(&mint(&issuers()), &provider(), at(0));
        assert_eq!(outcome, Err(TokenError::IssuerUnknown));
    }

    #[test]
    fn a_fingerprint_is_compared_if_the_provider_has_any() {
        let issuers = issuers();
        let with =
            |known: &str| OidcProvider { fingerprints: BTreeSet::from([known.to_owned()]), ..provider() };
        assert_eq!(verify(&issuers, &with("ab12"), 0), Ok(()));
        assert_eq!(verify(&issuers, &with("ab13"), 0), Err(TokenError::Fingerprint));
    }

    #[test]
    fn a_withdrawn_key_verifies_no_more_and_a_kept_one_does() {
        let mut issuers = issuers();
        let old = mint(&issuers);
        let outcome = |issuers: &Issuers| issuers.verify(&old, &provider(), at(0)).map(drop);
        assert!(issuers.find_mut(URL).expect("an issuer").rotate(None, false));
        assert_eq!((outcome(&issuers), verify(&issuers, &provider(), 0)), (Ok(()), Ok(())));
        assert!(issuers.find_mut(URL).expect("an issuer").rotate(None, true));
        assert_eq!(outcome(&issuers), Err(TokenError::Signature));
        assert_eq!(verify(&issuers, &provider(), 0), Ok(()));
    }

    #[test]
    fn a_foreign_issuer_is_known_by_its_keys_alone() {
        let played = issuers();
        let (_, keys) = played.played().next().expect("an issuer");
        let mut issuers = Issuers::default();
        let keys = Keys::Foreign(vec![keys[0].public().clone()]);
        issuers.add(URL.parse().expect("a URL"), Issuer { keys, fingerprint: None });
        assert!(issuers.verify(&mint(&played), &provider(), at(0)).is_ok());
        assert!(!issuers.find_mut(URL).expect("an issuer").rotate(None, false));
    }
}
