//! Sets of paths that rules describe, and what two of them have in common.

use crate::policy::{Kind, Pattern};

/// What one segment may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment<'a> {
    /// This text.
    Is(&'a str),
    /// Whatever begins with it; all segments begin with the empty text.
    Starts(&'a str),
}

impl<'a> Segment<'a> {
    fn meet(self, other: Self) -> Option<Self> {
        use Segment::{Is, Starts};
        match (self, other) {
            (Is(a), Is(b)) => (a == b).then_some(self),
            (Is(text), Starts(start)) | (Starts(start), Is(text)) => {
                text.starts_with(start).then_some(Is(text))
            }
            (Starts(a), Starts(b)) if a.starts_with(b) => Some(self),
            (Starts(a), Starts(b)) => b.starts_with(a).then_some(other),
        }
    }
}

/// Paths that have certain segments, and if it is open, any number of segments more. The last one
/// of an open shape is a [`Segment::Starts`].
///
/// The paths of every rule are a shape, and what two shapes have in common is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape<'a> {
    segments: Vec<Segment<'a>>,
    is_open: bool,
}

impl<'a> Shape<'a> {
    /// The paths that a pattern matches.
    pub fn of(pattern: &'a Pattern) -> Self {
        let is_open = pattern.is_open();
        let segment = |text| match pattern.kind() {
            Kind::Segments if text == "+" => Segment::Starts(""),
            _ => Segment::Is(text),
        };
        let mut segments: Vec<_> = pattern.stem().split('/').map(segment).collect();
        if let Some(Segment::Is(tail)) = segments.last().copied().filter(|_| is_open) {
            segments.pop();
            segments.push(Segment::Starts(tail));
        }
        Self { segments, is_open }
    }

    /// How many segments are told.
    pub fn len(&self) -> usize {
        self.segments.len()
    }

    /// What both contain.
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let length = self.len().max(other.len());
        let fits = |shape: &Self| shape.is_open || shape.len() == length;
        if !fits(self) || !fits(other) {
            return None;
        }
        let at =
            |shape: &Self, index| shape.segments.get(index).copied().unwrap_or(Segment::Starts(""));
        let segments = (0..length).map(|index| at(self, index).meet(at(other, index)));
        let segments = segments.collect::<Option<_>>()?;
        Some(Self { segments, is_open: self.is_open && other.is_open })
    }

    /// Its paths of that many segments.
    pub fn of_length(&self, length: usize) -> Option<Self> {
        self.meet(&Self { segments: vec![Segment::Starts(""); length], is_open: false })
    }

    /// Its paths with a slash behind them; it must not be open.
    pub fn with_slash(mut self) -> Self {
        self.segments.push(Segment::Is(""));
        self
    }

    /// Its paths that end in a slash, if it is not open.
    pub fn ending_in_slash(&self) -> Option<Self> {
        let mut segments = self.segments.clone();
        let last = segments.pop()?;
        segments.push(last.meet(Segment::Is(""))?);
        Some(Self { segments, is_open: self.is_open })
    }

    /// A path in it that is in no other shape which does not contain all of it, as far as its
    /// number of segments goes; it must not be open.
    pub fn generic(&self, fresh: &Fresh) -> String {
        let mut path = String::new();
        for (index, segment) in self.segments.iter().enumerate() {
            if index > 0 {
                path.push('/');
            }
            match segment {
                Segment::Is(text) => path.push_str(text),
                Segment::Starts(start) => {
                    path.push_str(start);
                    path.push(if start.is_empty() { fresh.first } else { fresh.later });
                }
            }
        }
        path
    }

    /// As rules write it, as far as they can: `a/+/b*`.
    pub fn text(&self) -> String {
        let last = self.len().saturating_sub(1);
        let word = |(index, segment): (usize, &Segment)| match segment {
            Segment::Is(text) => (*text).to_owned(),
            Segment::Starts("") if !(self.is_open && index == last) => "+".to_owned(),
            Segment::Starts(start) => format!("{start}*"),
        };
        self.segments.iter().enumerate().map(word).collect::<Vec<_>>().join("/")
    }
}

/// Characters that make a segment unlike all that are told.
pub(super) struct Fresh {
    /// No segment begins with it.
    first: char,
    /// It is in no segment.
    later: char,
}

impl Fresh {
    /// For these patterns.
    pub fn beside<'p>(patterns: impl Iterator<Item = &'p Pattern> + Clone) -> Self {
        let first = patterns.clone().flat_map(|pattern| pattern.text().split('/'));
        let first = first.filter_map(|segment| segment.chars().next());
        let later = patterns.flat_map(|pattern| pattern.text().chars());
        Self { first: other_than(first), later: other_than(later) }
    }
}

/// The first readable character that is not there.
fn other_than(used: impl Iterator<Item = char>) -> char {
    let used: std::collections::HashSet<char> = used.collect();
    let readable = "xyz".chars().chain('a'..='w').chain('0'..='9').chain('A'..='Z');
    let mut all = readable.chain('\u{c0}'..=char::MAX);
    all.find(|c| !used.contains(c)).unwrap_or('x')
}
