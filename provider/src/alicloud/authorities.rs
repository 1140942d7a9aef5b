//! Which certificate authorities are trusted for which host.
//!
//! The public ones are compiled into the binary, so that an image without any file works. The gateway of a dedicated KMS
//! instance has a certificate of a private authority, which the operator names by file for the hosts that it is good for.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// A private authority: `cryptoservice.kms.aliyuncs.com=/etc/kms/ca.pem`. The suffix is a whole host name or its last labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaFile {
    suffix: String,
    path: PathBuf,
}

impl FromStr for CaFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
        match text.split_once('=') {
            Some((suffix, path)) if !path.is_empty() && suffix.bytes().all(plain) => {
                let suffix = suffix.trim_start_matches('.').to_ascii_lowercase();
                (!suffix.is_empty()).then(|| Self { suffix, path: path.into() })
            }
            _ => None,
        }
        .ok_or_else(|| {
            format!(
                "{text:?}: expected HOST_SUFFIX=FILE, such as cryptoservice.kms.aliyuncs.com=/etc/kms/ca.pem"
            )
        })
    }
}

/// A file that holds no usable authority. The operator must correct it.
#[derive(Debug, thiserror::Error)]
#[error("--ca-file: {}: {reason}; expected certificates in PEM", path.display())]
pub struct Error {
    path: PathBuf,
    reason: String,
}

/// The public authorities, and private ones for some hosts. For those hosts the private ones alone are trusted.
#[derive(Debug, Default)]
pub struct Authorities {
    private: Vec<(String, Arc<WebPkiServerVerifier>)>,
}

impl Authorities {
    /// Reads the files. Where suffixes overlap, the longest counts.
    pub fn load(files: &[CaFile]) -> Result<Self, Error> {
        let load = |file: &CaFile| {
            let wrong = |reason: String| Error { path: file.path.clone(), reason };
            let mut roots = RootCertStore::empty();
            for certificate in
                CertificateDer::pem_file_iter(&file.path).map_err(|error| wrong(error.to_string()))?
            {
                let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
                roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(wrong("no certificate in it".to_owned()));
            }
            Ok((file.suffix.clone(), verifier(roots)))
        };
        let mut private: Vec<_> = files.iter().map(load).collect::<Result<_, _>>()?;
        private.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        Ok(Self { private })
    }

    /// How a client that trusts these does TLS.
    pub(super) fn client_config(&self) -> ClientConfig {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let config = ClientConfig::builder_with_provider(ring())
            .with_safe_default_protocol_versions()
            .expect("ring supports the default TLS versions");
        if self.private.is_empty() {
            return config.with_root_certificates(roots).with_no_client_auth();
        }
        let by_host = ByHost { public: verifier(roots), private: self.private.clone() };
        config.dangerous().with_custom_certificate_verifier(Arc::new(by_host)).with_no_client_auth()
    }
}

fn ring() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn verifier(roots: RootCertStore) -> Arc<WebPkiServerVerifier> {
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), ring());
    builder.build().expect("there are roots, and no revocation lists")
}

/// Verifies as rustls always does, with the roots that the host's name calls for.
struct ByHost {
    public: Arc<WebPkiServerVerifier>,
    private: Vec<(String, Arc<WebPkiServerVerifier>)>,
}

impl ByHost {
    fn verifier(&self, host: &str) -> &WebPkiServerVerifier {
        let of_host = |(suffix, _): &&(String, _)| is_suffix(suffix, host);
        self.private.iter().find(of_host).map_or(&self.public, |(_, verifier)| verifier)
    }
}

/// Whether `suffix` is `host` or its last labels.
fn is_suffix(suffix: &str, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl fmt::Debug for ByHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.private.iter().map(|(suffix, _)| suffix)).finish()
    }
}

impl ServerCertVerifier for ByHost {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verifier = self.verifier(&server_name.to_str());
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.public.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.public.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.public.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("kms.aliyuncs.com", "kms.aliyuncs.com", true)]
    #[case("kms.aliyuncs.com", "kst-1.CryptoService.kms.aliyuncs.com", true)]
    #[case("kms.aliyuncs.com", "evilkms.aliyuncs.com", false)]
    #[case("kms.aliyuncs.com", "aliyuncs.com", false)]
    #[case("127.0.0.1", "127.0.0.1", true)]
    fn a_suffix_is_made_of_whole_labels(#[case] suffix: &str, #[case] host: &str, #[case] expected: bool) {
        assert_eq!(is_suffix(suffix, host), expected);
    }

    #[rstest]
    #[case("")]
    #[case("/etc/ca.pem")]
    #[case("=/etc/ca.pem")]
    #[case(".=/etc/ca.pem")]
    #[case("kms.aliyuncs.com=")]
    #[case("https://kms.aliyuncs.com=/etc/ca.pem")]
    fn what_names_no_host_and_file_is_refused(#[case] text: &str) {
        assert!(text.parse::<CaFile>().unwrap_err().contains("expected HOST_SUFFIX=FILE"));
    }

    #[rstest]
    #[case("", "no certificate in it")]
    #[case("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "ca.pem")]
    fn a_file_without_certificates_is_named(#[case] content: &str, #[case] expected: &str) {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("ca.pem");
        std::fs::write(&path, content).unwrap();
        let file: CaFile = format!("kms.aliyuncs.com={}", path.display()).parse().unwrap();
        let message = Authorities::load(&[file]).unwrap_err().to_string();
        assert!(message.contains(expected) && message.starts_with("--ca-file: "), "{message}");
    }
}
