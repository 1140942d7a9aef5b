//! Chance, from the system: for generated passwords, keys and nonces.

use ring::rand::{SecureRandom, SystemRandom};

/// Random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// Fills a slice with random bytes.
pub(crate) fn fill(bytes: &mut [u8]) {
    SystemRandom::new().fill(bytes).expect("the system has a source of randomness");
}

/// A number below a limit, each as likely as another. The limit must be from 1 to 256.
pub(crate) fn below(limit: usize) -> usize {
    // Of what one byte can be, only a multiple of the limit is shared out evenly.
    let fair = 256 - 256 % limit;
    loop {
        let [byte] = bytes::<1>();
        if usize::from(byte) < fair {
            return usize::from(byte) % limit;
        }
    }
}

/// A text over an alphabet of 1 to 256 bytes of ASCII.
pub(crate) fn text(length: usize, alphabet: &[u8]) -> String {
    (0..length).map(|_| char::from(alphabet[below(alphabet.len())])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_an_alphabet_comes_up_and_no_other() {
        let drawn = text(2_000, b"abc");
        assert!(['a', 'b', 'c'].iter().all(|letter| drawn.contains(*letter)));
        assert!(drawn.chars().all(|letter| "abc".contains(letter)));
    }
}
