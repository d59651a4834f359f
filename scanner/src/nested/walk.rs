//! The way through the archives of one file.

use std::io::{Read, Seek};
use std::rc::Rc;

use super::budget::Budget;
use super::form::{Form, HEAD_BYTES, form_of, unpacked_name};
use super::{tarred, zipped};
use crate::Limits;
use crate::bounded::{Packing, UNPACKING_MEMORY_LOG, unpacked};
use crate::content::{Content, ContentError};
use crate::layer::Warning;

/// Takes each file within: its place, such as `drop.zip!/eicar.com`, and its content.
pub(crate) type Visit<'a> = dyn FnMut(&str, &mut Content) + 'a;

/// Warnings that are kept of one layer; a hostile one could have millions.
const MAX_WARNINGS: usize = 1_000;
/// What follows a sentence on what was not looked at.
pub(super) const NOT_COVERED: &str = "what it holds is not covered";

/// Opens the archives among the files of one layer. It remembers what they cost together, and has the memory for them.
#[derive(Debug, Default)]
pub(crate) struct Walker {
    unpacked: u64,
    warned: usize,
    /// Memory for one file after another, for each depth.
    buffers: Vec<Vec<u8>>,
}

impl Walker {
    /// Gives every file that lies in the archive at `path` to `visit`, also the archives in it, and then what those hold.
    ///
    /// A tar that is packed has no place of its own: its files are those of the packed file. Of what breaks off, the part
    /// that could be had is given. What is not covered is told by the warnings, which begin with the place that they speak
    /// of. `limits` bounds how deep archives lie in each other, the entries of all of them, the bytes that come out of all
    /// of them, these as against the bytes of the file, the bytes of one file within, and what is held in memory. What
    /// comes out of all archives of the layer is bounded as the layer itself is.
    pub(crate) fn walk(
        &mut self,
        path: &str,
        content: &mut Content,
        limits: &Limits,
        visit: &mut Visit<'_>,
    ) -> Vec<Warning> {
        let left = limits.layer_bytes.saturating_sub(self.unpacked);
        let budget = Rc::new(Budget::new(content.len(), limits.unpacked_bytes.min(left), limits));
        let mut walk = Walk {
            limits,
            budget: Rc::clone(&budget),
            visit,
            buffers: std::mem::take(&mut self.buffers),
            warnings: Vec::new(),
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        walk.open("", name, content, 0);
        let Walk { buffers, warnings, .. } = walk;
        self.buffers = buffers;
        self.unpacked = self.unpacked.saturating_add(budget.unpacked());
        let before = self.warned;
        let room = MAX_WARNINGS.saturating_sub(before);
        self.warned = before.saturating_add(warnings.len());
        let left_out = (before <= MAX_WARNINGS && self.warned > MAX_WARNINGS).then(|| {
            format!(
                "brings more than {MAX_WARNINGS} warnings on archives of this layer; the rest are left out"
            )
        });
        let warnings = warnings.into_iter().take(room).chain(left_out);
        warnings.map(|message| Warning { path: path.to_owned(), message }).collect()
    }
}

pub(super) struct Walk<'a, 'v> {
    limits: &'a Limits,
    pub budget: Rc<Budget>,
    visit: &'a mut Visit<'v>,
    buffers: Vec<Vec<u8>>,
    warnings: Vec<String>,
}

impl Walk<'_, '_> {
    /// Reads the file at `place`, which is empty for the outermost one, as the archive that it is, if it is one.
    fn open(&mut self, place: &str, name: &str, content: &mut Content, depth: usize) {
        let head = match content.read_at(0, HEAD_BYTES) {
            Ok(head) => head,
            Err(error) => return self.warn(place, &format!("cannot be read ({error}); {NOT_COVERED}")),
        };
        let Some(form) = form_of(name, &head) else { return };
        if let Form::Closed(kind) = form {
            return self.warn(place, &format!("is a {kind} archive, which is not opened; {NOT_COVERED}"));
        }
        if depth > self.limits.depth {
            let message =
                format!("lies in more than {} archives within each other; {NOT_COVERED}", self.limits.depth);
            return self.warn(place, &message);
        }
        if let Err(reason) = self.budget.archive() {
            return self.warn(place, &format!("{reason}; {NOT_COVERED}"));
        }
        if let Err(error) = content.rewind() {
            return self.warn(place, &format!("cannot be read ({error}); {NOT_COVERED}"));
        }
        match form {
            Form::Zip | Form::ZipByName => zipped::entries(self, place, content, form == Form::Zip, depth),
            Form::Tar => {
                let budget = Rc::clone(&self.budget);
                tarred::seeking(self, place, content, &budget, depth);
            }
            Form::Deb => tarred::deb(self, place, content, depth),
            Form::Packed(packing) => self.packed(place, name, content, packing, depth),
            Form::Closed(_) => {}
        }
    }

