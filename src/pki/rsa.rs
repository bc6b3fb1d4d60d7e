//! Weak RSA keys that strangers bring: what the public numbers alone can tell.
//!
//! The signature of a request proves that its key works, not that the key is sound: x509-parser
//! and openssl verify requests with 2047 bits, with close primes or with Infineon's primes. What is
//! refused, and in which order, follows Let's Encrypt's boulder (`goodkey`), which enforces the TLS
//! Baseline Requirements (BR) of the CA/Browser Forum: 6.1.1.3 (ROCA, close primes), 6.1.5 (size)
//! and 6.1.6 (exponent, factors).
//!
//! No crate was found on crates.io that checks for ROCA or close primes, so it is done here, on
//! num-bigint. Everything is public, so nothing needs constant time. The Debian keys of 2008
//! (CVE-2008-0166) are not recognised: that takes a list of keys, not a computation.

use std::iter;
use std::sync::LazyLock;

use num_bigint::BigUint;

const EXPONENT: u32 = 65_537;
const SIZES: [u64; 3] = [2048, 3072, 4096];

/// Trial division ends here. BR 6.1.6 asks for 752; 16 bits cost two milliseconds, unoptimised.
const TRIAL_BOUND: u32 = 1 << 16;

/// The 39th prime, the last one that divides the primorial of every Infineon key.
const ROCA_LAST_PRIME: u32 = 167;

/// As many as Let's Encrypt runs; BR 6.1.1.3 asks for 100.
const FERMAT_ROUNDS: u32 = 110;

static SMALL_PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| primes_below(TRIAL_BOUND));

/// The first weakness of an RSA public key, given as unsigned big-endian numbers: what was got and
/// what was expected. `None` if the key is sound, as far as its public half can tell.
pub fn weakness(modulus: &[u8], exponent: &[u8]) -> Option<String> {
    let n = BigUint::from_bytes_be(modulus);
    let e = BigUint::from_bytes_be(exponent);
    exponent_weakness(&e)
        .or_else(|| size_weakness(&n)) // early: it bounds the work of all that follow
        .or_else(|| factor_weakness(&n))
        .or_else(|| structure_weakness(&n))
}

/// Small exponents let careless verifiers be fooled (CVE-2006-4339), large ones slow each of them
/// down. BR 6.1.6 leaves a range; Let's Encrypt takes 65537 alone, which all common tools generate.
fn exponent_weakness(e: &BigUint) -> Option<String> {
    match e.bits() {
        _ if *e == BigUint::from(EXPONENT) => None,
        ..=64 => Some(format!("exponent is {e}, expected {EXPONENT}")),
        bits => Some(format!("exponent has {bits} bits, expected {EXPONENT}")),
    }
}

/// BR 6.1.5: at least 2048 bits, divisible by 8. The three common sizes, as Let's Encrypt has it.
fn size_weakness(n: &BigUint) -> Option<String> {
    let bits = n.bits();
    let text = || format!("modulus has {bits} bits, expected 2048, 3072 or 4096");
    (!SIZES.contains(&bits)).then(text)
}

/// BR 6.1.6, after NIST SP 800-89, 5.3.3: odd, and without small factors.
fn factor_weakness(n: &BigUint) -> Option<String> {
    if !n.bit(0) {
        return Some("modulus is even, expected odd".into());
    }
    let p = SMALL_PRIMES.iter().find(|&&p| remainder(n, p) == 0)?;
    Some(format!("modulus is divisible by {p}, expected no factor below {TRIAL_BOUND}"))
}

/// Primes that were not drawn at random and independently.
fn structure_weakness(n: &BigUint) -> Option<String> {
    if has_roca_form(n) {
        return Some("modulus has ROCA form (CVE-2017-15361), expected random primes".into());
    }
    if let Some(k) = power(n) {
        return Some(format!("modulus is a number to the power of {k}, expected two primes"));
    }
    has_close_factors(n)
        .then(|| "modulus has close factors (CVE-2022-26320), expected distant primes".into())
}

