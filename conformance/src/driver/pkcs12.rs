//! PKCS #12 without a password, as far as the driver's reader goes (`golang.org/x/crypto/pkcs12`, `ToPEM`): a SHA-1 checksum,
//! certificates and keys encrypted with triple DES or 40-bit RC2.
//!
//! What newer tools write by default, AES and SHA-256, the driver cannot read either.

use cbc::cipher::{BlockModeDecrypt as _, InnerIvInit as _, KeyIvInit as _, block_padding::Pkcs7};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::{Digest as _, Sha1};

use super::der::{self, Reader};

const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06];
const SHA1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
/// `pbeWithSHAAnd…`: the last number chooses the cipher.
const PBE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01];
/// `bagTypes`: the last number chooses the kind.
const BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01];
const FRIENDLY_NAME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x14];
const LOCAL_KEY_ID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x15];

/// A file is no PKCS #12 that the driver reads.
#[derive(Debug, thiserror::Error)]
pub(super) enum Pkcs12Error {
    #[error("pkcs12: error reading P12 data: asn1: syntax error")]
    Syntax,
    #[error("pkcs12: only password-protected PFX is implemented, with SHA-1 and triple DES or RC2")]
    NotImplemented,
    #[error("pkcs12: decryption password incorrect")]
    Password,
}

/// A certificate or a private key.
#[derive(Debug)]
pub(super) struct Bag {
    /// `CERTIFICATE` or `PRIVATE KEY`.
    pub(super) label: &'static str,
    /// `friendlyName` and `localKeyId`.
    pub(super) attributes: Vec<(String, String)>,
    /// DER; keys in PKCS #8.
    pub(super) bytes: Vec<u8>,
}

/// All certificates and keys, in order.
pub(super) fn bags(file: &[u8]) -> Result<Vec<Bag>, Pkcs12Error> {
    let mut pfx = Reader::new(file).sequence().ok_or(Pkcs12Error::Syntax)?;
    pfx.integer().ok_or(Pkcs12Error::Syntax)?;
    let safe = plain(pfx.sequence().ok_or(Pkcs12Error::Syntax)?)?;
    let password = checked_password(pfx.sequence().ok_or(Pkcs12Error::NotImplemented)?, safe)?;
    let mut contents = Reader::new(safe).sequence().ok_or(Pkcs12Error::Syntax)?;
    let mut bags = Vec::new();
    while contents.peek().is_some() {
        let content = contents.sequence().ok_or(Pkcs12Error::Syntax)?;
        let bytes = match plain(content) {
            Ok(bytes) => bytes.to_vec(),
            Err(_) => encrypted(content, password)?,
        };
        let mut list = Reader::new(&bytes).sequence().ok_or(Pkcs12Error::Syntax)?;
        while list.peek().is_some() {
            let bag = list.sequence().ok_or(Pkcs12Error::Syntax)?;
            bags.extend(read_bag(bag, password)?);
        }
    }
    Ok(bags)
}

/// The content of a `ContentInfo` that is not encrypted.
fn plain(mut content: Reader<'_>) -> Result<&[u8], Pkcs12Error> {
    if content.take(der::OBJECT_IDENTIFIER) != Some(DATA) {
        return Err(Pkcs12Error::NotImplemented);
    }
    let explicit = content.take(0xa0).ok_or(Pkcs12Error::Syntax)?;
    Reader::new(explicit).take(der::OCTET_STRING).ok_or(Pkcs12Error::Syntax)
}

fn encrypted(mut content: Reader<'_>, password: &[u8]) -> Result<Vec<u8>, Pkcs12Error> {
    if content.take(der::OBJECT_IDENTIFIER) != Some(ENCRYPTED_DATA) {
        return Err(Pkcs12Error::NotImplemented);
    }
    let mut read = || {
        let mut data = Reader::new(content.take(0xa0)?).sequence()?;
        data.integer()?;
        let mut info = data.sequence()?;
        info.take(der::OBJECT_IDENTIFIER)?;
        Some((info.sequence()?, info.take(0x80)?))
    };
    let (algorithm, bytes) = read().ok_or(Pkcs12Error::Syntax)?;
    decrypt(algorithm, bytes, password)
}

