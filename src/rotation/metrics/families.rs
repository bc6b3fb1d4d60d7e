//! The names, types and meanings of all metrics.

/// All samples of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    pub name: &'static str,
    /// `gauge` or `counter`.
    pub kind: &'static str,
    /// Without a full stop; neither a backslash nor a line feed is in it.
    pub help: &'static str,
}

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: "gauge", help }
}

pub(super) const BUILD: Family = gauge("rootward_build_info", "Which rootward wrote this");
pub(super) const GENERATED: Family = gauge(
    "rootward_generated_timestamp_seconds",
    "When this was written; alert when it is long ago",
);
pub(super) const JOURNAL: Family = Family {
    name: "rootward_journal_entries_total",
    kind: "counter",
    help: "Entries of the journal, whose chain of hashes holds",
};
pub(super) const CEREMONY: Family =
    gauge("rootward_next_ceremony_timestamp_seconds", "By when the next ceremony has to be held");
pub(super) const STAGE: Family = gauge(
    "rootward_stage",
    "0 quiet, 1 notice, 2 warning, 3 critical, 4 overdue, 5 past the signing stop, 6 expired",
);
pub(super) const NOT_BEFORE: Family =
    gauge("rootward_not_before_timestamp_seconds", "notBefore, or thisUpdate of a CRL");
pub(super) const NOT_AFTER: Family =
    gauge("rootward_not_after_timestamp_seconds", "notAfter, or nextUpdate of a CRL");
pub(super) const DUE: Family =
    gauge("rootward_due_timestamp_seconds", "From when on it may be replaced");
pub(super) const ROTATE_BY: Family = gauge(
    "rootward_rotate_by_timestamp_seconds",
    "By when it is to be replaced, or the ceremony for it held",
);
pub(super) const SIGNING_STOP: Family = gauge(
    "rootward_signing_stop_timestamp_seconds",
    "The last moment at which a CA can sign a child of full lifetime",
);
pub(super) const X509_NOT_BEFORE: Family = gauge("x509_cert_not_before", "notBefore");
pub(super) const X509_NOT_AFTER: Family = gauge("x509_cert_not_after", "notAfter");
pub(super) const X509_THIS_UPDATE: Family = gauge("x509_crl_this_update", "thisUpdate");
pub(super) const X509_NEXT_UPDATE: Family = gauge("x509_crl_next_update", "nextUpdate");
pub(super) const X509_CRL_NUMBER: Family = gauge("x509_crl_number", "cRLNumber");
pub(super) const X509_ERRORS: Family = gauge(
    "x509_read_errors",
    "Files that are missing, unreadable or not as recorded; with --files alone",
);

/// In the order in which they are written.
pub const FAMILIES: [Family; 16] = [
    BUILD,
    GENERATED,
    JOURNAL,
    CEREMONY,
    STAGE,
    NOT_BEFORE,
    NOT_AFTER,
    DUE,
    ROTATE_BY,
    SIGNING_STOP,
    X509_NOT_BEFORE,
    X509_NOT_AFTER,
    X509_THIS_UPDATE,
    X509_NEXT_UPDATE,
    X509_CRL_NUMBER,
    X509_ERRORS,
];
