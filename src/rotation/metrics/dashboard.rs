//! A dashboard for Grafana, of panels that it has itself.

use serde_json::{Value, json};

/// The model of the dashboard, to be imported or provisioned.
#[must_use]
pub fn dashboard() -> Value {
    json!({
        "title": "rootward",
        "uid": "rootward",
        "tags": ["pki", "rootward"],
        "schemaVersion": 36,
        "version": 1,
        "editable": true,
        "timezone": "utc",
        "refresh": "5m",
        "time": { "from": "now-30d", "to": "now" },
        "templating": { "list": [datasource(), environment()] },
        "panels": [
            next_ceremony(),
            count("Overdue or worse", "count(rootward_stage{ENV} >= 4) or vector(0)", 5),
            count("Warned of", "count(rootward_stage{ENV} >= 2 < 4) or vector(0)", 9),
            count("Not as recorded", "sum(x509_read_errors and on (job, instance) rootward_build_info) or vector(0)", 13),
            age(),
            journal(),
            next(),
            left(),
            stages(),
            crls(),
        ],
    })
}

/// Only what is chosen; the root's own has no environment and is always there.
const CHOSEN: &str = "environment=~\"$environment|\"";

fn datasource() -> Value {
    json!({ "name": "datasource", "type": "datasource", "query": "prometheus" })
}

fn environment() -> Value {
    json!({
        "name": "environment",
        "type": "query",
        "datasource": source(),
        "query": "label_values(rootward_stage, environment)",
        "refresh": 2,
        "multi": true,
        "includeAll": true,
        "current": { "text": ["All"], "value": ["$__all"] },
    })
}

fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

fn query(expr: &str, legend: &str) -> Value {
    json!({
        "refId": "A",
        "datasource": source(),
        "expr": expr.replace("ENV", CHOSEN),
        "legendFormat": legend,
        "instant": true,
        "range": false,
    })
}

fn over_time(expr: &str, legend: &str) -> Value {
    let mut query = query(expr, legend);
    query["instant"] = json!(false);
    query["range"] = json!(true);
    query
}

/// x, y, width and height on a grid of 24 columns.
fn panel(id: u32, kind: &str, title: &str, [x, y, w, h]: [u32; 4], target: Value) -> Value {
    json!({
        "id": id,
        "type": kind,
        "title": title,
        "datasource": source(),
        "gridPos": { "x": x, "y": y, "w": w, "h": h },
        "targets": [target],
        "fieldConfig": { "defaults": {}, "overrides": [] },
        "options": {},
    })
}

/// Colours from the first value on.
fn thresholds(steps: &[(&str, Option<i64>)]) -> Value {
    let steps: Vec<Value> =
        steps.iter().map(|(color, from)| json!({ "color": color, "value": from })).collect();
    json!({ "mode": "absolute", "steps": steps })
}

/// Red below nothing left, then orange, then green, in seconds.
fn by_time_left() -> Value {
    const DAY: i64 = 86_400;
    thresholds(&[
        ("red", None),
        ("orange", Some(DAY)),
        ("yellow", Some(30 * DAY)),
        ("green", Some(60 * DAY)),
    ])
}

fn stat(id: u32, title: &str, place: [u32; 4], expr: &str, unit: &str, colors: Value) -> Value {
    let mut panel = panel(id, "stat", title, place, query(expr, ""));
    panel["fieldConfig"]["defaults"] = json!({ "unit": unit, "thresholds": colors });
    panel["options"] = json!({
        "colorMode": "background",
        "graphMode": "none",
        "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
    });
    panel
}

fn next_ceremony() -> Value {
    let expr = "min(rootward_next_ceremony_timestamp_seconds) - time()";
    stat(1, "Hold the next ceremony within", [0, 0, 5, 4], expr, "s", by_time_left())
}

fn count(title: &str, expr: &str, x: u32) -> Value {
    let colors = thresholds(&[("green", None), ("red", Some(1))]);
    stat(20 + x, title, [x, 0, 4, 4], expr, "none", colors)
}

fn age() -> Value {
    let expr = "time() - max(rootward_generated_timestamp_seconds)";
    let colors = thresholds(&[("green", None), ("orange", Some(86_400)), ("red", Some(172_800))]);
    stat(2, "Metrics written before", [17, 0, 4, 4], expr, "s", colors)
}

fn journal() -> Value {
    let expr = "max(rootward_journal_entries_total)";
    stat(3, "Journal entries", [21, 0, 3, 4], expr, "none", thresholds(&[("blue", None)]))
}

/// What is next, the nearest first.
fn next() -> Value {
    let expr = "sort(rootward_rotate_by_timestamp_seconds{ENV} - time())";
    let mut target = query(expr, "");
    target["format"] = json!("table");
    let mut panel = panel(4, "table", "What is next", [0, 4, 12, 12], target);
    panel["transformations"] = json!([
        {
            "id": "organize",
            "options": {
                "excludeByName": { "Time": true, "instance": true, "job": true, "__name__": true },
                "indexByName": { "object": 0, "kind": 1, "environment": 2, "Value": 3 },
                "renameByName": {
                    "object": "Object",
                    "kind": "Kind",
                    "environment": "Environment",
                    "Value": "Replace within",
                },
            },
        },
        { "id": "sortBy", "options": { "sort": [{ "field": "Replace within", "desc": false }] } },
    ]);
    panel["fieldConfig"]["overrides"] = json!([{
        "matcher": { "id": "byName", "options": "Replace within" },
        "properties": [
            { "id": "unit", "value": "s" },
            { "id": "thresholds", "value": by_time_left() },
            { "id": "custom.displayMode", "value": "color-text" },
        ],
    }]);
    panel
}

/// How long CAs can still sign: their true deadline.
fn left() -> Value {
    let expr = "sort(rootward_signing_stop_timestamp_seconds{ENV} - time())";
    let mut panel =
        panel(5, "bargauge", "Until the signing stop", [12, 4, 12, 6], query(expr, "{{object}}"));
    panel["fieldConfig"]["defaults"] =
        json!({ "unit": "s", "min": 0, "thresholds": by_time_left() });
    panel["options"] = json!({
        "displayMode": "basic",
        "orientation": "horizontal",
        "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
    });
    panel
}

fn stages() -> Value {
    let expr = "max by (kind) (rootward_stage{ENV})";
    let mut panel =
        panel(6, "timeseries", "Worst stage", [12, 10, 12, 6], over_time(expr, "{{kind}}"));
    let words = ["quiet", "notice", "warning", "critical", "overdue", "stopped", "expired"];
    let texts: serde_json::Map<String, Value> = (0..)
        .zip(words)
        .map(|(stage, word): (u8, &str)| (stage.to_string(), json!({ "text": word })))
        .collect();
    panel["fieldConfig"]["defaults"] = json!({
        "min": 0,
        "max": 6,
        "mappings": [{ "type": "value", "options": texts }],
        "custom": { "lineInterpolation": "stepAfter", "fillOpacity": 10 },
    });
    panel
}

fn crls() -> Value {
    let expr = "rootward_not_after_timestamp_seconds{kind=\"crl\",ENV} - time()";
    let mut panel = panel(
        7,
        "timeseries",
        "Until each CRL runs out",
        [0, 16, 24, 8],
        over_time(expr, "{{object}}"),
    );
    panel["fieldConfig"]["defaults"] = json!({ "unit": "s", "thresholds": by_time_left() });
    panel
}