/// Infineon's RSALib made primes `k * M + (65537^a mod M)` with M a primorial, which can be found:
/// Nemec, Sys, Svenda, Klinec, Matyas, "The Return of Coppersmith's Attack", CCS 2017. The smallest
/// M, of the primes 2 to 167, divides all others; modulo each of these both factors, hence also n,
/// are powers of 65537.
///
/// Where 65537 generates every unit modulo p (3, 5, 7, 23 and 17 more) the test says nothing. The
/// other 17 (11, 13, 17, 19, 37, 53 ... 157) together pass a random modulus once in 2^27.8.
fn has_roca_form(n: &BigUint) -> bool {
    let mut primes = SMALL_PRIMES.iter().take_while(|&&p| p <= ROCA_LAST_PRIME);
    primes.all(|&p| {
        let r = remainder(n, p);
        powers_of_65537(p).any(|power| power == r)
    })
}

/// All of them modulo `p`; after p - 1 they repeat, by Fermat's little theorem.
fn powers_of_65537(p: u32) -> impl Iterator<Item = u32> {
    iter::successors(Some(1), move |power| Some(power * (EXPONENT % p) % p)).take(p as usize - 1)
}

/// The least k for which n is a k-th power. BR 6.1.6: "not the power of a prime". A check of its
/// own because Fermat's method, started above the root as boulder does, walks past p = q.
fn power(n: &BigUint) -> Option<u32> {
    let longest = n.bits() / u64::from(TRIAL_BOUND.ilog2()); // beyond, the root is a small factor
    let mut exponents = SMALL_PRIMES.iter().copied().take_while(|&k| u64::from(k) <= longest);
    exponents.find(|&k| n.nth_root(k).pow(k) == *n)
}

/// Fermat's method: n = (a + b)(a - b) = a^2 - b^2, trying each a upwards from the root of n. It
/// finds primes of which one was searched for next to the other, as in printers (CVE-2022-26320).
fn has_close_factors(n: &BigUint) -> bool {
    let first = n.sqrt() + 1u32;
    let mut candidates = (0..FERMAT_ROUNDS).map(|round| &first + round);
    candidates.any(|a| is_square(&(&a * &a - n)))
}

fn is_square(n: &BigUint) -> bool {
    n.sqrt().pow(2) == *n
}

fn remainder(n: &BigUint, p: u32) -> u32 {
    (n % p).iter_u32_digits().next().unwrap_or(0) // zero has no digits
}

