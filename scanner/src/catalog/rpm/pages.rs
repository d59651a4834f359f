//! A database file as pages of one size, of which a damaged or hostile file can ask for only so many.

use super::sqlite::Log;
use crate::content::Content;

/// The pages of a database.
pub(super) struct Pages<'a> {
    content: &'a mut Content,
    log: Option<Log<'a>>,
    size: usize,
    count: u64,
    left: u64,
}

impl<'a> Pages<'a> {
    /// The pages of `size` bytes, which must not be 0, with those that a log has in their place.
    pub(super) fn new(content: &'a mut Content, size: usize, log: Option<Log<'a>>) -> Self {
        let there = content.len() / size as u64;
        let count = log.as_ref().map_or(there, |log| there.max(u64::from(log.pages())));
        // A sound database is read with each page once, or with a look at its type and once more for its content.
        Self { content, log, size, count, left: count.saturating_mul(2).saturating_add(2) }
    }

    /// How many whole pages there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The page with this index; `None` when it is not there whole, or more pages are asked for than a database without
    /// loops and shared pages has.
    pub(super) fn page(&mut self, index: u64) -> Option<Vec<u8>> {
        self.left = self.left.checked_sub(1)?;
        let number = u32::try_from(index).ok().and_then(|index| index.checked_add(1));
        if let Some(page) = self.log.as_mut().and_then(|log| log.page(number?)) {
            return Some(page);
        }
        let page = self.content.read_at(index.checked_mul(self.size as u64)?, self.size).ok()?;
        (page.len() == self.size).then_some(page)
    }

    /// Whether no more pages can be asked for.
    pub(super) fn is_spent(&self) -> bool {
        self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_whole_and_bounded() {
        let mut content = Content::from(vec![1, 1, 2, 2, 3]);
        let mut pages = Pages::new(&mut content, 2, None);
        assert_eq!(pages.count(), 2);
        assert_eq!(pages.page(1), Some(vec![2, 2]));
        assert_eq!((pages.page(2), pages.page(u64::MAX)), (None, None));
        assert_eq!((0..9).filter_map(|_| pages.page(0)).count(), 3);
        assert!(pages.is_spent());
    }
}
