//! Spans of time and rates as people type them: `90d`, `12h`, `30m`, `45s`; `100/m`.

use std::time::Duration;

/// Reads a span: a whole number and `s`, `m`, `h`, `d` or `w`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is no span of time: write 90d, 12h, 30m or 45s");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let number = text.strip_suffix(unit).unwrap_or_default();
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let total = number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds));
    // A century is for ever; beyond it nobody means what they typed.
    match total {
        Some(0) => Err("it must be longer than nothing".to_owned()),
        Some(total) if total <= 36_525 * 86_400 => Ok(Duration::from_secs(total)),
        _ => Err("it must be at most 100 years; leave it out for no end".to_owned()),
    }
}

/// Reads a rate and gives it by the minute: `100/m`, `6000/h`, `2/s`.
pub fn per_minute(text: &str) -> Result<u32, String> {
    let wrong = || format!("\"{text}\" is no rate: write 100/m, 6000/h or 2/s");
    let (number, unit) = text.split_once('/').unwrap_or((text, "m"));
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let minute = match unit {
        "s" | "sec" | "second" => number.checked_mul(60),
        "m" | "min" | "minute" => Some(number),
        "h" | "hour" => Some(number / 60),
        _ => return Err(wrong()),
    };
    match minute {
        Some(0) => Err("it must be at least 1 a minute".to_owned()),
        Some(rate) if rate <= 1_000_000 => Ok(rate),
        _ => Err("it must be at most 1000000 a minute".to_owned()),
    }
}