/// The password with which the checksum is right: the empty one, which some tools write with and some without its closing zeros.
fn checked_password(mut mac: Reader<'_>, safe: &[u8]) -> Result<&'static [u8], Pkcs12Error> {
    let mut read = || {
        let mut digest = mac.sequence()?;
        let algorithm = digest.sequence()?.take(der::OBJECT_IDENTIFIER)?;
        let expected = digest.take(der::OCTET_STRING)?;
        let salt = mac.take(der::OCTET_STRING)?;
        Some((algorithm, expected, salt, mac.integer().map_or(1, number)))
    };
    let (algorithm, expected, salt, rounds) = read().ok_or(Pkcs12Error::Syntax)?;
    if algorithm != SHA1 {
        return Err(Pkcs12Error::NotImplemented);
    }
    let fits = |password: &&[u8]| {
        let key = derive(3, password, salt, rounds, 20);
        let mut mac = Hmac::<Sha1>::new_from_slice(&key).expect("a key of any length will do");
        mac.update(safe);
        mac.verify_slice(expected).is_ok()
    };
    let candidates: [&'static [u8]; 2] = [&[0, 0], &[]];
    candidates.into_iter().find(fits).ok_or(Pkcs12Error::Password)
}

fn read_bag(mut bag: Reader<'_>, password: &[u8]) -> Result<Option<Bag>, Pkcs12Error> {
    let mut read = || Some((bag.take(der::OBJECT_IDENTIFIER)?, bag.take(0xa0)?, bag.take(der::SET)));
    let (kind, value, attributes) = read().ok_or(Pkcs12Error::Syntax)?;
    let attributes = attributes.map(read_attributes).unwrap_or_default();
    let (label, bytes) = match kind.strip_prefix(BAG) {
        Some([1]) => ("PRIVATE KEY", value.to_vec()),
        Some([2]) => {
            let mut shrouded = Reader::new(value).sequence().ok_or(Pkcs12Error::Syntax)?;
            let algorithm = shrouded.sequence().ok_or(Pkcs12Error::Syntax)?;
            let bytes = shrouded.take(der::OCTET_STRING).ok_or(Pkcs12Error::Syntax)?;
            ("PRIVATE KEY", decrypt(algorithm, bytes, password)?)
        }
        Some([3]) => {
            let certificate = || {
                let mut certificate = Reader::new(value).sequence()?;
                certificate.take(der::OBJECT_IDENTIFIER)?;
                Reader::new(certificate.take(0xa0)?).take(der::OCTET_STRING)
            };
            ("CERTIFICATE", certificate().ok_or(Pkcs12Error::Syntax)?.to_vec())
        }
        _ => return Ok(None),
    };
    Ok(Some(Bag { label, attributes, bytes }))
}

fn read_attributes(set: &[u8]) -> Vec<(String, String)> {
    let (mut set, mut attributes) = (Reader::new(set), Vec::new());
    while let Some(mut attribute) = set.sequence() {
        let Some((kind, value)) = attribute.take(der::OBJECT_IDENTIFIER).zip(attribute.take(der::SET)) else {
            continue;
        };
        match kind {
            FRIENDLY_NAME => {
                // A BMPString: two bytes per letter.
                let units = Reader::new(value).take(0x1e).unwrap_or_default().chunks_exact(2);
                let units: Vec<_> = units.map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
                attributes.push(("friendlyName".into(), String::from_utf16_lossy(&units)));
            }
            LOCAL_KEY_ID => {
                let id = Reader::new(value).take(der::OCTET_STRING).unwrap_or_default();
                attributes.push(("localKeyId".into(), base16ct::lower::encode_string(id)));
            }
            _ => {}
        }
    }
    attributes
}

fn decrypt(mut algorithm: Reader<'_>, bytes: &[u8], password: &[u8]) -> Result<Vec<u8>, Pkcs12Error> {
    let mut read = || {
        let kind = algorithm.take(der::OBJECT_IDENTIFIER)?;
        let mut parameters = algorithm.sequence()?;
        Some((kind, parameters.take(der::OCTET_STRING)?, number(parameters.integer()?)))
    };
    let (kind, salt, rounds) = read().ok_or(Pkcs12Error::Syntax)?;
    let iv = derive(2, password, salt, rounds, 8);
    let plain = match kind.strip_prefix(PBE) {
        Some([3]) => {
            let key = derive(1, password, salt, rounds, 24);
            let cipher = cbc::Decryptor::<des::TdesEde3>::new_from_slices(&key, &iv);
            cipher.expect("both have the cipher's length").decrypt_padded_vec::<Pkcs7>(bytes)
        }
        Some([6]) => {
            let key = derive(1, password, salt, rounds, 5);
            let cipher = rc2::Rc2::new_with_eff_key_len(&key, 40);
            let cipher = cbc::Decryptor::inner_iv_slice_init(cipher, &iv).expect("the vector is one block");
            cipher.decrypt_padded_vec::<Pkcs7>(bytes)
        }
        _ => return Err(Pkcs12Error::NotImplemented),
    };
    plain.map_err(|_| Pkcs12Error::Password)
}

/// RFC 7292, appendix B.2, with SHA-1.
fn derive(id: u8, password: &[u8], salt: &[u8], rounds: u32, length: usize) -> Vec<u8> {
    const BLOCK: usize = 64;
    let filled = |text: &[u8]| -> Vec<u8> {
        text.iter().copied().cycle().take(text.len().div_ceil(BLOCK) * BLOCK).collect()
    };
    let mut input = [filled(salt), filled(password)].concat();
    let mut derived = Vec::new();
    while derived.len() < length {
        let mut hash = Sha1::new().chain_update([id; BLOCK]).chain_update(&input).finalize();
        for _ in 1..rounds {
            hash = Sha1::digest(hash);
        }
        derived.extend_from_slice(&hash);
        let addend: Vec<u8> = hash.iter().copied().cycle().take(BLOCK).collect();
        for block in input.chunks_mut(BLOCK) {
            // The sum of the block, the hash and one, of which the carry out is dropped.
            let mut carry = 1;
            for (digit, add) in block.iter_mut().zip(&addend).rev() {
                let sum = u16::from(*digit) + u16::from(*add) + carry;
                *digit = sum.to_be_bytes()[1];
                carry = sum >> 8;
            }
        }
    }
    derived.truncate(length);
    derived
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number, digit| number << 8 | u32::from(*digit))
}
