//! Alert rules for Prometheus.

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Alert {
    pub name: &'static str,
    /// PromQL; fires for each series that it gives.
    pub expr: &'static str,
    /// How long it has to be so.
    pub hold: &'static str,
    /// `info`, `warning` or `critical`.
    pub severity: &'static str,
    /// One line; `OBJECT` stands for the object.
    pub summary: &'static str,
}

/// Every alert there is. What follows from moments is compared with the clock of Prometheus, so that
/// it fires though nothing writes the metrics any more; `rootward_stage` adds what no date says, such
/// as a revocation.
pub const ALERTS: [Alert; 14] = [
    Alert {
        name: "RootwardWindowOpen",
        expr: "rootward_due_timestamp_seconds{kind=~\"root|intermediate\"} <= time() \
               and rootward_rotate_by_timestamp_seconds > time()",
        hold: "15m",
        severity: "info",
        summary: "OBJECT may be replaced from now on",
    },
    Alert {
        name: "RootwardNotice",
        expr: "rootward_stage == 1",
        hold: "15m",
        severity: "info",
        summary: "OBJECT is to be replaced some day soon, or waits for its first certificate",
    },
    Alert {
        name: "RootwardRotateSoon",
        expr: "rootward_stage == 2",
        hold: "15m",
        severity: "warning",
        summary: "OBJECT is to be replaced soon",
    },
    Alert {
        name: "RootwardRotateUrgently",
        expr: "rootward_stage == 3",
        hold: "15m",
        severity: "critical",
        summary: "OBJECT is to be replaced urgently",
    },
    Alert {
        name: "RootwardOverdue",
        expr: "rootward_rotate_by_timestamp_seconds <= time() \
               unless rootward_not_after_timestamp_seconds < time() \
               unless rootward_signing_stop_timestamp_seconds < time()",
        hold: "15m",
        severity: "critical",
        summary: "OBJECT should have been replaced",
    },
    Alert {
        name: "RootwardSigningStopPassed",
        expr: "rootward_signing_stop_timestamp_seconds < time() \
               unless rootward_not_after_timestamp_seconds < time()",
        hold: "15m",
        severity: "critical",
        summary: "OBJECT is past its signing stop: what it signs lives shorter than declared",
    },
    Alert {
        name: "RootwardExpired",
        expr: "rootward_not_after_timestamp_seconds{kind!=\"crl\"} < time()",
        hold: "5m",
        severity: "critical",
        summary: "OBJECT has expired",
    },
    Alert {
        name: "RootwardCrlExpired",
        expr: "rootward_not_after_timestamp_seconds{kind=\"crl\"} < time()",
        hold: "5m",
        severity: "critical",
        summary: "OBJECT has run out: servers that check it turn everybody away",
    },
    Alert {
        name: "RootwardCeremonyNear",
        expr: "rootward_next_ceremony_timestamp_seconds - time() < 30 * 86400 \
               and rootward_next_ceremony_timestamp_seconds > time()",
        hold: "15m",
        severity: "warning",
        summary: "the next ceremony has to be held within 30 days",
    },
    Alert {
        name: "RootwardCeremonyMissed",
        expr: "rootward_next_ceremony_timestamp_seconds <= time()",
        hold: "15m",
        severity: "critical",
        summary: "a ceremony should have been held",
    },
    Alert {
        name: "RootwardFilesDiffer",
        expr: "x509_read_errors > 0 and on (job, instance) rootward_build_info",
        hold: "5m",
        severity: "critical",
        summary: "certificates or CRLs are missing or not as recorded: rootward check --files",
    },
    Alert {
        name: "RootwardJournalShorter",
        expr: "rootward_journal_entries_total < max_over_time(rootward_journal_entries_total[1d])",
        hold: "0m",
        severity: "critical",
        summary: "the journal has fewer entries than it had: an old copy was put in its place",
    },
    Alert {
        name: "RootwardMetricsStale",
        expr: "time() - rootward_generated_timestamp_seconds > 2 * 86400",
        hold: "5m",
        severity: "warning",
        summary: "rootward metrics was not run for two days",
    },
    Alert {
        name: "RootwardMetricsAbsent",
        expr: "absent(rootward_build_info)",
        hold: "1h",
        severity: "warning",
        summary: "there are no metrics of rootward",
    },
];

impl Alert {
    /// As Prometheus fills it in.
    #[must_use]
    pub fn template(&self) -> String {
        self.summary.replace("OBJECT", "{{ $labels.object }}")
    }
}

/// A rule file, in YAML.
#[must_use]
pub fn rules() -> String {
    let mut text = "# Alert rules for the output of `rootward metrics`.\n\
                    groups:\n  - name: rootward\n    rules:\n"
        .to_owned();
    for alert in &ALERTS {
        let Alert { name, expr, hold, severity, .. } = alert;
        text += &format!("      - alert: {name}\n");
        text += &format!("        expr: {}\n", scalar(expr));
        text += &format!("        for: {hold}\n");
        text += &format!("        labels:\n          severity: {severity}\n");
        text +=
            &format!("        annotations:\n          summary: {}\n", scalar(&alert.template()));
    }
    text
}

/// A single-quoted scalar of one line (YAML 1.2 section 7.3.2).
fn scalar(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
