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
use rayon::prelude::*;
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

/// Fewer are not worth another thread.
const FEW: usize = 256;

/// Everything, in the order of [`FAMILIES`].
#[must_use]
pub fn metrics(source: &Source) -> String {
    let open = open(source.rows);
    let mut out = Writer { text: String::with_capacity(1024 + 1200 * open.len()) };
    let labels: Vec<String> = open.par_iter().with_min_len(FEW).map(|row| of_row(row)).collect();
    let rows = || open.iter().copied().zip(labels.iter().map(String::as_str));
    let moments = |moment: fn(&Row) -> Option<OffsetDateTime>| {
        rows().filter_map(move |(row, labels)| Some((labels, unix(moment(row)?))))
    };
    out.family(&families::BUILD, [(format!("version=\"{}\"", source.version), 1)]);
    out.family(&families::GENERATED, [("", unix(source.at))]);
    out.family(&families::JOURNAL, [("", source.entries as i64)]);
    let ceremony = ceremonies(&open, source.at).into_iter().next();
    out.family(&families::CEREMONY, ceremony.map(|ceremony| ("", unix(ceremony.by))));
    out.family(&families::STAGE, rows().map(|(row, labels)| (labels, row.stage(source.at) as i64)));
    out.family(&families::NOT_BEFORE, moments(|row| Some(row.life.as_ref()?.begin)));
    out.family(&families::NOT_AFTER, moments(Row::not_after));
    out.family(&families::DUE, moments(|row| Some(row.deadlines()?.due)));
    out.family(&families::ROTATE_BY, moments(Row::rotate_by));
    out.family(&families::SIGNING_STOP, moments(Row::signing_stop));
    drop(labels);
    let root = source.root.to_string_lossy();
    let each = source.seen.par_iter().with_min_len(FEW);
    let seen: Vec<(String, &Seen)> = each.map(|seen| (of_file(seen, &root), seen)).collect();
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
        crls().map(|(labels, _, number)| (labels, number as i64)),
    );
    let errors = source.differences.map(|differences| ("", differences.len() as i64));
    out.family(&families::X509_ERRORS, errors);
    out.text
}

fn unix(moment: OffsetDateTime) -> i64 {
    moment.unix_timestamp()
}

fn of_row(row: &Row) -> String {
    let mut labels = String::with_capacity(96);
    add(&mut labels, "object=\"", &[&row.object]);
    add(&mut labels, "\",kind=\"", &[row.kind.word()]);
    let environment = row.environment.as_ref().map_or("", |name| name.as_str());
    add(&mut labels, "\",environment=\"", &[environment]);
    labels.push('"');
    labels
}

/// As x509-certificate-exporter names them, so that dashboards for it work; serial numbers are
/// decimal there.
fn of_file(seen: &Seen, root: &str) -> String {
    let mut labels = String::with_capacity(256);
    match &seen.what {
        What::Certificate { serial, subject } => {
            let serial = BigUint::parse_bytes(serial.as_bytes(), 16).unwrap_or_default();
            add(&mut labels, "serial_number=\"", &[&serial.to_string()]);
            add(&mut labels, "\",subject_CN=\"", &[subject]);
        }
        What::Crl { number } => add(&mut labels, "crl_number=\"", &[&number.to_string()]),
    }
    add(&mut labels, "\",issuer_CN=\"", &[&seen.issuer]);
    let file = seen.path.rsplit('/').next().unwrap_or_default();
    add(&mut labels, "\",filename=\"", &[file]);
    add(&mut labels, "\",filepath=\"", &[root, "/", &seen.path]);
    labels.push('"');
    labels
}

/// What ends the label before and begins this one; then its value, in which backslashes, quotes and
/// line feeds are escaped, and nothing else is.
fn add(labels: &mut String, name: &str, value: &[&str]) {
    labels.push_str(name);
    for mut rest in value.iter().copied() {
        while let Some(at) = rest.find(['\\', '"', '\n']) {
            let (before, special) = rest.split_at(at);
            labels.push_str(before);
            labels.push('\\');
            labels.push_str(if special.starts_with('\n') { "n" } else { &special[..1] });
            rest = &special[1..];
        }
        labels.push_str(rest);
    }
}

struct Writer {
    text: String,
}

impl Writer {
    /// A family without a sample is left out.
    fn family<L: AsRef<str>>(
        &mut self,
        family: &Family,
        samples: impl IntoIterator<Item = (L, i64)>,
    ) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        let Family { name, kind, help } = family;
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            self.text.push_str(name);
            let labels = labels.as_ref();
            if !labels.is_empty() {
                ["{", labels, "}"].into_iter().for_each(|part| self.text.push_str(part));
            }
            let _ = writeln!(self.text, " {value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_label_ends_it() {
        let mut labels = String::from("x=\"");
        add(&mut labels, "\",y=\"", &["a\\b\"c\nd é", "\""]);
        assert_eq!(labels, "x=\"\",y=\"a\\\\b\\\"c\\nd é\\\"");
    }

    #[test]
    fn a_family_is_named_once() {
        let names: std::collections::HashSet<&str> = FAMILIES.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), FAMILIES.len());
    }
}
