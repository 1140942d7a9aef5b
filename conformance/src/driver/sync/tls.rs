//! The parts of a TLS Secret (`GetCertPart` in `pkg/util/secretutil/secret.go` at v1.6.0).

use super::super::der::{self, Reader};
use super::super::pkcs12::{self, Pkcs12Error};
use super::pem::{self, Block};

const CERTIFICATE: &str = "CERTIFICATE";
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// A file does not hold the part. The texts are the driver's.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum TlsError {
    #[error("key '{0}' is not supported. Only 'tls.key' and 'tls.crt' are supported")]
    Key(String),
    #[error("unknown private key type found while getting key. Only rsa and ecdsa are supported")]
    UnknownKeyType,
    #[error(transparent)]
    Pkcs12(#[from] Pkcs12Error),
}

/// The certificates or the private key of a file.
pub(super) fn part(file: &[u8], key: &str) -> Result<Vec<u8>, TlsError> {
    match key {
        "tls.crt" => certificates(file),
        "tls.key" => private_key(file),
        _ => Err(TlsError::Key(key.into())),
    }
}

fn certificates(file: &[u8]) -> Result<Vec<u8>, TlsError> {
    let (blocks, rest) = pem::blocks(file);
    let mut found: Vec<_> = blocks.into_iter().filter(|block| block.label == CERTIFICATE).collect();
    if found.is_empty() {
        let bags = pkcs12::bags(rest)?;
        found = bags.into_iter().filter(|bag| bag.label == CERTIFICATE).map(from_bag).collect();
    }
    Ok(found.iter().flat_map(pem::encode).collect())
}

fn private_key(file: &[u8]) -> Result<Vec<u8>, TlsError> {
    let (blocks, rest) = pem::blocks(file);
    let last = blocks.into_iter().rfind(|block| block.label != CERTIFICATE);
    let der = if let Some(block) = last {
        block.bytes
    } else {
        let bag = pkcs12::bags(rest)?.into_iter().rfind(|bag| bag.label == "PRIVATE KEY");
        bag.map(|bag| bag.bytes).unwrap_or_default()
    };
    let (label, bytes) = match recoded(&der) {
        Some(Recoded::Rsa(bytes)) => ("RSA PRIVATE KEY", bytes),
        Some(Recoded::Ec(bytes)) => ("EC PRIVATE KEY", bytes),
        Some(Recoded::Other) => return Err(TlsError::UnknownKeyType),
        // No error: the driver writes an empty block.
        None => ("PRIVATE KEY", Vec::new()),
    };
    Ok(pem::encode(&Block { label: label.into(), headers: Vec::new(), bytes }))
}

fn from_bag(bag: pkcs12::Bag) -> Block {
    Block { label: bag.label.into(), headers: bag.attributes, bytes: bag.bytes }
}

/// A private key in the form that belongs to its kind.
enum Recoded {
    /// PKCS #1.
    Rsa(Vec<u8>),
    /// SEC 1.
    Ec(Vec<u8>),
    /// A kind that the driver does not know.
    Other,
}

/// Reads PKCS #1, PKCS #8 or SEC 1.
fn recoded(key: &[u8]) -> Option<Recoded> {
    let mut content = Reader::new(key).sequence()?;
    let version = content.integer()?;
    match (version, content.peek()?) {
        // PKCS #1: modulus and seven more integers; two-prime keys have version 0.
        ([0], der::INTEGER) => Some(Recoded::Rsa(key.to_vec())),
        // PKCS #8: the algorithm, then the key in its own form.
        ([0 | 1], der::SEQUENCE) => {
            let mut algorithm = content.sequence()?;
            let (kind, inner) = (algorithm.take(der::OBJECT_IDENTIFIER)?, content.take(der::OCTET_STRING)?);
            match kind {
                RSA_ENCRYPTION => Some(Recoded::Rsa(inner.to_vec())),
                EC_PUBLIC_KEY => sec1(inner, Some(algorithm.take(der::OBJECT_IDENTIFIER)?)).map(Recoded::Ec),
                _ => Some(Recoded::Other),
            }
        }
        ([1], der::OCTET_STRING) => sec1(key, None).map(Recoded::Ec),
        _ => None,
    }
}

