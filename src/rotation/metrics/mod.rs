//! Metrics in Prometheus' text exposition format, for the textfile collector of node_exporter or
//! anything else that reads it; alert rules and a dashboard for them.
//!
//! Moments are exported, not what is left until then: they stay as they are from run to run, and a
//! file that is no longer written does not stop the time.

mod dashboard;
mod families;
mod rules;

pub use dashboard::dashboard;
pub use families::{FAMILIES, Family};
pub use rules::{ALERTS, Alert, rules};

use super::{
    Row,
    ceremonies::ceremonies,
    files::{Difference, Seen, What},
    open,
};
use num_bigint::BigUint;
use std::fmt::Write;
use std::path::Path;
use time::OffsetDateTime;

/// What is exported.
pub struct Source<'a> {
    pub at: OffsetDateTime,
    pub rows: &'a [Row],
    /// Certificates and CRLs, as recorded or as read.
    pub seen: &'a [Seen],
    /// What is not as recorded; `None` when no file was read.
    pub differences: Option<&'a [Difference]>,
    /// Entries of the journal.
    pub entries: u64,
    /// The workspace's directory.
    pub root: &'a Path,
    /// Of rootward.
    pub version: &'a str,
}

/// Everything, in the order of [`FAMILIES`].
#[must_use]
pub fn metrics(source: &Source) -> String {
    let open = open(source.rows);
    let mut out = Writer { text: String::with_capacity(1024 + 1200 * open.len()) };
    let labels: Vec<String> = open.iter().map(|row| of_row(row)).collect();
    let rows = || open.iter().copied().zip(labels.iter().map(String::as_str));
    let moments = |moment: fn(&Row) -> Option<OffsetDateTime>| {
        rows().filter_map(move |(row, labels)| Some((labels, unix(moment(row)?))))
    };
    out.family(&families::BUILD, [(format!("version={}", quoted(source.version)), 1)]);
    out.family(&families::GENERATED, [("", unix(source.at))]);
    out.family(&families::JOURNAL, [("", i128::from(source.entries))]);
    let ceremony = ceremonies(&open, source.at).into_iter().next();
    out.family(&families::CEREMONY, ceremony.map(|ceremony| ("", unix(ceremony.by))));
    out.family(
        &families::STAGE,
        rows().map(|(row, labels)| (labels, row.stage(source.at) as i128)),
    );
    out.family(&families::NOT_BEFORE, moments(|row| Some(row.life.as_ref()?.begin)));
    out.family(&families::NOT_AFTER, moments(Row::not_after));
    out.family(&families::DUE, moments(|row| Some(row.deadlines()?.due)));
    out.family(&families::ROTATE_BY, moments(|row| Some(row.deadlines()?.rotate_by)));
    out.family(&families::SIGNING_STOP, moments(Row::signing_stop));
    drop(labels);
    let seen: Vec<(String, &Seen)> =
        source.seen.iter().map(|seen| (of_file(seen, source.root), seen)).collect();
    let certificates =
        || seen.iter().filter(|(_, seen)| matches!(seen.what, What::Certificate { .. }));
    let crls = || {
        seen.iter().filter_map(|(labels, seen)| match seen.what {
            What::Crl { number } => Some((labels.as_str(), seen, number)),
            What::Certificate { .. } => None,
        })
    };
    out.family(
        &families::X509_NOT_BEFORE,
        certificates().map(|(labels, seen)| (labels, unix(seen.begin))),
    );
    out.family(
        &families::X509_NOT_AFTER,
        certificates().map(|(labels, seen)| (labels, unix(seen.end))),
    );
    out.family(
        &families::X509_THIS_UPDATE,
        crls().map(|(labels, seen, _)| (labels, unix(seen.begin))),
    );
    out.family(
        &families::X509_NEXT_UPDATE,
        crls().map(|(labels, seen, _)| (labels, unix(seen.end))),
    );
    out.family(
        &families::X509_CRL_NUMBER,
        crls().map(|(labels, _, number)| (labels, i128::from(number))),
    );
    let errors = source.differences.map(|differences| ("", differences.len() as i128));
    out.family(&families::X509_ERRORS, errors);
    out.text
}

fn unix(moment: OffsetDateTime) -> i128 {
    i128::from(moment.unix_timestamp())
}

fn of_row(row: &Row) -> String {
    let environment = row.environment.as_ref().map_or("", |name| name.as_str());
    let (object, kind) = (quoted(&row.object), row.kind.word());
    format!("object={object},kind=\"{kind}\",environment=\"{environment}\"")
}

/// As x509-certificate-exporter names them, so that dashboards for it work; serial numbers are
/// decimal there.
fn of_file(seen: &Seen, root: &Path) -> String {
    let path = root.join(&seen.path);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let (file, path) = (quoted(&file), quoted(&path.to_string_lossy()));
    let issuer = quoted(&seen.issuer);
    match &seen.what {
        What::Certificate { serial, subject } => {
            let serial = BigUint::parse_bytes(serial.as_bytes(), 16).unwrap_or_default();
            let subject = quoted(subject);
            format!(
                "serial_number=\"{serial}\",subject_CN={subject},issuer_CN={issuer},filename={file},filepath={path}"
            )
        }
        What::Crl { number } => {
            format!("crl_number=\"{number}\",issuer_CN={issuer},filename={file},filepath={path}")
        }
    }
}

/// A label's value: backslashes, quotes and line feeds are escaped, and nothing else is.
fn quoted(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{value}\"")
}

struct Writer {
    text: String,
}

impl Writer {
    /// A family without a sample is left out.
    fn family<L: AsRef<str>>(
        &mut self,
        family: &Family,
        samples: impl IntoIterator<Item = (L, i128)>,
    ) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        let Family { name, kind, help } = family;
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = match labels.as_ref() {
                "" => writeln!(self.text, "{name} {value}"),
                labels => writeln!(self.text, "{name}{{{labels}}} {value}"),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_label_ends_it() {
        assert_eq!(quoted("a\\b\"c\nd é"), "\"a\\\\b\\\"c\\nd é\"");
    }

    #[test]
    fn a_family_is_named_once() {
        let names: std::collections::HashSet<&str> = FAMILIES.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), FAMILIES.len());
    }
}
