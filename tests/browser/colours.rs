//! The colours of a style sheet, and how well one is seen on another.

use std::collections::BTreeMap;

pub type Scheme = BTreeMap<String, String>;

/// Light, dark, and as printed: what the later ones do not say is as in the first.
pub fn schemes(style: &str) -> (Scheme, Scheme, Scheme) {
    let (light, rest) = style.split_once("@media screen and (prefers-color-scheme: dark)").unwrap();
    let (dark, rest) = rest.split_once("\n}\n").unwrap();
    let (_, print) = rest.split_once("@media print {").unwrap();
    let (light, dark, print) = (variables(light), variables(dark), variables(print));
    let mut printed = light.clone();
    printed.extend(print);
    (light, dark, printed)
}

fn variables(style: &str) -> Scheme {
    let declarations = style.split(['{', ';']).filter_map(|it| it.trim().strip_prefix("--"));
    let pairs = declarations.filter_map(|it| it.split_once(": #"));
    pairs.map(|(name, colour)| (name.to_owned(), colour.to_owned())).collect()
}

/// The ratio of WCAG 2.2, from 1 to 21.
pub fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}
