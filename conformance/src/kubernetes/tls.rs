//! An authority of its own, made at the start and never written anywhere, and the certificate of the API.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

/// What the API shows, and what its clients must trust.
pub(super) struct Identity {
    pub(super) ca_pem: String,
    pub(super) acceptor: TlsAcceptor,
}

impl Identity {
    /// For an API at an address, which its clients may also call `localhost`.
    pub(super) fn new(address: IpAddr) -> Self {
        let key = new_key();
        let mut params = params("conformance, for tests only");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let ca_pem = params.self_signed(&key).expect("a fresh key signs for itself").pem();
        let authority = Issuer::new(params, key);

        let key = new_key();
        let mut params = self::params("kube-apiserver");
        let localhost = SanType::DnsName("localhost".try_into().expect("it is ASCII"));
        params.subject_alt_names = vec![SanType::IpAddress(address), localhost];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &authority).expect("the authority's key signs");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .expect("the key belongs to the certificate");
        Self { ca_pem, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("ring makes P-256 keys")
}

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}
