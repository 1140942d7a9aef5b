//! One file of the volume: where it appears, what of the secret it holds, how it is written.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::extract::Expression;
use super::object::Label;
use super::path::FilePath;
use super::yaml::Place;
use crate::sensitive::Sensitive;

/// A file that an object becomes.
#[derive(Clone, Debug)]
pub struct FileSpec {
    /// How messages call it.
    pub label: Label,
    /// Where its entry stands within `objects`.
    pub place: Place,
    /// Relative to the mount.
    pub path: FilePath,
    /// Whether its name is another than that of what it holds.
    pub aliased: bool,
    /// What of the secret it holds; the whole without one.
    pub expression: Option<Expression>,
    /// How its text is decoded.
    pub encoding: Encoding,
    /// Its permission, if not the one that the driver asks for.
    pub mode: Option<FileMode>,
}

/// The permission bits of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FileMode(u16);

impl FileMode {
    /// The mode of these bits, if they are a mode's.
    pub fn from_bits(bits: u16) -> Option<Self> {
        (bits <= 0o777).then_some(Self(bits))
    }

    /// The nine bits.
    pub fn bits(self) -> u16 {
        self.0
    }
}

impl fmt::Debug for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0{:03o}", self.0)
    }
}

/// Reads an octal text: `0400`, `400` or `0o400`.
impl FromStr for FileMode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let octal = (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        let bits = octal.then(|| u16::from_str_radix(digits, 8).ok()).flatten();
        bits.and_then(Self::from_bits).ok_or(())
    }
}

/// How a secret's text is to be decoded before it becomes a file: the field `objectEncoding`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    #[default]
    Utf8,
    /// As Base64; line breaks and missing padding do no harm.
    Base64,
    /// As pairs of hexadecimal digits in either case; line breaks do no harm.
    Hex,
}

/// Many tools leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Encoding {
    /// As in the class.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Base64 => "base64",
            Self::Hex => "hex",
        }
    }

    /// What `text` stands for, or nothing if it is not of this encoding.
    pub fn decode(self, text: Sensitive<Vec<u8>>) -> Option<Sensitive<Vec<u8>>> {
        if self == Self::Utf8 {
            return Some(text);
        }
        let mut dense = Sensitive::from(Vec::with_capacity(text.expose().len()));
        dense.expose_mut().extend(text.expose().iter().filter(|byte| !byte.is_ascii_whitespace()));
        let decoded = match self {
            Self::Base64 => BASE64.decode(dense.expose()).ok(),
            Self::Hex | Self::Utf8 => base16ct::mixed::decode_vec(dense.expose()).ok(),
        };
        decoded.map(Sensitive::from)
    }
}

impl FromStr for Encoding {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let known = [Self::Utf8, Self::Base64, Self::Hex];
        known.into_iter().find(|encoding| encoding.as_str().eq_ignore_ascii_case(text)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("0400", Some(0o400))]
    #[case("644", Some(0o644))]
    #[case("0o640", Some(0o640))]
    #[case("0", Some(0))]
    #[case("0777", Some(0o777))]
    #[case("1777", None)]
    #[case("0888", None)]
    #[case("00400", None)]
    #[case("+400", None)]
    #[case("-1", None)]
    #[case("rw-r--r--", None)]
    #[case("", None)]
    fn a_mode_is_read_as_octal(#[case] text: &str, #[case] expected: Option<u16>) {
        assert_eq!(text.parse().ok().map(FileMode::bits), expected);
    }

    #[rstest]
    #[case(Encoding::Utf8, " aGk= \n", Some(" aGk= \n"))]
    #[case(Encoding::Base64, "aGk=", Some("hi"))]
    #[case(Encoding::Base64, "aG\nk\r\n", Some("hi"))]
    #[case(Encoding::Base64, "", Some(""))]
    #[case(Encoding::Base64, "a-_=", None)]
    #[case(Encoding::Base64, "a", None)]
    #[case(Encoding::Hex, "6869\n", Some("hi"))]
    #[case(Encoding::Hex, "4a4A", Some("JJ"))]
    #[case(Encoding::Hex, "686", None)]
    #[case(Encoding::Hex, "0x68", None)]
    fn text_is_decoded_or_not_of_the_encoding(
        #[case] encoding: Encoding,
        #[case] text: &str,
        #[case] expected: Option<&str>,
    ) {
        let decoded = encoding.decode(text.as_bytes().to_vec().into());
        assert_eq!(decoded.map(Sensitive::into_exposed).as_deref(), expected.map(str::as_bytes));
    }
}
