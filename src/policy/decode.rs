//! Values of a rule's keys, as hcl/decoder puts them into Go's types.

use super::hcl::{Item, Node};
use super::{Parameters, number};
use serde_json::{Map, Value};
use std::borrow::Cow;
use time::Duration;

/// Errors say what was got and what was expected; the caller knows the key.
type Result<T> = std::result::Result<T, String>;

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
        let labels = item.keys.iter().skip(1).rev();
        let value = labels.fold(any(&item.value, true)?, |value, label| {
            Value::Array(vec![Value::Object(Map::from_iter([(label.to_string(), value)]))])
        });
        map.insert(item.name().to_owned(), value);
    }
    Ok(Value::Object(map))
}

/// A duration that is judged later: a rule that denies may have a wrong one.
#[derive(Clone, Debug, Default)]
pub(super) enum Ttl<'a> {
    #[default]
    Unset,
    Text(Cow<'a, str>),
    Seconds(i64),
    /// What is no duration in any case.
    Wrong(&'static str),
}

/// What is written.
pub(super) fn ttl<'a>(item: &Item<'a>) -> Result<Ttl<'a>> {
    let wrong = |text: &str| format!("got {text:?} for {:?}, expected seconds", item.name());
    Ok(match &item.value {
        _ if item.keys.len() > 1 => Ttl::Wrong("a labelled block"),
        Node::Text(text) => Ttl::Text(text.clone()),
        Node::Number(text) => Ttl::Seconds(number::integer(text).ok_or_else(|| wrong(text))?),
        Node::Float(text) => Ttl::Seconds(number::float(text).ok_or_else(|| wrong(text))? as i64),
        other => Ttl::Wrong(other.what()),
    })
}

impl Ttl<'_> {
    /// What it means; unset is zero.
    pub fn duration(&self) -> Result<Duration> {
        match self {
            Ttl::Unset => Ok(Duration::ZERO),
            Ttl::Text(text) => number::duration(text),
            Ttl::Seconds(seconds) => number::seconds_of(*seconds)
                .ok_or_else(|| format!("got {seconds} seconds, expected at most 292 years")),
            Ttl::Wrong(got) => Err(format!("got {got}, expected a duration such as \"90s\"")),
        }
    }
}
