//! Paragraphs of `key: value` lines with a blank line between, the shape of dpkg's and apk's databases.

/// Cuts a database into its paragraphs, each as its lines. Blank lines part them, whatever their number.
pub(super) fn paragraphs(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let paragraph: Vec<&str> = lines
            .by_ref()
            .skip_while(|line| line.trim().is_empty())
            .take_while(|line| !line.trim().is_empty())
            .collect();
        (!paragraph.is_empty()).then_some(paragraph)
    })
}

/// What went wrong while a database was read, gathered so that a broken file makes a few sentences, not thousands.
#[derive(Default)]
pub(super) struct Troubles {
    /// Lines or paragraphs that are not of the format.
    pub(super) foreign: usize,
    /// Entries that name a package but lack its version or state; the first few names.
    pub(super) incomplete: Vec<String>,
}

impl Troubles {
    /// One sentence for each kind of trouble. `database` names the format.
    pub(super) fn into_warnings(self, database: &str, packages: usize) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.foreign > 0 {
            let rest = if packages == 0 { "no package of it is assessed" } else { "packages may be missing" };
            warnings.push(format!(
                "This {database} database is damaged ({} lines or entries cannot be read), so {rest}.",
                self.foreign
            ));
        }
        if !self.incomplete.is_empty() {
            let names = self.incomplete[..self.incomplete.len().min(5)].join(", ");
            let more = if self.incomplete.len() > 5 { ", …" } else { "" };
            warnings.push(format!(
                "{} entries of this {database} database are incomplete ({names}{more}), so these packages are not assessed.",
                self.incomplete.len()
            ));
        }
        warnings
    }
}
