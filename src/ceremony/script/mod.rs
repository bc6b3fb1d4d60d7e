//! The paper of a ceremony: what people hold in their hands, tick and fill in. Its content is put
//! together once, as a [`sheet::Sheet`], and written down as Markdown or as HTML to be printed.
//! The same plan always gives the same bytes.

mod content;
mod html;
mod markdown;
mod sheet;

use super::plan::Reviewed;
use crate::error::Result;

/// To be read and kept as text.
///
/// # Errors
/// Usage, when a declaration in the plan is not sound.
pub fn markdown(plan: &Reviewed) -> Result<String> {
    Ok(markdown::render(&content::sheet(plan)?))
}

/// To be printed on A4 or Letter: one file, without scripts, that loads nothing.
///
/// # Errors
/// As [`markdown`].
pub fn html(plan: &Reviewed) -> Result<String> {
    Ok(html::render(&content::sheet(plan)?))
}
