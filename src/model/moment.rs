//! Dates and lengths of time as people read them.

use time::OffsetDateTime;

/// A date and time for people: `2026-11-22 14:05 UTC`.
pub fn moment(time: OffsetDateTime) -> String {
    use time::macros::format_description;
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    time.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

/// A date for people.
pub fn day(time: OffsetDateTime) -> String {
    moment(time).chars().take(10).collect()
}

/// What is left until `end`, in the two largest units that matter. Years are calendar years.
pub fn left(end: OffsetDateTime, now: OffsetDateTime) -> String {
    if end < now {
        return format!("-{}", left(now, end));
    }
    let years = |count: i32| now.replace_year(now.year() + count).ok();
    let whole = (1..=end.year() - now.year()).rev();
    let anniversary = whole.filter_map(|count| Some((count, years(count)?)));
    if let Some((count, then)) = anniversary.into_iter().find(|(_, then)| *then <= end)
        && count > 1
    {
        let days = (end - then).whole_days();
        return if days == 0 { format!("{count}y") } else { format!("{count}y {days}d") };
    }
    let seconds = (end - now).whole_seconds();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match days {
        0 if hours == 0 => format!("{minutes}m"),
        0 => format!("{hours}h"),
        1..=3 if hours > 0 => format!("{days}d {hours}h"),
        _ => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn what_is_left_is_never_more_than_there_is() {
        let now = datetime!(2026-11-22 10:00:00 UTC);
        let left = |end| left(end, now);
        assert_eq!(left(datetime!(2046-11-22 09:59:59 UTC)), "19y 364d");
        assert_eq!(left(datetime!(2046-11-22 10:00:00 UTC)), "20y");
        assert_eq!(left(datetime!(2028-11-21 10:00:00 UTC)), "730d");
        assert_eq!(left(datetime!(2026-12-22 09:59:59 UTC)), "29d");
        assert_eq!(left(datetime!(2026-11-24 10:59:59 UTC)), "2d");
        assert_eq!(left(datetime!(2026-11-24 12:00:00 UTC)), "2d 2h");
        assert_eq!(left(datetime!(2026-11-22 12:59:59 UTC)), "2h");
        assert_eq!(left(datetime!(2026-11-22 10:00:59 UTC)), "0m");
        assert_eq!(left(datetime!(2026-11-20 10:00:00 UTC)), "-2d");
    }
}
