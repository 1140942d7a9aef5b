//! The fake's certificate authorities and what they signed.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    pki_types::PrivateKeyDer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use sha1::{Digest, Sha1};

use super::name::{Subject, gateway};
use crate::{cloud::lock, fault::CertificateFlaw, state::name::InstanceId};

/// How many certificates are kept; the one made first goes first and is made anew when asked for.
const KEPT_CERTIFICATES: usize = 256;
/// How many instances have an authority. They are never forgotten, since clients hold their certificates.
const MAX_INSTANCES: usize = 256;
/// When certificates end. Neither end is far enough to upset a parser.
const LAST_YEAR: i32 = 2049;

/// All that the HTTPS listener needs to know: one authority for the shared endpoints and one per dedicated instance. The
/// keys are made at the start and are never written anywhere.
pub(crate) struct Authority {
    provider: Arc<CryptoProvider>,
    shared: Arc<Ca>,
    instances: Mutex<BTreeMap<InstanceId, Arc<Ca>>>,
    kept: Mutex<Kept>,
    own_names: Vec<String>,
    /// The hosts of issuers, which come and go.
    issuer_hosts: Mutex<Vec<String>>,
    /// For names of strangers: it has no certificate, so the handshake ends with an alert.
    refusing: Arc<ServerConfig>,
}

/// One authority.
struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    fingerprint: String,
}

/// What was made lately.
#[derive(Default)]
struct Kept {
    configs: HashMap<Subject, Arc<ServerConfig>>,
    order: VecDeque<Subject>,
}

impl Authority {
    /// Makes the shared authority. The names are served beside those of the cloud and of this machine.
    pub(crate) fn new(own_names: Vec<String>) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let refusing = server_config(&provider, Arc::new(NoCertificate));
        Self {
            provider,
            shared: Arc::new(Ca::new("fake-alicloud, for tests only")),
            instances: Mutex::default(),
            kept: Mutex::default(),
            own_names,
            issuer_hosts: Mutex::default(),
            refusing,
        }
    }

    /// The certificate that clients of the shared endpoints must trust.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.shared.pem
    }

    /// SHA-1 of that certificate, in hex: what IMS calls the fingerprint of an issuer whose site is served here.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.shared.fingerprint
    }

    /// Serves these names of issuers' sites, and of no others.
    pub(crate) fn serve_issuers(&self, hosts: Vec<String>) {
        *lock(&self.issuer_hosts) = hosts;
    }

    /// The certificate that clients of an instance's dedicated gateway must trust; none if that is no instance id or
    /// there are too many.
    pub(crate) fn instance_ca_pem(&self, instance: &str) -> Option<String> {
        let ca = self.instance(&instance.parse().ok()?)?;
        Some(ca.pem.clone())
    }

    /// How to go on with a client that asked for that name, or for none, at that address.
    pub(crate) fn config_for(&self, name: Option<&str>, address: IpAddr) -> Arc<ServerConfig> {
        let subject = match name {
            Some(name) => Subject::read(name, &self.own_names)
                .or_else(|| Subject::among(name, &lock(&self.issuer_hosts))),
            None => Some(Subject::Address(address)),
        };
        subject.and_then(|subject| self.config(subject)).unwrap_or_else(|| self.refusing.clone())
    }

    /// The same with a certificate that a client must not accept.
    pub(crate) fn flawed_config_for(
        &self,
        name: Option<&str>,
        address: IpAddr,
        flaw: CertificateFlaw,
    ) -> Arc<ServerConfig> {
        let subject = match name {
            Some(name) => Subject::read(name, &self.own_names),
            None => Some(Subject::Address(address)),
        };
        let Some((subject, ca)) = subject.and_then(|subject| self.subject(&subject)) else {
            return self.refusing.clone();
        };
        let key = match flaw {
            CertificateFlaw::OtherName => ca.certify(dns("other.invalid"), &self.provider),
            CertificateFlaw::OtherAuthority => {
                Ca::new("fake-alicloud, known to nobody").certify(subject, &self.provider)
            }
            CertificateFlaw::Expired => ca.certify_until(subject, 2000, &self.provider),
        };
        server_config(&self.provider, Arc::new(OneCertificate(Arc::new(key))))
    }

    /// What the certificate of a subject says, and who signs it.
    fn subject(&self, subject: &Subject) -> Option<(SanType, Arc<Ca>)> {
        Some(match subject {
            Subject::Address(address) => (SanType::IpAddress(*address), self.shared.clone()),
            Subject::Host(host) => (dns(host), self.shared.clone()),
            Subject::Instance(id) => (dns(&gateway(id)), self.instance(id)?),
        })
    }

    fn config(&self, subject: Subject) -> Option<Arc<ServerConfig>> {
        if let Some(config) = lock(&self.kept).configs.get(&subject) {
            return Some(config.clone());
        }
        let (name, ca) = self.subject(&subject)?;
        let key = ca.certify(name, &self.provider);
        let config = server_config(&self.provider, Arc::new(OneCertificate(Arc::new(key))));
        lock(&self.kept).keep(subject, config.clone());
        Some(config)
    }

    fn instance(&self, id: &InstanceId) -> Option<Arc<Ca>> {
        let mut instances = lock(&self.instances);
        if !instances.contains_key(id) && instances.len() >= MAX_INSTANCES {
            return None;
        }
        let make = || Arc::new(Ca::new(&format!("fake-alicloud, KMS instance {}", id.as_ref())));
        Some(instances.entry(id.clone()).or_insert_with(make).clone())
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Authority").field("own_names", &self.own_names).finish_non_exhaustive()
    }
}

