//! Values as the server gives them back, beside values as they are declared: `"1h"` and 3600, null
//! and an empty list, another order of a set, are no difference.

use super::resource::Fields;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One field that is other than declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Its name.
    pub field: String,
    /// On the server; null when it is not there.
    pub before: Value,
    /// As declared.
    pub after: Value,
}

/// What of `declared` the server does not have. What it has beyond is not ours to say.
pub fn changes(declared: &Fields, there: &Fields) -> Vec<Change> {
    let differs = declared.iter().filter_map(|(field, after)| {
        let before = there.get(field).unwrap_or(&Value::Null);
        let before = like(after, before);
        let after = ordered(after.clone());
        (before != after).then(|| Change { field: field.clone(), before, after })
    });
    differs.collect()
}

/// `there`, in the shape of what is declared.
fn like(declared: &Value, there: &Value) -> Value {
    match (declared, there) {
        (Value::Array(_), Value::Null) => Value::Array(Vec::new()),
        (Value::Array(_), Value::Object(set)) => {
            ordered(Value::Array(set.keys().map(|key| Value::String(key.clone())).collect()))
        }
        (Value::Array(_), Value::String(list)) => {
            let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
            ordered(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        (Value::Array(items), Value::Array(_)) => {
            let text = items.iter().all(Value::is_string);
            let there = ordered(there.clone());
            if text { there } else { declared_or(declared, there) }
        }
        (Value::Object(_), Value::Null) => Value::Object(Fields::new()),
        (Value::Object(declared), Value::Object(fields)) => {
            let same = |(key, value): (&String, &Value)| {
                let like = declared.get(key).map_or_else(|| value.clone(), |own| like(own, value));
                (key.clone(), like)
            };
            Value::Object(fields.iter().map(same).collect())
        }
        (Value::String(_), Value::Null) => Value::String(String::new()),
        (Value::String(_), Value::String(text)) => ordered(Value::String(text.clone())),
        (Value::Bool(_), Value::Null) => Value::Bool(false),
        (Value::Number(_), Value::Null) => Value::from(0),
        (Value::Number(_), Value::String(text)) => {
            seconds(text).map_or_else(|| there.clone(), Value::from)
        }
        // A claim that is one value may be given back as it was written, or in a list.
        (Value::Array(_), single) => Value::Array(vec![single.clone()]),
        _ => there.clone(),
    }
}

fn declared_or(declared: &Value, there: Value) -> Value {
    if ordered(declared.clone()) == there { ordered(declared.clone()) } else { there }
}

/// Lists are sets to the server; text ends where its last word does.
fn ordered(value: Value) -> Value {
    match value {
        Value::Array(mut items) => {
            items = items.into_iter().map(ordered).collect();
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        Value::String(text) => Value::String(text.trim_end().to_owned()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, ordered(value))).collect())
        }
        other => other,
    }
}

/// `1h`, `1h30m`, `90s`, `3600`: a duration as Go writes it, in seconds.
fn seconds(text: &str) -> Option<i64> {
    if let Ok(plain) = text.parse() {
        return Some(plain);
    }
    let (mut total, mut rest) = (0_i64, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest.get(..digits)?.parse().ok()?;
        let unit = match rest.as_bytes().get(digits)? {
            b'd' => 86_400,
            b'h' => 3600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        total = total.checked_add(count.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differing(declared: Value, there: Value) -> Vec<String> {
        let (Value::Object(declared), Value::Object(there)) = (declared, there) else {
            return vec!["no objects".to_owned()];
        };
        changes(&declared, &there).into_iter().map(|change| change.field).collect()
    }

    #[test]
    fn what_means_the_same_is_no_change() {
        let declared = json!({
            "ttl": 3600, "other": 5400, "list": ["b", "a"], "none": [], "text": "x\n", "empty": "",
            "off": false, "zero": 0, "map": {}, "claims": {"repository": ["example/x"]},
            "serials": ["1", "2"],
        });
        let there = json!({
            "ttl": "1h", "other": "1h30m", "list": "a, b", "none": null, "text": "x",
            "empty": null, "claims": {"repository": "example/x"}, "more": "of the server",
            "serials": {"2": {}, "1": {}}, "map": null,
        });
        assert_eq!(differing(declared, there), Vec::<String>::new());
    }

    #[test]
    fn what_means_something_else_is_one() {
        let declared = json!({
            "ttl": 3600, "list": ["a"], "none": [], "text": "x", "off": false,
            "claims": {"repository": ["example/x"]}, "map": {}, "case": ["Synapse"],
        });
        let there = json!({
            "ttl": "2h", "list": ["a", "*"], "none": ["a"], "text": "X", "off": true,
            "claims": {"repository": ["example/x"], "ref": "main"}, "map": {"a": 1},
            "case": ["synapse"],
        });
        let all = ["case", "claims", "list", "map", "none", "off", "text", "ttl"];
        let mut found = differing(declared, there);
        found.sort();
        assert_eq!(found, all);
    }

    #[test]
    fn durations_read_as_go_writes_them() {
        for (text, number) in [("3600", Some(3600)), ("1h0m0s", Some(3600)), ("2d", Some(172_800))]
        {
            assert_eq!(seconds(text), number, "{text}");
        }
        for text in ["1x", "h", "1h5", "99999999999999999999s", "9223372036854775807d"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
