//! The licence that a distribution declares, in the three ways that Python's metadata had one after the other.

/// Bytes of a licence that is kept; longer ones are the text of a licence.
const MAX_LICENSE: usize = 200;

/// Classifiers of one licence each, by what follows `License :: OSI Approved :: `, with its SPDX id. Those that do not
/// tell a version (`BSD License`, `GNU General Public License (GPL)`) name none.
const CLASSIFIERS: &[(&str, &str)] = &[
    ("Apache Software License", "Apache-2.0"),
    ("Boost Software License 1.0 (BSL-1.0)", "BSL-1.0"),
    ("Eclipse Public License 1.0 (EPL-1.0)", "EPL-1.0"),
    ("Eclipse Public License 2.0 (EPL-2.0)", "EPL-2.0"),
    ("European Union Public Licence 1.2 (EUPL 1.2)", "EUPL-1.2"),
    ("GNU Affero General Public License v3", "AGPL-3.0-only"),
    ("GNU Affero General Public License v3 or later (AGPLv3+)", "AGPL-3.0-or-later"),
    ("GNU General Public License v2 (GPLv2)", "GPL-2.0-only"),
    ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
    ("GNU General Public License v3 (GPLv3)", "GPL-3.0-only"),
    ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
    ("GNU Lesser General Public License v2 (LGPLv2)", "LGPL-2.0-only"),
    ("GNU Lesser General Public License v2 or later (LGPLv2+)", "LGPL-2.0-or-later"),
    ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
    ("GNU Lesser General Public License v3 or later (LGPLv3+)", "LGPL-3.0-or-later"),
    ("Historical Permission Notice and Disclaimer (HPND)", "HPND"),
    ("ISC License (ISCL)", "ISC"),
    ("MIT License", "MIT"),
    ("MIT No Attribution License (MIT-0)", "MIT-0"),
    ("Mozilla Public License 1.1 (MPL 1.1)", "MPL-1.1"),
    ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ("Python Software Foundation License", "PSF-2.0"),
    ("The Unlicense (Unlicense)", "Unlicense"),
    ("Universal Permissive License (UPL)", "UPL-1.0"),
    ("zlib/libpng License", "Zlib"),
];

/// What a distribution's metadata says of its licence.
#[derive(Default)]
pub(super) struct Declared<'a> {
    /// `License-Expression`, an expression of SPDX.
    pub(super) expression: &'a str,
    /// `License`, free text; empty where it has several lines.
    pub(super) text: &'a str,
    /// `Classifier`, each.
    pub(super) classifiers: Vec<&'a str>,
}

impl Declared<'_> {
    /// One expression: the declared one, else the free text when it looks like one, else the classifiers (joined by AND,
    /// as they do not say that one may choose), else the free text as it is. Empty when nothing is declared.
    pub(super) fn license(&self) -> String {
        let classified = self.classified();
        let text = Some(self.text).filter(|text| !text.eq_ignore_ascii_case("unknown")).unwrap_or_default();
        let chosen = [self.expression, if is_expression(text) { text } else { "" }, &classified, text];
        let chosen = chosen.into_iter().find(|license| !license.is_empty() && license.len() <= MAX_LICENSE);
        chosen.unwrap_or_default().to_owned()
    }

    fn classified(&self) -> String {
        let mut ids: Vec<&str> = Vec::new();
        for classifier in &self.classifiers {
            let name = classifier.strip_prefix("License :: OSI Approved :: ");
            let id = name.and_then(|name| CLASSIFIERS.iter().find(|(known, _)| *known == name.trim()));
            if let Some((_, id)) = id.filter(|(_, id)| !ids.contains(id)) {
                ids.push(id);
            }
        }
        ids.join(" AND ")
    }
}

/// Whether `text` has the shape of an SPDX expression: words with an operator between each two. A word that is a
/// family of licences (`BSD`, `GPL`) is no id.
fn is_expression(text: &str) -> bool {
    const OPERATORS: [&str; 3] = ["AND", "OR", "WITH"];
    const FAMILIES: [&str; 10] =
        ["bsd", "gpl", "lgpl", "agpl", "apache", "mpl", "psf", "zpl", "dual", "proprietary"];
    let is_id = |word: &str| {
        !OPERATORS.contains(&word)
            && !FAMILIES.contains(&word.to_ascii_lowercase().as_str())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
    };
    let mut words = text.split([' ', '(', ')']).filter(|word| !word.is_empty());
    let mut is_one = words.next().is_some_and(is_id);
    while let (true, Some(operator)) = (is_one, words.next()) {
        is_one = OPERATORS.contains(&operator) && words.next().is_some_and(is_id);
    }
    is_one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_told_from_free_text() {
        for text in [
            "MIT",
            "Apache-2.0 OR BSD-3-Clause",
            "(MIT AND ISC) OR GPL-2.0+",
            "GPL-2.0-only WITH Classpath-exception-2.0",
        ] {
            assert!(is_expression(text), "{text}");
        }
        for text in
            ["", "MIT License", "BSD", "gpl", "Apache 2.0", "MIT OR", "AND", "MIT/X11", "see LICENSE", "()"]
        {
            assert!(!is_expression(text), "{text}");
        }
    }

    #[test]
    fn the_newest_way_counts_first() {
        let mit = "License :: OSI Approved :: MIT License";
        let gpl = "License :: OSI Approved :: GNU General Public License v3 (GPLv3)";
        let long = "x".repeat(201);
        for (expression, text, classifiers, expected) in [
            ("MIT", "BSD", vec![gpl], "MIT"),
            ("", "ISC", vec![mit], "ISC"),
            ("", "MIT License", vec![mit, mit, "Topic :: X"], "MIT"),
            ("", "UNKNOWN", vec![mit, gpl], "MIT AND GPL-3.0-only"),
            ("", "BSD", vec!["License :: OSI Approved :: BSD License"], "BSD"),
            ("", "UNKNOWN", vec![], ""),
            ("", &long, vec![], ""),
        ] {
            assert_eq!(Declared { expression, text, classifiers }.license(), expected);
        }
    }
}