impl Ca {
    fn new(name: &str) -> Self {
        let key = new_key();
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).expect("a fresh key signs for itself");
        let fingerprint = base16ct::lower::encode_string(&Sha1::digest(certificate.der()));
        Self { pem: certificate.pem(), fingerprint, issuer: Issuer::new(params, key) }
    }

    fn certify(&self, subject: SanType, provider: &CryptoProvider) -> CertifiedKey {
        self.certify_until(subject, LAST_YEAR, provider)
    }

    fn certify_until(&self, subject: SanType, last_year: i32, provider: &CryptoProvider) -> CertifiedKey {
        let key = new_key();
        let mut params = params("fake-alicloud");
        params.not_after = date_time_ymd(last_year, 12, 31);
        params.subject_alt_names = vec![subject];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Strict verifiers, such as Python's since 3.13, insist on it.
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).expect("the authority's key signs");
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        CertifiedKey::from_der(vec![certificate.der().clone()], key, provider)
            .expect("the key belongs to the certificate")
    }
}

impl Kept {
    fn keep(&mut self, subject: Subject, config: Arc<ServerConfig>) {
        if self.configs.insert(subject.clone(), config).is_none() {
            self.order.push_back(subject);
        }
        if self.order.len() > KEPT_CERTIFICATES
            && let Some(oldest) = self.order.pop_front()
        {
            self.configs.remove(&oldest);
        }
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("ring makes P-256 keys")
}

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    // Whatever the clocks of client and fake say.
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(LAST_YEAR, 12, 31);
    params
}

/// The names that come here are labels of letters, digits and hyphens, or the test's own, checked at the start.
fn dns(host: &str) -> SanType {
    SanType::DnsName(host.try_into().expect("host names are ASCII"))
}

fn server_config(provider: &Arc<CryptoProvider>, resolver: Arc<dyn ResolvesServerCert>) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring knows TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

#[derive(Debug)]
struct OneCertificate(Arc<CertifiedKey>);

impl ResolvesServerCert for OneCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

#[derive(Debug)]
struct NoCertificate;

impl ResolvesServerCert for NoCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_certificate_is_made_once_per_name() {
        let authority = Authority::new(Vec::new());
        let first = authority.config_for(Some("kms.cn-hangzhou.aliyuncs.com"), HERE);
        let again = authority.config_for(Some("KMS.cn-hangzhou.aliyuncs.com."), HERE);
        let other = authority.config_for(Some("kms.cn-beijing.aliyuncs.com"), HERE);
        assert!(Arc::ptr_eq(&first, &again) && !Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn the_memory_of_certificates_is_bounded() {
        let authority = Authority::new(Vec::new());
        for number in 0..KEPT_CERTIFICATES + 10 {
            authority.config_for(Some(&format!("kms.region-{number}.aliyuncs.com")), HERE);
        }
        let kept = lock(&authority.kept);
        assert_eq!((kept.configs.len(), kept.order.len()), (KEPT_CERTIFICATES, KEPT_CERTIFICATES));
    }

    #[test]
    fn an_instance_keeps_its_authority_and_shares_it_with_none() {
        let authority = Authority::new(Vec::new());
        let one = authority.instance_ca_pem("kst-one").expect("an id");
        assert_eq!(authority.instance_ca_pem("kst-one"), Some(one.clone()));
        assert_ne!(authority.instance_ca_pem("kst-other"), Some(one.clone()));
        assert_ne!(authority.ca_pem(), one);
        assert_eq!(authority.instance_ca_pem("one/../two"), None);
    }

    #[test]
    fn there_is_an_end_to_instances() {
        let authority = Authority::new(Vec::new());
        for number in 0..MAX_INSTANCES {
            assert!(authority.instance_ca_pem(&format!("kst-{number}")).is_some());
        }
        assert_eq!(authority.instance_ca_pem("kst-onemore"), None);
    }

    #[test]
    fn debug_shows_no_key() {
        let shown = format!("{:?}", Authority::new(Vec::new()));
        assert_eq!(shown, "Authority { own_names: [], .. }");
    }
}