    /// Reads what is packed in a file: a tar entry by entry, without holding it; all else as one file.
    fn packed(&mut self, place: &str, name: &str, content: &mut Content, packing: Packing, depth: usize) {
        let budget = Rc::clone(&self.budget);
        let reader = unpacked(packing, content, self.limits.ratio, memory_log(depth));
        let mut reader = match reader {
            Ok(reader) => budget.meter(reader),
            Err(error) => return self.warn(place, &format!("cannot be unpacked ({error}); {NOT_COVERED}")),
        };
        let mut head = Vec::with_capacity(HEAD_BYTES);
        // What fails here fails again where the rest is read.
        let _ = reader.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head);
        let inner = unpacked_name(name);
        if form_of(&inner, &head) == Some(Form::Tar) {
            return tarred::streamed(self, place, head.chain(reader), depth);
        }
        let inner_place = self.place(place, inner.as_bytes());
        let mut reader = head.chain(reader);
        if let Some(mut content) = self.hold(&inner_place, None, &mut reader, depth) {
            // The memory of the decompressor is free before what came out of it is opened.
            drop(reader);
            self.visit_and_open(&inner_place, &inner, &mut content, depth);
            self.give_back(content, depth);
        }
    }

    /// Holds the file at `place`, which `reader` has and which says that it has `size` bytes, and gives it to the visitor.
    pub fn file(&mut self, place: &str, size: Option<u64>, reader: &mut impl Read, depth: usize) {
        if let Some(mut content) = self.hold(place, size, reader, depth) {
            let name = place.rsplit(['/', '!']).next().unwrap_or(place).to_owned();
            self.visit_and_open(place, &name, &mut content, depth);
            self.give_back(content, depth);
        }
    }

    fn visit_and_open(&mut self, place: &str, name: &str, content: &mut Content, depth: usize) {
        if content.rewind().is_ok() {
            (self.visit)(place, content);
        }
        self.open(place, name, content, depth + 1);
    }

    /// Holds what `reader` gives; what breaks off is held as far as it came, with a warning.
    fn hold(
        &mut self,
        place: &str,
        size: Option<u64>,
        reader: &mut impl Read,
        depth: usize,
    ) -> Option<Content> {
        // Each file is held while those within it are read: all of them together are to stay within twice the bound.
        let memory_bytes = self.limits.memory_bytes >> (depth + 1).min(16);
        let limits = Limits { memory_bytes, ..self.limits.clone() };
        if self.buffers.len() <= depth {
            self.buffers.resize_with(depth + 1, Vec::new);
        }
        let held = match size {
            Some(size) if size > limits.file_bytes => {
                Err(ContentError::TooLarge { size, limit: limits.file_bytes })
            }
            _ => Content::hold_stream(&mut self.buffers[depth], reader, &limits),
        };
        match held {
            Ok((content, broken)) => {
                if let Some(error) = broken {
                    let message = format!(
                        "breaks off after {} bytes ({error}); the rest is not covered",
                        content.len()
                    );
                    self.warn(place, &message);
                }
                Some(content).filter(|content| !content.is_empty())
            }
            Err(error) => {
                self.warn(place, &format!("{error}; it is not covered"));
                None
            }
        }
    }

    fn give_back(&mut self, content: Content, depth: usize) {
        if let Some(buffer) = self.buffers.get_mut(depth) {
            content.give_back(buffer);
        }
    }

    /// The place of the entry called `name` in the archive at `place`. It is a label and no path: what leads out of a folder
    /// leads nowhere. What cannot be shown is replaced, and what is too long is cut.
    pub fn place(&self, place: &str, name: &[u8]) -> String {
        let name = String::from_utf8_lossy(name);
        let mut text = String::with_capacity(place.len() + name.len() + 2);
        text.push_str(place);
        if !place.is_empty() {
            text.push_str("!/");
        }
        text.extend(name.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }));
        if text.len() > self.limits.path_bytes {
            text.truncate(text.floor_char_boundary(self.limits.path_bytes));
            text.push('…');
        }
        text
    }

    pub fn warn(&mut self, place: &str, message: &str) {
        if self.budget.warning() {
            let message = if place.is_empty() { message.to_owned() } else { format!("{place} {message}") };
            self.warnings.push(message);
        }
    }
}

/// Memory of a decompressor, less the deeper it lies: those around it are at work too.
fn memory_log(depth: usize) -> u32 {
    /// Eight MiB, which `zstd -19` and `xz -6` need.
    const LEAST: u32 = 24;
    UNPACKING_MEMORY_LOG.saturating_sub(u32::try_from(depth).unwrap_or(u32::MAX)).max(LEAST)
}