/// The sieve of Eratosthenes.
fn primes_below(bound: u32) -> Vec<u32> {
    let mut composite = vec![false; bound as usize];
    let mut primes = Vec::new();
    for n in 2..bound as usize {
        if !composite[n] {
            primes.push(n as u32);
            composite[n..].iter_mut().step_by(n).for_each(|multiple| *multiple = true);
        }
    }
    primes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a throw-away key: `openssl genrsa 2048`.
    const GOOD_2048: &str = "\
        b20fc4a77a14bf79b699a1447a64c2356ba78777288d003a5ad866bd5eb5da109ad2d782965fdb5a1bba12d5cdb\
        08b80adce0375263ee8d21a39a7a9b0586823422997e69c6f81a315589600e610bc38c97e9eea8553fc5a08b4be\
        bcda2b08fb61404607ed15ebe5c9b8bb938cf5a5da1e4acd9bf4030485e14ea2c3d1bf473090cd95c5999e47fbd\
        b76a4ce952643346b58a1ee3de95dd1e703ecaa2a2bbb6bb8ebff0001ca93691505cb82b282b279d03f10b3d864\
        fa76fe5bc575a8a9f42fd7f9283e434682c2ff0adf31e3679e3d845c017f8fd71b8070475f56455251a8557588b\
        7abaa928f68c9722c821c9ee4779b11b2f44ed92136e7f7a1068c2e8f";

    /// Two primes k * M + (65537^a mod M), M of 126 primes as in RSALib's keys of this size.
    const ROCA_2048: &str = "\
        efe5779ad1f24743cc7bf98b1d3f9ef963ac041b4daac06f7cdf391dda5b481fa3038ba1445acf5c01c882ade52\
        d5682c0db2c2af626066a4a8ed419c61603c9c2d965670b06b79520c64bffed10b75ca88ed9b1577b244dd8bc14\
        c350e0df2705bb6c3a59a13109af4f54a6df1f6f3aaa2896df3ce2a88bb4986c25598da4fa8f861c0090e954ae6\
        6860c4be61efb4d57087be87b8c190f9dc43a6d75c49a8b38264b361a0d5e27c0bddcb917ffdda9ed553f1e125a\
        5821a82943986c3c7098081007bd7e2f21ed201a2187b727d756ef04e6ab5b564cfd3194d5b2eb2027b450d4e69\
        4c97a76827dd5691f978ea782dcb86a31c9d397bac7b088577ddb5e2b";

    fn number(hex: &str) -> BigUint {
        BigUint::parse_bytes(hex.as_bytes(), 16).unwrap()
    }

    /// 2^bits - c
    fn below_power(bits: u32, c: u32) -> BigUint {
        BigUint::from(2u32).pow(bits) - c
    }

    /// Sound moduli of the three sizes; the longer two have primes 2^k - c and 3 * 2^(k-2) + d.
    fn sound() -> [BigUint; 3] {
        let product = |k, c, d: u32| below_power(k, c) * (below_power(k - 2, 0) * 3u32 + d);
        [number(GOOD_2048), product(1536, 3453, 1837), product(2048, 1557, 439)]
    }

    fn of(n: &BigUint) -> String {
        weakness(&n.to_bytes_be(), &[1, 0, 1]).unwrap()
    }

    #[test]
    fn sound_keys_pass_with_or_without_the_sign_byte_of_der() {
        for bytes in sound().map(|n| n.to_bytes_be()) {
            assert_eq!(weakness(&bytes, &[1, 0, 1]), None);
            assert_eq!(weakness(&[&[0], &bytes[..]].concat(), &[0, 1, 0, 1]), None);
        }
    }

    #[test]
    fn the_exponent_is_65537() {
        let n = number(GOOD_2048).to_bytes_be();
        let of = |e: &[u8]| weakness(&n, e).unwrap();
        assert_eq!(of(&[3]), "exponent is 3, expected 65537");
        assert_eq!(of(&[1, 0, 0]), "exponent is 65536, expected 65537");
        assert_eq!(of(&[]), "exponent is 0, expected 65537");
        assert_eq!(of(&[1, 0, 0, 0, 0, 0, 1, 0, 1]), "exponent has 65 bits, expected 65537");
    }

    #[test]
    fn the_size_is_exact() {
        for bits in [0, 1024, 2047, 2049, 3071, 4095, 4097, 8192] {
            let text = format!("modulus has {bits} bits, expected 2048, 3072 or 4096");
            assert_eq!(of(&below_power(bits, 1)), text);
        }
    }

    #[test]
    fn small_factors_are_named() {
        assert_eq!(of(&(number(GOOD_2048) - 1u32)), "modulus is even, expected odd");
        for (n, p) in sound().iter().zip([3u32, 751, 65_521]) {
            let mut cofactors = (0u32..).map(|i| n / (2 * p) * 2u32 + (2 * i + 1));
            let cofactor = cofactors.find(|q| factor_weakness(q).is_none()).unwrap();
            let text = format!("modulus is divisible by {p}, expected no factor below 65536");
            assert_eq!(of(&(cofactor * p)), text);
        }
        assert_eq!(factor_weakness(&BigUint::from(65_537u32).pow(2)), None);
    }

    #[test]
    fn infineon_keys_are_recognised() {
        let text = "modulus has ROCA form (CVE-2017-15361), expected random primes";
        assert_eq!(of(&number(ROCA_2048)), text);
    }

    #[test]
    fn powers_are_recognised() {
        let square = below_power(1024, 105).pow(2);
        assert_eq!(of(&square), "modulus is a number to the power of 2, expected two primes");
        assert!(!has_close_factors(&square));
        assert_eq!(power(&BigUint::from(65_537u32).pow(241)), Some(241)); // 3857 bits
    }

    #[test]
    fn close_primes_are_recognised_up_to_the_last_round() {
        let text = "modulus has close factors (CVE-2022-26320), expected distant primes";
        assert_eq!(of(&(below_power(1024, 105) * below_power(1024, 179))), text);

        // a exceeds the root of a^2 - b^2 by nearly b^2 / 2a: here by round - 1/2
        let a = below_power(1024, 105);
        let found_in = |round: u32| {
            let b = (&a * (2 * round - 1)).sqrt();
            has_close_factors(&((&a + &b) * (&a - &b)))
        };
        assert!(found_in(1) && found_in(110) && !found_in(111));
    }

    #[test]
    fn the_sieve_is_right() {
        assert_eq!(primes_below(30), [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
        assert_eq!((SMALL_PRIMES.len(), SMALL_PRIMES[38]), (6542, ROCA_LAST_PRIME));
    }
}