/// SEC 1 with curve and public key, which is how Go writes it. PKCS #8 names the curve outside.
///
/// A public key that is missing is not computed: what writes private keys without it is rare, and no scenario does.
fn sec1(key: &[u8], curve: Option<&[u8]>) -> Option<Vec<u8>> {
    let mut content = Reader::new(key).sequence()?;
    let (version, private) = (content.integer()?, content.take(der::OCTET_STRING)?);
    let (mut own_curve, mut public) = (None, None);
    while let Some(tag) = content.peek() {
        match tag {
            0xa0 => own_curve = Reader::new(content.take(0xa0)?).take(der::OBJECT_IDENTIFIER),
            0xa1 => public = Some(content.take(0xa1)?),
            _ => return None,
        }
    }
    let curve = der::tagged(der::OBJECT_IDENTIFIER, own_curve.or(curve)?);
    let parts = [
        der::tagged(der::INTEGER, version),
        der::tagged(der::OCTET_STRING, private),
        der::tagged(0xa0, &curve),
        der::tagged(0xa1, public?),
    ];
    Some(der::tagged(der::SEQUENCE, &parts.concat()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const RSA_CERTIFICATE: &[u8] = include_bytes!("fixtures/rsa-cert.pem");
    const RSA_PKCS1: &[u8] = include_bytes!("fixtures/rsa-pkcs1.pem");
    const RSA_PKCS8: &[u8] = include_bytes!("fixtures/rsa-pkcs8.pem");
    const RSA_PKCS12: &[u8] = include_bytes!("fixtures/rsa-rc2.p12");
    const EC_CERTIFICATE: &[u8] = include_bytes!("fixtures/ec-cert.pem");
    const EC_SEC1: &[u8] = include_bytes!("fixtures/ec-sec1.pem");
    const EC_PKCS8: &[u8] = include_bytes!("fixtures/ec-pkcs8.pem");
    const EC_PKCS12: &[u8] = include_bytes!("fixtures/ec-3des.p12");
    const EC_PKCS12_AES: &[u8] = include_bytes!("fixtures/ec-aes.p12");
    const ED25519: &[u8] = include_bytes!("fixtures/ed25519.pem");

    #[rstest]
    #[case::pkcs1(RSA_PKCS1, RSA_PKCS1)]
    #[case::rsa_in_pkcs8(RSA_PKCS8, RSA_PKCS1)]
    #[case::sec1(EC_SEC1, EC_SEC1)]
    #[case::ec_in_pkcs8(EC_PKCS8, EC_SEC1)]
    #[case::rsa_in_pkcs12(RSA_PKCS12, RSA_PKCS1)]
    #[case::ec_in_pkcs12(EC_PKCS12, EC_SEC1)]
    fn keys_are_written_in_the_form_of_their_kind(#[case] file: &[u8], #[case] expected: &[u8]) {
        assert_eq!(part(file, "tls.key").unwrap(), expected);
    }

    #[test]
    fn all_certificates_of_a_file_are_kept_in_order_and_the_last_key_counts() {
        let file = [EC_CERTIFICATE, ED25519, b"prose\n", RSA_CERTIFICATE, EC_PKCS8].concat();

        assert_eq!(part(&file, "tls.crt").unwrap(), [EC_CERTIFICATE, RSA_CERTIFICATE].concat());
        assert_eq!(part(&file, "tls.key").unwrap(), EC_SEC1);
    }

    #[test]
    fn attributes_of_a_bag_become_headers_of_its_block() {
        let text = String::from_utf8(part(RSA_PKCS12, "tls.crt").unwrap()).unwrap();

        assert!(
            text.starts_with("-----BEGIN CERTIFICATE-----\nfriendlyName: friend ü\nlocalKeyId: a377f98d"),
            "{text}"
        );
        let (mut blocks, _) = pem::blocks(text.as_bytes());
        blocks[0].headers.clear();
        assert_eq!(pem::encode(&blocks[0]), RSA_CERTIFICATE);
    }

    #[rstest]
    #[case::other_key(
        RSA_PKCS8,
        "ca.crt",
        "key 'ca.crt' is not supported. Only 'tls.key' and 'tls.crt' are supported"
    )]
    #[case::ed25519(
        ED25519,
        "tls.key",
        "unknown private key type found while getting key. Only rsa and ecdsa are supported"
    )]
    #[case::no_certificate(RSA_PKCS8, "tls.crt", "pkcs12: error reading P12 data")]
    #[case::nothing(b"plain", "tls.key", "pkcs12: error reading P12 data")]
    #[case::aes(EC_PKCS12_AES, "tls.crt", "pkcs12: only password-protected PFX is implemented")]
    fn what_the_driver_cannot_read_is_told(#[case] file: &[u8], #[case] key: &str, #[case] complaint: &str) {
        let error = part(file, key).unwrap_err().to_string();

        assert!(error.starts_with(complaint), "{error}");
    }

    #[test]
    fn a_key_that_cannot_be_read_becomes_an_empty_block() {
        let file = b"-----BEGIN PRIVATE KEY-----\nMTIzNA==\n-----END PRIVATE KEY-----\n";

        assert_eq!(
            part(file, "tls.key").unwrap(),
            b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"
        );
    }
}
