//! New RSA keys, which ring uses and checks and does not make. Good for issuers in tests and for nothing else.

use num_bigint::BigUint;

use crate::random;

/// Half of the 2048 bits of a modulus.
const PRIME_BYTES: usize = 128;
const PUBLIC_EXPONENT: u32 = 65_537;
/// Of numbers of this size that are not prime, fewer than one in 2^100 passes as many rounds.
const ROUNDS: usize = 8;

/// A key of 2048 bits, in PKCS #8.
pub(super) fn generate() -> Vec<u8> {
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(prime);
        let other = prime();
        (one.join().expect("a prime is found sooner or later"), other)
    });
    // Equal ones would take a broken source of randomness, which the check of the key would notice.
    let (p, q) = if one > other { (one, other) } else { (other, one) };
    let (p1, q1) = (&p - 1_u32, &q - 1_u32);
    let e = BigUint::from(PUBLIC_EXPONENT);
    // The exponent is prime and divides neither factor, so it has an inverse.
    let d = e.modinv(&(&p1 * &q1)).expect("the primes were chosen for it");
    let coefficient = q.modinv(&p).expect("two primes");
    let numbers = [BigUint::ZERO, &p * &q, e, d.clone(), p, q, &d % &p1, &d % &q1, coefficient];
    let private: Vec<u8> = numbers.iter().flat_map(integer).collect();
    let algorithm = [element(OBJECT_ID, &RSA_ENCRYPTION), element(NULL, &[])].concat();
    let key = element(SEQUENCE, &private);
    element(
        SEQUENCE,
        &[integer(&BigUint::ZERO), element(SEQUENCE, &algorithm), element(OCTETS, &key)].concat(),
    )
}

/// A prime with its two highest bits set, so that the product of two has all of its bits.
fn prime() -> BigUint {
    let small = small_primes();
    loop {
        let mut bytes = random::bytes::<PRIME_BYTES>();
        bytes[0] |= 0b1100_0000;
        bytes[PRIME_BYTES - 1] |= 1;
        let start = BigUint::from_bytes_be(&bytes);
        let rests: Vec<u32> = small.iter().map(|prime| small_rest(&start, *prime)).collect();
        let is_candidate =
            |step: &u32| small.iter().zip(&rests).all(|(prime, rest)| !(rest + step).is_multiple_of(*prime));
        // Close to a random number, where a prime is to be expected within some hundreds.
        for step in (0..10_000_u32).step_by(2).filter(is_candidate) {
            let candidate = &start + step;
            let fits =
                candidate.bits() == PRIME_BYTES as u64 * 8 && small_rest(&candidate, PUBLIC_EXPONENT) != 1;
            if fits && is_probably_prime(&candidate) {
                return candidate;
            }
        }
    }
}

/// The test of Miller and Rabin.
fn is_probably_prime(number: &BigUint) -> bool {
    let one = BigUint::from(1_u32);
    let less_one = number - 1_u32;
    let twos = less_one.trailing_zeros().unwrap_or_default();
    let odd = &less_one >> twos;
    (0..ROUNDS).all(|_| {
        // One byte shorter, so smaller than the number; zero and one prove nothing and never come up.
        let base = BigUint::from_bytes_be(&random::bytes::<{ PRIME_BYTES - 1 }>());
        let mut power = base.modpow(&odd, number);
        if power == one || power == less_one {
            return true;
        }
        (1..twos).any(|_| {
            power = &power * &power % number;
            power == less_one
        })
    })
}

fn small_rest(number: &BigUint, divisor: u32) -> u32 {
    u32::try_from(number % divisor).expect("less than the divisor")
}

/// The odd primes that are worth a division.
fn small_primes() -> Vec<u32> {
    let is_prime =
        |number: &u32| (3..).step_by(2).take_while(|d| d * d <= *number).all(|d| !number.is_multiple_of(d));
    (3..2_000).step_by(2).filter(is_prime).collect()
}

// As much of DER as a key needs.

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// 1.2.840.113549.1.1.1.
const RSA_ENCRYPTION: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

fn integer(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    // A set highest bit would make it negative.
    if bytes[0] & 0x80 != 0 {
        bytes.insert(0, 0);
    }
    element(INTEGER, &bytes)
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut element = vec![tag];
    match (content.len(), u8::try_from(length.len())) {
        (short @ 0..0x80, _) => element.push(u8::try_from(short).expect("less than 128")),
        (_, count) => {
            element.push(0x80 | count.expect("a length has a few bytes"));
            element.extend(length);
        }
    }
    element.extend(content);
    element
}

#[cfg(test)]
mod tests {
    use ring::rsa::KeyPair;

    use super::*;

    #[test]
    fn ring_accepts_a_new_key_and_no_two_are_alike() {
        let keys = [generate(), generate()].map(|key| KeyPair::from_pkcs8(&key).expect("a sound key"));
        assert!(keys.iter().all(|key| key.public().modulus_len() == 256));
        assert_ne!(keys[0].public().as_ref(), keys[1].public().as_ref());
    }

    #[rstest::rstest]
    // 2^607 - 1 and 2^521 - 1 are primes; their product and a Carmichael number are not.
    #[case(607, true)]
    #[case(521, true)]
    #[case(606, false)]
    fn primes_are_told_from_others(#[case] power: u32, #[case] prime: bool) {
        assert_eq!(is_probably_prime(&(BigUint::from(2_u32).pow(power) - 1_u32)), prime);
    }
}
