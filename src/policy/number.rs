//! Numbers, durations and moments as Go reads them.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// strconv.ParseInt with base 0: `10`, `-10`, `0x1f`, `0b1`, `0o17`, `017`.
pub(super) fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (digits, base) = match lower.get(..2) {
        Some("0x") => (&lower[2..], 16),
        Some("0b") => (&lower[2..], 2),
        Some("0o") => (&lower[2..], 8),
        Some(_) if lower.starts_with('0') => (&lower[1..], 8),
        _ => (lower.as_str(), 10),
    };
    if !digits.starts_with(|c: char| c.is_digit(base)) {
        return None; // A second sign, or nothing.
    }
    i64::from_str_radix(&format!("{sign}{digits}"), base).ok()
}

/// strconv.ParseFloat of what the scanner takes for one.
pub(super) fn float(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A text as parseutil.ParseDurationSecond reads it: seconds, days, or Go's `1h30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("got the duration {text:?}, expected one like \"90s\" or \"1h\"");
    let whole = |text: &str| text.parse::<i64>().ok();
    let times = |count: i64, seconds: i64| count.checked_mul(seconds).and_then(seconds_of);
    if text.is_empty() {
        return Ok(Duration::ZERO);
    }
    if let Some(seconds) = whole(text) {
        return times(seconds, 1).ok_or_else(wrong);
    }
    if let Some(days) = text.strip_suffix('d') {
        return whole(days).and_then(|days| times(days, 86_400)).ok_or_else(wrong);
    }
    go_duration(text).ok_or_else(wrong)
}

/// Within the 64 bits of nanoseconds that Go has.
pub(super) fn seconds_of(seconds: i64) -> Option<Duration> {
    seconds.checked_mul(1_000_000_000).map(Duration::nanoseconds)
}

/// time.ParseDuration.
fn go_duration(text: &str) -> Option<Duration> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut rest = unsigned;
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|at| *at > 0)?;
        let (number, tail) = rest.split_at(length);
        if number == "." {
            return None;
        }
        let unit = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let nanoseconds = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 6e10,
            "h" => 3.6e12,
            _ => return None,
        };
        total += format!("0{number}").parse::<f64>().ok()? * nanoseconds;
        rest = tail;
    }
    // 2^63 nanoseconds are 292 years.
    if unsigned.is_empty() || total >= 9.223_372_036_854_775e18 {
        return None;
    }
    let total = if text.starts_with('-') { -total } else { total };
    Some(Duration::nanoseconds(total.round() as i64))
}

/// A text as parseutil.ParseAbsoluteTime reads it: RFC 3339, or seconds since 1970.
pub(super) fn moment(text: &str) -> Option<OffsetDateTime> {
    let epoch = || OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok();
    OffsetDateTime::parse(text, &Rfc3339).ok().or_else(epoch)
}
