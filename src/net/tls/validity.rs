//! From when until when a certificate counts: the one thing that is read of it here, the rest is the TLS library's.

use crate::time::Time;

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The version, which certificates of version 1 do not have.
const VERSION: u8 = 0xa0;

/// The validity of an X.509 certificate in DER form (RFC 5280 §4.1.2.5); none when that is not what it is.
pub(super) fn of(der: &[u8]) -> Option<(Time, Time)> {
    let (certificate, _) = value(der, SEQUENCE)?;
    let (mut body, _) = value(certificate, SEQUENCE)?;
    if body.first() == Some(&VERSION) {
        body = skip(body)?;
    }
    // Serial number, signature algorithm, issuer.
    let body = skip(skip(skip(body)?)?)?;
    let (validity, _) = value(body, SEQUENCE)?;
    let (begins, rest) = time(validity)?;
    let (ends, _) = time(rest)?;
    Some((begins, ends))
}

/// Tag, content and what follows of the first element.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 3 {
            return None;
        }
        let (digits, rest) = rest.split_at_checked(count)?;
        (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn value(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(tag, ..)| *tag == wanted).map(|(_, content, rest)| (content, rest))
}

fn skip(der: &[u8]) -> Option<&[u8]> {
    element(der).map(|(_, _, rest)| rest)
}

fn time(der: &[u8]) -> Option<(Time, &[u8])> {
    let (tag, content, rest) = element(der)?;
    let text = std::str::from_utf8(content).ok().filter(|text| text.is_ascii())?;
    let (year, rest_of) = match tag {
        // Two digits stand for 1950 to 2049.
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let century = if year.parse::<u8>().ok()? < 50 { "20" } else { "19" };
            (format!("{century}{year}"), rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.to_owned(), rest)
        }
        _ => return None,
    };
    let part = |from: usize| rest_of.get(from..from + 2);
    if rest_of.len() != 11 || !rest_of.ends_with('Z') {
        return None;
    }
    let written =
        format!("{year}-{}-{}T{}:{}:{}Z", part(0)?, part(2)?, part(4)?, part(6)?, part(8)?);
    Some((Time::parse(&written)?, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn made(from: i32, until: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        (params.not_before, params.not_after) =
            (date_time_ymd(from, 2, 3), date_time_ymd(until, 12, 31));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn both_ways_to_write_a_year_are_read() {
        for (from, until) in [(2024, 2026), (1999, 2049), (2049, 2051)] {
            let (begins, ends) = of(&made(from, until)).unwrap();
            assert!(begins.rfc3339().starts_with(&format!("{from}-02-03T00:00:00")), "{begins:?}");
            assert!(ends.rfc3339().starts_with(&format!("{until}-12-31T00:00:00")), "{ends:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_certificate_are_none_however_they_are_cut() {
        let der = made(2024, 2026);
        for cut in 0..der.len() {
            assert!(of(&der[..cut]).is_none() || cut > 200, "{cut}");
        }
        let mut bent = der.clone();
        for at in 0..bent.len() {
            bent[at] ^= 0xff;
            let _: Option<(Time, Time)> = of(&bent);
            bent[at] ^= 0xff;
        }
        assert!(of(b"").is_none() && of(&[SEQUENCE, 0x84, 1, 1, 1, 1]).is_none());
    }
}
