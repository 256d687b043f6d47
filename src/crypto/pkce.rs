//! Proof Key for Code Exchange, RFC 7636, with S256 alone: `plain` proves nothing (OAuth 2.1 §7.5.2).
//! Whether a client must use it is the authorization endpoint's rule.

use super::secret::{b64, equal, sha256, unb64};

/// The challenge of a verifier: base64url of its SHA-256 (RFC 7636 §4.2).
pub fn challenge_s256(verifier: &str) -> String {
    b64(&sha256(verifier.as_bytes()))
}

/// Whether the verifier is well formed and the one behind the challenge.
pub fn verify(verifier: &str, challenge: &str) -> bool {
    is_verifier(verifier) && equal(challenge_s256(verifier).as_bytes(), challenge.as_bytes())
}

/// Whether the text can be a verifier: 43 to 128 unreserved characters (RFC 7636 §4.1).
pub fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

/// Whether the text can be an S256 challenge: base64url of 32 bytes.
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && unb64(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn rfc_7636_appendix_b() {
        assert_eq!(challenge_s256(VERIFIER), CHALLENGE);
        assert!(verify(VERIFIER, CHALLENGE));
        assert!(is_challenge(CHALLENGE));
    }

    #[test]
    fn another_verifier_or_challenge_is_refused() {
        assert!(!verify(&VERIFIER.replace('k', "l"), CHALLENGE));
        assert!(!verify(VERIFIER, &CHALLENGE.replace('M', "N")));
        assert!(!verify(VERIFIER, ""));
        // The `plain` method must not slip in: the challenge is not the verifier.
        assert!(!verify(VERIFIER, VERIFIER));
    }

    #[test]
    fn a_short_verifier_is_refused_even_when_its_hash_fits() {
        assert!(!verify("guess", &challenge_s256("guess")));
        assert!(!verify("", &challenge_s256("")));
    }

    #[test]
    fn verifier_is_43_to_128_unreserved_characters() {
        let of = |n: usize| "a".repeat(n);
        assert!(is_verifier(&of(43)) && is_verifier(&of(128)));
        assert!(is_verifier(&format!("{}-._~", of(40))));
        assert!(!is_verifier(&of(42)) && !is_verifier(&of(129)));
        for wrong in ["+", "/", "=", " ", "%", "é", "\n", "\0"] {
            assert!(!is_verifier(&format!("{}{wrong}", of(50))), "{wrong:?}");
        }
    }

    #[test]
    fn challenge_is_base64url_of_32_bytes() {
        for wrong in ["", &CHALLENGE[1..], &format!("{CHALLENGE}="), &CHALLENGE.replace('-', "+")] {
            assert!(!is_challenge(wrong), "{wrong:?}");
        }
        // 43 characters hold 258 bits: the two beyond 256 must be clear.
        assert!(!is_challenge(&CHALLENGE.replace("cM", "cN")));
    }
}
