//! Lengths in HPACK's Huffman code (RFC 7541, section 5.2 and appendix B): how long a text is once decoded,
//! and the shortest encoding of a text of a wanted length. No text is ever decoded here.
//!
//! The code is canonical: codes of one length are consecutive numbers, and the next length goes on where the
//! last one stopped. How many codes there are of each length is therefore all that is needed to tell where
//! one ends.

use super::Malformed;

/// (bits, how many symbols have a code of that many bits), shortest first.
const CODES: [(u32, u64); 21] = [
    (5, 10),
    (6, 26),
    (7, 32),
    (8, 6),
    (10, 5),
    (11, 3),
    (12, 2),
    (13, 6),
    (14, 2),
    (15, 3),
    (19, 3),
    (20, 8),
    (21, 13),
    (22, 26),
    (23, 29),
    (24, 12),
    (25, 4),
    (26, 15),
    (27, 19),
    (28, 29),
    // A fourth code of 30 bits, the last of all, marks the end of the string and must not occur in one.
    (30, 3),
];

/// (bits, the first number above the codes of that length, aligned to the top).
const BOUNDS: [(u32, u64); CODES.len()] = bounds();

/// Eight times `a` (five bits, `00011`) fill five octets.
const EIGHT_LETTERS: [u8; 5] = [0b0001_1000, 0b1100_0110, 0b0011_0001, 0b1000_1100, 0b0110_0011];
const LETTER_BITS: usize = 5;

/// The number of octets that `encoded` decodes to.
pub(super) fn decoded_length(encoded: &[u8]) -> Result<usize, Malformed> {
    let mut length = 0;
    // The bits not yet understood, aligned to the top. At most 29 are left over when the next octet comes.
    let mut window = 0_u64;
    let mut held_bits = 0;
    for &octet in encoded {
        window |= u64::from(octet) << (56 - held_bits);
        held_bits += 8;
        loop {
            // The zeros below the bits held make the smallest number these can begin; only a code that is
            // wholly held is taken, so they never decide anything.
            let &(bits, _) = BOUNDS.iter().find(|(_, bound)| window < *bound).ok_or(Malformed)?;
            if bits > held_bits {
                break;
            }
            window <<= bits;
            held_bits -= bits;
            length += 1;
        }
    }
    let is_padding = held_bits < 8 && window.leading_ones() == held_bits;
    if is_padding { Ok(length) } else { Err(Malformed) }
}

/// Appends the code of `length` times the letter `a`. No text of that length has a shorter one.
pub(super) fn encode_letters(length: usize, output: &mut Vec<u8>) {
    output.extend(EIGHT_LETTERS.iter().cycle().take(encoded_length(length)));
    let padding_bits = encoded_length(length) * 8 - length * LETTER_BITS;
    if let Some(last) = output.last_mut() {
        *last |= (1 << padding_bits) - 1;
    }
}

/// How many octets [`encode_letters`] appends.
pub(super) const fn encoded_length(length: usize) -> usize {
    (length * LETTER_BITS).div_ceil(8)
}

const fn bounds() -> [(u32, u64); CODES.len()] {
    let mut bounds = [(0, 0); CODES.len()];
    let mut next = 0;
    let mut at = 0;
    while at < CODES.len() {
        let (bits, count) = CODES[at];
        next += count << (64 - bits);
        bounds[at] = (bits, next);
        at += 1;
    }
    bounds
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(text: &[u8]) -> Vec<u8> {
        let mut encoded = Vec::new();
        httlib_huffman::encode(text, &mut encoded).expect("every octet has a code");
        encoded
    }

    #[test]
    fn every_octet_counts_as_one_and_fills_its_own_code() {
        for octet in 0..=u8::MAX {
            let encoded = encode(&[octet]);
            assert_eq!(decoded_length(&encoded), Ok(1), "{octet:#04x}");
            assert_eq!(decoded_length(&encode(&[octet; 8])), Ok(8), "{octet:#04x}");
        }
    }

    // RFC 7541, appendix C.4.1 and C.6.1.
    #[test]
    fn the_examples_of_the_rfc_have_their_lengths() {
        let host = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        assert_eq!(decoded_length(&host), Ok("www.example.com".len()));
        assert_eq!(decoded_length(&[0xae, 0xc3, 0x77, 0x1a, 0x4b]), Ok("private".len()));
    }

    #[test]
    fn what_no_encoder_makes_is_refused() {
        let padding_of_eight_bits = [0b0001_1111, 0b1111_1111];
        let padding_with_a_zero = [0b0001_1110];
        let end_of_string = [0xff; 4];
        for encoded in [&padding_of_eight_bits[..], &padding_with_a_zero, &end_of_string] {
            assert_eq!(decoded_length(encoded), Err(Malformed), "{encoded:02x?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_its_length(text: Vec<u8>) {
            prop_assert_eq!(decoded_length(&encode(&text)), Ok(text.len()));
        }

        // Another decoder agrees on what is well formed, too.
        #[test]
        fn any_octets_are_accepted_or_refused_as_elsewhere(octets: Vec<u8>) {
            let elsewhere = loona_hpack::huffman::HuffmanDecoder::new().decode(&octets);
            prop_assert_eq!(decoded_length(&octets).ok(), elsewhere.ok().map(|text| text.len()));
        }

        #[test]
        fn letters_are_coded_as_elsewhere_and_never_longer_than_another_text(text: Vec<u8>) {
            let mut letters = Vec::new();
            encode_letters(text.len(), &mut letters);
            prop_assert_eq!(&letters, &encode(&vec![b'a'; text.len()]));
            prop_assert!(letters.len() <= encode(&text).len().min(text.len()));
        }
    }
}
