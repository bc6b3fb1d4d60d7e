//! What stands on the paper, whatever it is rendered to.

use crate::model::text::clean;

/// The whole paper.
pub struct Sheet {
    pub title: String,
    /// At the foot of every page.
    pub foot: String,
    pub sections: Vec<Section>,
}

/// A heading and what is below it.
pub struct Section {
    pub title: String,
    /// Does it begin on a new page?
    pub own_page: bool,
    pub blocks: Vec<Block>,
}

/// What a section or a step is made of.
pub enum Block {
    Text(Text),
    /// A heading within a section.
    Title(Text),
    /// A label and the lines of its value each; one without a value is a blank to write in.
    Facts(Vec<(String, Vec<Text>)>),
    /// To be typed, one a line.
    Commands(Vec<String>),
    /// A digest, to be compared with a screen: lines of groups.
    Hex(Vec<Vec<String>>),
    /// A digest as numbered words, of which the first `marked` are typed.
    Words {
        words: Vec<String>,
        marked: usize,
    },
    /// One check box each.
    Boxes(Vec<Text>),
    /// Blanks for a SHA-256 that is read aloud: two lines of sixteen pairs.
    Pairs(String),
    /// A cell without text is a blank to write in.
    Table {
        head: Vec<&'static str>,
        rows: Vec<Vec<Text>>,
    },
    /// So many lines to write on.
    Lines(usize),
    /// Something that is done, in its time.
    Step(Step),
}

/// A numbered step; it is never torn apart by the end of a page.
pub struct Step {
    /// From 1, through the whole paper.
    pub number: usize,
    pub title: Text,
    /// How long it takes, about.
    pub minutes: usize,
    pub blocks: Vec<Block>,
}

/// Running text.
#[derive(Clone, Default)]
pub struct Text(pub Vec<Piece>);

/// A part of a text.
#[derive(Clone)]
pub enum Piece {
    /// This program's words, without a character that means something to Markdown.
    Own(String),
    /// This program's too, as it is typed or shown.
    Code(String),
    /// From the plan: anybody's, so that each renderer has to escape it.
    Foreign(String),
}

/// Words of this program; what is between backticks is code.
pub fn own(text: impl AsRef<str>) -> Text {
    let parts = text.as_ref().split('`').enumerate();
    let pieces = parts.map(|(index, part)| match index % 2 {
        0 => Piece::Own(part.to_owned()),
        _ => Piece::Code(part.to_owned()),
    });
    Text(pieces.filter(|piece| !piece.is_empty()).collect())
}

/// Words of the plan. Control and format characters are shown as escapes.
pub fn foreign(text: &str) -> Text {
    Text(vec![Piece::Foreign(clean(text))])
}

impl Text {
    /// Is it a blank to write in?
    pub fn is_blank(&self) -> bool {
        self.0.is_empty()
    }

    /// And these words after it.
    pub fn then(mut self, other: Text) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl Piece {
    fn is_empty(&self) -> bool {
        match self {
            Piece::Own(text) | Piece::Code(text) | Piece::Foreign(text) => text.is_empty(),
        }
    }
}

impl Section {
    /// On the page of the section before, as far as there is room.
    pub fn new(title: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { title: title.into(), own_page: false, blocks }
    }

    /// On a page of its own.
    pub fn on_its_own_page(title: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { own_page: true, ..Self::new(title, blocks) }
    }

    /// Its steps.
    pub fn steps(&mut self) -> impl Iterator<Item = &mut Step> {
        self.blocks.iter_mut().filter_map(|block| match block {
            Block::Step(step) => Some(step),
            _ => None,
        })
    }
}

impl Block {
    /// A paragraph of this program's words.
    pub fn text(text: impl AsRef<str>) -> Self {
        Block::Text(own(text))
    }

    /// Check boxes with this program's words.
    pub fn boxes<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Block::Boxes(texts.into_iter().map(own).collect())
    }

    /// Something to type.
    pub fn command(command: impl Into<String>) -> Self {
        Block::Commands(vec![command.into()])
    }

    /// Labels with a blank each.
    pub fn blanks<const N: usize>(labels: [&str; N]) -> Self {
        Block::Facts(labels.map(|label| (label.to_owned(), Vec::new())).into())
    }

    /// A table with so many empty rows.
    pub fn form(head: Vec<&'static str>, rows: usize) -> Self {
        let row = vec![Text::default(); head.len()];
        Block::Table { rows: vec![row; rows], head }
    }

    /// Its number comes when all steps are there.
    pub fn step(title: impl AsRef<str>, minutes: usize, blocks: Vec<Block>) -> Self {
        Block::Step(Step { number: 0, title: own(title), minutes, blocks })
    }
}
