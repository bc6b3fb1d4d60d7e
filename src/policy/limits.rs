//! What must hold beyond the capability: parameters, wrapping, pagination.

use serde_json::Value;
use std::collections::BTreeMap;
use time::Duration;

/// Names of parameters in lower case, and their values; no value stands for any.
pub type Parameters = BTreeMap<String, Vec<Value>>;

/// The constraints of a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// At least so long must a response be wrapped; zero for no matter.
    pub min_wrapping_ttl: Duration,
    /// At most so long; zero for no matter.
    pub max_wrapping_ttl: Duration,
    /// When there are any, no others; `*` for the others.
    pub allowed_parameters: Parameters,
    /// Not these, or not with these values; `*` for all.
    pub denied_parameters: Parameters,
    /// These must be there.
    pub required_parameters: Vec<String>,
    /// Names of methods.
    pub mfa_methods: Vec<String>,
    /// The largest page of a listing; zero for any.
    pub pagination_limit: i64,
    /// Template of the path that must be allowed for a key of a listing to be shown.
    pub list_scan_response_keys_filter_path: String,
    /// Others must authorize it, too.
    pub control_group: bool,
}

impl Limits {
    /// Nothing is limited?
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The same path twice: the shorter times, all parameters, the smaller page.
    pub(super) fn merge(&mut self, other: &Self) {
        lesser(&mut self.min_wrapping_ttl, other.min_wrapping_ttl);
        lesser(&mut self.max_wrapping_ttl, other.max_wrapping_ttl);
        merge_parameters(&mut self.allowed_parameters, &other.allowed_parameters);
        merge_parameters(&mut self.denied_parameters, &other.denied_parameters);
        unite(&mut self.required_parameters, &other.required_parameters);
        unite(&mut self.mfa_methods, &other.mfa_methods);
        lesser(&mut self.pagination_limit, other.pagination_limit);
        if self.list_scan_response_keys_filter_path.is_empty() {
            let filter = &mut self.list_scan_response_keys_filter_path;
            filter.clone_from(&other.list_scan_response_keys_filter_path);
        }
        self.control_group |= other.control_group;
    }
}

/// The lesser of those that are set.
fn lesser<T: PartialOrd + Default>(ours: &mut T, theirs: T) {
    let unset = T::default();
    if theirs > unset && (*ours <= unset || theirs < *ours) {
        *ours = theirs;
    }
}

fn unite(ours: &mut Vec<String>, theirs: &[String]) {
    for text in theirs {
        if !ours.contains(text) {
            ours.push(text.clone());
        }
    }
}

/// Any value, once said, stays any value.
fn merge_parameters(ours: &mut Parameters, theirs: &Parameters) {
    for (name, values) in theirs {
        match ours.get_mut(name) {
            None => drop(ours.insert(name.clone(), values.clone())),
            Some(held) if held.is_empty() || values.is_empty() => held.clear(),
            Some(held) => held.extend(values.iter().cloned()),
        }
    }
}
