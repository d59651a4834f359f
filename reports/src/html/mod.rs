//! HTML: one file that needs nothing else, no script among it. Everything that comes from an image or an advisory is
//! escaped by the templates, and the page forbids itself to load or to run anything.

mod aside;
mod categories;
mod coverage;
mod fleet;
mod found;
mod image;
mod picture;
mod rows;
mod sentences;
mod text;

use std::io::Write;

use askama::Template;

use crate::ReportError;
use crate::model::{Fix, FleetReport, ImageReport};
use picture::Chips;

/// Writes the report on one image.
pub fn image(report: &ImageReport, out: impl Write) -> Result<(), ReportError> {
    write(&image::ImagePage::new(report), out)
}

/// Writes the report on all images.
pub fn fleet(report: &FleetReport, out: impl Write) -> Result<(), ReportError> {
    write(&fleet::FleetPage::new(report), out)
}

fn write(page: &impl Template, mut out: impl Write) -> Result<(), ReportError> {
    Template::write_into(page, &mut out)?;
    out.flush()?;
    Ok(())
}

/// A verdict: its words and the name of its colour.
pub(crate) struct Status {
    words: String,
    class: &'static str,
}

/// An upgrade as a row.
struct FixRow {
    package: String,
    ecosystem: String,
    from: String,
    to: String,
    images: String,
    image_count: String,
    total: String,
    chips: Chips,
}

/// At most this many upgrades are shown.
const MOST_FIXES: usize = 100;

fn fix_rows(fixes: &[Fix]) -> Vec<FixRow> {
    fixes.iter().take(MOST_FIXES).map(fix_row).collect()
}

fn fix_row(fix: &Fix) -> FixRow {
    FixRow {
        package: text::shorten(&fix.package, 60),
        ecosystem: text::shorten(&fix.ecosystem, 40),
        from: text::beginning(&fix.from.join(", "), 80),
        to: text::shorten(&fix.to, 60),
        images: text::count(fix.images, "image", "images"),
        image_count: text::number(fix.images),
        total: text::number(fix.resolves.total()),
        chips: Chips::new(&fix.resolves),
    }
}
