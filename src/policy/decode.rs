//! Values of a rule's keys, as hcl/decoder puts them into Go's types.

use super::hcl::{Item, Node, Syntax};
use super::{Parameters, number};
use crate::model::text::nearest;
use serde_json::{Map, Value};
use time::Duration;

/// Errors say what was got and what was expected; the caller knows the key.
type Result<T> = std::result::Result<T, String>;

/// No other keys than these.
pub(super) fn known(items: &[Item], keys: &[&str]) -> std::result::Result<(), Syntax> {
    let Some(item) = items.iter().find(|item| !keys.contains(&item.name())) else { return Ok(()) };
    let expected = match nearest(item.name(), keys.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("expected one of {}", keys.join(", ")),
    };
    let message = format!("unknown key {:?}; {expected}", item.name());
    Err(Syntax { line: item.line, message })
}

fn wrong<T>(item: &Item, expected: &str) -> Result<T> {
    let got = if item.keys.len() > 1 { "a labelled block" } else { item.value.what() };
    Err(format!("got {got} for {:?}, expected {expected}", item.name()))
}

/// A string, or the digits of a whole number.
fn text<'a>(node: &'a Node<'a>) -> Option<&'a str> {
    match node {
        Node::Text(text) => Some(text),
        Node::Number(digits) => Some(digits),
        _ => None,
    }
}

/// A string.
pub(super) fn string(item: &Item) -> Result<String> {
    match text(&item.value).filter(|_| item.keys.len() == 1) {
        Some(text) => Ok(text.to_owned()),
        None => wrong(item, "a string"),
    }
}

/// `true` or `false`.
pub(super) fn boolean(item: &Item) -> Result<bool> {
    match &item.value {
        Node::Bool(value) if item.keys.len() == 1 => Ok(*value),
        _ => wrong(item, "true or false"),
    }
}

/// A whole number, also in quotes.
pub(super) fn integer(item: &Item) -> Result<i64> {
    let number = text(&item.value).filter(|_| item.keys.len() == 1).and_then(number::integer);
    number.map_or_else(|| wrong(item, "a whole number"), Ok)
}

/// The strings of a list. An empty object is an empty list.
pub(super) fn strings<'a>(item: &'a Item<'a>) -> Result<Vec<&'a str>> {
    let all = match &item.value {
        Node::List(nodes) => nodes.iter().map(text).collect(),
        Node::Object(items) if items.is_empty() => Some(Vec::new()),
        _ => None,
    };
    match all.filter(|_| item.keys.len() == 1) {
        Some(all) => Ok(all),
        None => wrong(item, "a list of strings such as [\"a\"]"),
    }
}

/// Adds `name = [values]` of the object. Values of a name that is there twice add up.
pub(super) fn parameters(item: &Item, into: &mut Parameters) -> Result<()> {
    const EXPECTED: &str = "an object such as { name = [\"value\"] }";
    let mut add = |name: &str, labels: usize, value: &Node| {
        let values = match value {
            Node::List(nodes) => nodes.iter().map(|node| any(node, false)).collect(),
            Node::Object(_) if labels == 1 => any(value, false).map(|value| vec![value]),
            _ => wrong(item, EXPECTED),
        }?;
        // The server folds the names: so does Policy::parse on its requests.
        into.entry(name.to_lowercase()).or_default().extend(values);
        Ok(())
    };
    match (item.keys.as_slice(), &item.value) {
        ([_], Node::Object(items)) => {
            items.iter().try_for_each(|item| add(item.name(), item.keys.len(), &item.value))
        }
        ([_, name], value @ Node::Object(_)) => add(name, 1, value),
        _ => wrong(item, EXPECTED),
    }
}

/// `in_map`: hcl/decoder makes a list of one of an object that is a member of an object.
fn any(node: &Node, in_map: bool) -> Result<Value> {
    let wrong = |text: &str| format!("got {text:?}, expected a number that fits 64 bits");
    Ok(match node {
        Node::Bool(value) => Value::Bool(*value),
        Node::Number(text) => number::integer(text).ok_or_else(|| wrong(text))?.into(),
        Node::Float(text) => number::float(text).ok_or_else(|| wrong(text))?.into(),
        Node::Text(text) => Value::String(text.to_string()),
        Node::List(nodes) => nodes.iter().map(|node| any(node, false)).collect::<Result<_>>()?,
        Node::Object(items) if in_map => Value::Array(vec![object(items)?]),
        Node::Object(items) => object(items)?,
    })
}

fn object(items: &[Item]) -> Result<Value> {
    let mut map = Map::new();
    for item in items {
        let name = item.name();
        let value = match item.keys.get(1..) {
            None | Some([]) => again(map.get(name), &item.value, true)?,
            Some(_) if map.get(name).is_some_and(|held| !held.is_array()) => {
                return Err(format!("got {name:?} once as a value and once as a block"));
            }
            Some(labels) => {
                let value = any(&item.value, true)?;
                labels.iter().rev().try_fold(value, |value, label| labelled(value, label))?
            }
        };
        map.insert(name.to_owned(), value);
    }
    Ok(Value::Object(map))
}

fn labelled(value: Value, label: &str) -> Result<Value> {
    Ok(Value::Array(vec![Value::Object(Map::from_iter([(label.to_owned(), value)]))]))
}

/// A value whose key was there before: hcl/decoder keeps the type of the first.
fn again(held: Option<&Value>, node: &Node, in_map: bool) -> Result<Value> {
    let other = || Err(format!("got {} where the same key was something else", node.what()));
    match (held, node) {
        (None, _) | (Some(Value::Bool(_)), Node::Bool(_)) => any(node, in_map),
        (Some(Value::String(_)), Node::Text(text)) => Ok(Value::String(text.to_string())),
        (Some(Value::String(_)), Node::Number(text)) => Ok(Value::String((*text).to_owned())),
        (Some(Value::Number(held)), Node::Number(_)) if held.is_i64() => any(node, in_map),
        (Some(Value::Number(held)), Node::Text(text)) if held.is_i64() => {
            number::integer(text).map_or_else(other, |number| Ok(number.into()))
        }
        (Some(Value::Number(held)), Node::Number(text) | Node::Float(text)) if held.is_f64() => {
            number::float(text).map_or_else(other, |number| Ok(number.into()))
        }
        (Some(Value::Array(_) | Value::Object(_)), Node::List(_) | Node::Object(_)) => {
            any(node, in_map)
        }
        _ => other(),
    }
}

/// A duration that is judged later: a rule that denies may have a wrong one.
#[derive(Clone, Debug, Default)]
pub(super) struct Ttl(Option<Value>);

impl Ttl {
    /// Takes what is written.
    pub fn set(&mut self, item: &Item) -> Result<()> {
        let value = match item.keys.len() {
            1 => again(self.0.as_ref(), &item.value, true),
            _ => Ok(Value::Array(Vec::new())), // A labelled block: no duration.
        };
        self.0 = Some(value.map_err(|message| format!("{message}, for {:?}", item.name()))?);
        Ok(())
    }

    /// What it means; unset is zero.
    pub fn duration(&self) -> Result<Duration> {
        let seconds = match &self.0 {
            None => return Ok(Duration::ZERO),
            Some(Value::String(text)) => return number::duration(text),
            Some(Value::Number(number)) => {
                number.as_i64().or_else(|| number.as_f64().map(|number| number as i64))
            }
            Some(_) => None,
        };
        let duration = seconds.and_then(number::seconds_of);
        duration.ok_or_else(|| "expected a duration such as \"90s\" or \"1h\"".to_owned())
    }
}
