//! Roles in a file, as `bao read -format=json auth/cert/certs/NAME` prints them: one JSON object
//! NAME -> fields, an array, or one after the other.

use super::Role;
use crate::error::{Error, Result};
use serde_json::{Deserializer, Map, Value};

/// All roles of a file.
///
/// # Errors
/// Usage, with file and line: no JSON; an object that is no role; a role without a name.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<Role>> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::usage(format!("{file}: got bytes that are not UTF-8")))?;
    let mut roles = Vec::new();
    let mut stream = Deserializer::from_str(text).into_iter::<Value>();
    loop {
        let begin = stream.byte_offset();
        let begin = begin + text[begin..].len() - text[begin..].trim_start().len();
        let Some(value) = stream.next() else { return Ok(roles) };
        let value = value.map_err(|error| {
            let line = error.line();
            Error::usage(format!("{file}:{line}: got no JSON: {error}"))
        })?;
        collect(file, text, begin, value, &mut roles)?;
    }
}

fn collect(
    file: &str,
    text: &str,
    begin: usize,
    value: Value,
    roles: &mut Vec<Role>,
) -> Result<()> {
    let line = |at: usize| u32::try_from(1 + text[..at].matches('\n').count()).unwrap_or_default();
    let wrong = |message: &str| Err(Error::usage(format!("{file}:{}: {message}", line(begin))));
    match value {
        Value::Array(items) => {
            items.into_iter().try_for_each(|item| collect(file, text, begin, item, roles))
        }
        Value::Object(fields) if is_role(&fields) => {
            let (name, fields) = unwrapped(fields);
            let Some(name) = name else {
                return wrong("got a role without a name, expected \"name\" or \"display_name\"");
            };
            roles.push(Role { name, file: file.to_owned(), line: line(begin), fields });
            Ok(())
        }
        Value::Object(named) => {
            for (name, value) in named {
                let Value::Object(fields) = value else {
                    return wrong(&format!("got {name:?} without fields, expected a role"));
                };
                let key = format!("\"{name}\"");
                let place = text[begin..]
                    .match_indices(&key)
                    .find(|(at, _)| text[begin + at + key.len()..].trim_start().starts_with(':'));
                let line = line(begin + place.map_or(0, |(at, _)| at));
                let (_, fields) = unwrapped(fields);
                roles.push(Role { name, file: file.to_owned(), line, fields });
            }
            Ok(())
        }
        _ => wrong("got no object, expected a role"),
    }
}

/// Fields of a role, or the answer of a server around them?
fn is_role(fields: &Map<String, Value>) -> bool {
    let is_field = |key: &String| key.starts_with("allowed_") || key.starts_with("token_");
    let is_answer = fields.get("data").is_some_and(|data| {
        data.as_object()
            .is_some_and(|data| data.keys().any(is_field) || data.contains_key("certificate"))
    });
    let is_certificate = fields.get("certificate").is_some_and(Value::is_string);
    is_answer
        || is_certificate
        || fields.iter().any(|(key, value)| is_field(key) && !value.is_object())
}

/// Without the answer around it, and by what name it goes.
fn unwrapped(mut fields: Map<String, Value>) -> (Option<String>, Map<String, Value>) {
    let text = |fields: &Map<String, Value>, key: &str| {
        fields.get(key).and_then(Value::as_str).map(str::to_owned).filter(|it| !it.is_empty())
    };
    let outer = text(&fields, "name");
    if let Some(Value::Object(data)) = fields.get("data") {
        fields = data.clone();
    }
    // A role that was not given a display name has its own.
    let name = outer.or_else(|| text(&fields, "name")).or_else(|| text(&fields, "display_name"));
    (name, fields)
}

#[cfg(test)]
mod tests {
    use super::read;

    fn names(text: &str) -> Vec<(String, u32)> {
        read("r.json", text.as_bytes()).unwrap().into_iter().map(|it| (it.name, it.line)).collect()
    }

    #[test]
    fn an_object_an_array_and_lines_are_the_same() {
        let role = r#"{"certificate": "", "display_name": "web", "token_policies": ["web"]}"#;
        assert_eq!(
            names(&format!("{{\n\"web\": {role},\n\"api\": {role}}}")),
            [("api".into(), 3), ("web".into(), 2)]
        );
        assert_eq!(names(&format!("[{role}]")), [("web".into(), 1)]);
        let answer = format!("{{\"request_id\": \"x\", \"data\": {role}}}");
        assert_eq!(names(&format!("{answer}\n{answer}")), [("web".into(), 1), ("web".into(), 2)]);
        assert_eq!(names(&format!("{{\"api\": {answer}}}")), [("api".into(), 1)]);
        assert_eq!(names(""), []);
    }

    #[test]
    fn what_is_no_role_is_named_with_its_line() {
        for (text, message) in [
            ("{\n", "r.json:2: got no JSON"),
            ("\n[1]", "r.json:2: got no object"),
            ("{\"web\": 1}", "r.json:1: got \"web\" without fields"),
            ("{\"certificate\": \"\"}", "r.json:1: got a role without a name"),
        ] {
            let error = read("r.json", text.as_bytes()).unwrap_err();
            assert!(error.messages()[0].starts_with(message), "{error:?}");
        }
    }
}
