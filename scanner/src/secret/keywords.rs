//! Finding every keyword of every rule in one pass.
//!
//! An Aho-Corasick automaton of some hundred keywords is larger than a processor's nearest cache, and each of its steps
//! waits for the one before. So it is started only where four bytes begin a keyword, which a small filter tells at the
//! speed of reading.

use std::ops::Range;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, BuildError, MatchError, MatchKind};

/// Bytes of a keyword's beginning that the filter knows.
const GRAM: usize = 4;
/// The filter has two to this power bits, 16 KiB, and fewer for keywords of three bytes.
const BITS: u32 = 17;
const SHORT_BITS: u32 = 15;
/// A bit that two bytes which are the same letter in two cases differ in.
const CASE: u32 = 0x2020_2020;

/// Keywords of which each stands for rules.
#[derive(Debug)]
pub(super) struct Keywords {
    beginnings: Box<[u64; 1 << (BITS - 6)]>,
    short: Box<[u64; 1 << (SHORT_BITS - 6)]>,
    automaton: NFA,
    start: StateID,
}

impl Keywords {
    /// Of these keywords of three bytes or more, each numbered by its place, in ASCII's either case.
    pub fn new(words: &[&str]) -> Result<Self, Unfit> {
        let automaton =
            NFA::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(words)?;
        let start = automaton.start_state(Anchored::Yes)?;
        let mut beginnings = Box::new([0; 1 << (BITS - 6)]);
        let mut short = Box::new([0; 1 << (SHORT_BITS - 6)]);
        for word in words {
            if let Some(gram) = word.as_bytes().first_chunk() {
                let at = place(*gram);
                beginnings[at / 64] |= 1 << (at % 64);
            } else if let [a, b, c, ..] = *word.as_bytes() {
                let at = short_place([a, b, c, 0]);
                short[at / 64] |= 1 << (at % 64);
            }
        }
        Ok(Self { beginnings, short, automaton, start })
    }

    /// Calls `note` with the number and the place of every keyword, ordered by where they begin.
    pub fn each(&self, text: &[u8], mut note: impl FnMut(usize, Range<usize>)) {
        for (at, gram) in text.windows(GRAM).enumerate() {
            if let Ok(gram) = gram.try_into()
                && self.may_begin(gram)
            {
                self.walk(text, at, &mut note);
            }
        }
        for at in text.len().saturating_sub(GRAM - 1)..text.len() {
            self.walk(text, at, &mut note);
        }
    }

    fn may_begin(&self, gram: [u8; GRAM]) -> bool {
        let (long, short) = (place(gram), short_place(gram));
        (self.beginnings[long / 64] >> (long % 64) | self.short[short / 64] >> (short % 64)) & 1 == 1
    }

    /// The keywords that begin here.
    fn walk(&self, text: &[u8], at: usize, note: &mut impl FnMut(usize, Range<usize>)) {
        let mut state = self.start;
        for (read, byte) in text[at..].iter().enumerate() {
            state = self.automaton.next_state(Anchored::Yes, state, *byte);
            if self.automaton.is_dead(state) {
                return;
            }
            if self.automaton.is_match(state) {
                for index in 0..self.automaton.match_len(state) {
                    let word = self.automaton.match_pattern(state, index);
                    // The automaton also tells of keywords at the end of what it has read: they began later.
                    if self.automaton.pattern_len(word) == read + 1 {
                        note(word.as_usize(), at..at + read + 1);
                    }
                }
            }
        }
    }
}

/// Why keywords cannot be looked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Start(#[from] MatchError),
}

/// The bit of four bytes, whatever the case of their letters.
fn place(gram: [u8; GRAM]) -> usize {
    ((u32::from_le_bytes(gram) | CASE).wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

/// The bit of the first three of four bytes.
fn short_place(gram: [u8; GRAM]) -> usize {
    // The last byte is the highest: what it says is shifted out.
    ((u32::from_le_bytes(gram) | CASE).wrapping_shl(8).wrapping_mul(0x9e37_79b1) >> (32 - SHORT_BITS))
        as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[&str], text: &str) -> Vec<(usize, Range<usize>)> {
        let mut found = Vec::new();
        Keywords::new(words).unwrap().each(text.as_bytes(), |number, range| found.push((number, range)));
        found
    }

    #[test]
    fn keywords_are_found_in_either_case_and_within_each_other() {
        let words = ["api_key", "key", "api", "://", "akia", "token_ab"];
        assert_eq!(
            found(&words, "API_Key a://kEy token_a tokEN_ab key"),
            [(2, 0..3), (0, 0..7), (1, 4..7), (3, 9..12), (1, 12..15), (5, 24..32), (1, 33..36)]
        );
        assert_eq!(found(&words, "akia"), [(4, 0..4)]);
        assert_eq!(found(&words, "key"), [(1, 0..3)]);
        assert!(found(&words, "").is_empty() && found(&[], "key").is_empty());
    }
}
