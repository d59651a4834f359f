//! Maven's project file (maven.apache.org, "POM Reference"): coordinates, properties, direct dependencies, licences.
//! Nothing outside of the file is known: parents and imported lists of versions are not looked up.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::coordinates::Coordinates;

/// Elements within each other that are followed; the format needs nine.
const MAX_DEPTH: usize = 64;
/// Licences that are kept.
const MAX_LICENSES: usize = 10;
/// Properties that may name properties.
const MAX_REFERENCES: usize = 16;
/// Bytes of a value that is kept, also after its properties were filled in.
const MAX_VALUE: usize = 1_024;

/// What a project file says.
#[derive(Debug, Default)]
pub(super) struct Pom {
    own: Coordinates,
    parent: Coordinates,
    properties: BTreeMap<String, String>,
    /// The one whose element is being read; it counts once the element has ended.
    current: Dependency,
    dependencies: Vec<Dependency>,
    managed: Vec<Dependency>,
    /// Names of the licences.
    pub licenses: Vec<String>,
}

#[derive(Debug, Default, Clone)]
struct Dependency {
    coordinates: Coordinates,
    scope: String,
}

impl Pom {
    /// Reads a project file as far as it goes; with the error that stopped it.
    pub fn parse(bytes: &[u8]) -> (Self, Option<String>) {
        let text = String::from_utf8_lossy(bytes);
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut pom = Self::default();
        let mut path: Vec<String> = Vec::new();
        let mut value = String::new();
        let error = loop {
            match reader.read_event() {
                Ok(Event::Start(element)) => {
                    if path.len() >= MAX_DEPTH {
                        break Some(format!("more than {MAX_DEPTH} elements lie within each other"));
                    }
                    path.push(element.local_name().as_ref().to_owned());
                    value.clear();
                    if path.last().is_some_and(|name| name == "dependency") {
                        pom.current = Dependency::default();
                    }
                }
                Ok(Event::Text(text)) => value.push_str(&text.xml10_content()),
                Ok(Event::CData(text)) => value.push_str(&text.xml10_content()),
                Ok(Event::End(_)) => {
                    pom.take(&path, value.trim());
                    path.pop();
                    value.clear();
                }
                Ok(Event::Eof) if path.is_empty() => break None,
                Ok(Event::Eof) => break Some("it ends within an element".to_owned()),
                Ok(_) => {}
                Err(error) => break Some(error.to_string()),
            }
        };
        (pom, error)
    }

    /// Takes the element at `path`, which has ended.
    fn take(&mut self, path: &[String], value: &str) {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let (target, name) = match names.as_slice() {
            ["project", "dependencies", "dependency"] => {
                self.dependencies.push(std::mem::take(&mut self.current));
                return;
            }
            ["project", "dependencyManagement", "dependencies", "dependency"] => {
                self.managed.push(std::mem::take(&mut self.current));
                return;
            }
            _ if value.is_empty() || value.len() > MAX_VALUE => return,
            ["project", "properties", name] => {
                self.properties.insert((*name).to_owned(), value.to_owned());
                return;
            }
            ["project", "licenses", "license", "name"] => {
                if self.licenses.len() < MAX_LICENSES {
                    self.licenses.push(value.to_owned());
                }
                return;
            }
            ["project", "dependencies", "dependency", "scope"] => {
                value.clone_into(&mut self.current.scope);
                return;
            }
            ["project", "dependencies", "dependency", name]
            | ["project", "dependencyManagement", "dependencies", "dependency", name] => {
                (&mut self.current.coordinates, *name)
            }
            ["project", "parent", name] => (&mut self.parent, *name),
            ["project", name] => (&mut self.own, *name),
            _ => return,
        };
        match name {
            "groupId" => value.clone_into(&mut target.group),
            "artifactId" => value.clone_into(&mut target.artifact),
            "version" => value.clone_into(&mut target.version),
            _ => {}
        }
    }

    /// The project's own coordinates; what it does not say is its parent's.
    pub fn coordinates(&self) -> Coordinates {
        let or_parent =
            |own: &String, parent: &String| if own.is_empty() { parent.clone() } else { own.clone() };
        Coordinates {
            group: self.filled(&or_parent(&self.own.group, &self.parent.group)).unwrap_or_default(),
            artifact: self.filled(&self.own.artifact).unwrap_or_default(),
            version: self.filled(&or_parent(&self.own.version, &self.parent.version)).unwrap_or_default(),
        }
    }

    /// The direct dependencies with a version that stands in this file and is one version, not a range. What only tests
    /// need is left out.
    pub fn dependencies(&self) -> Vec<Coordinates> {
        let concrete = self.dependencies.iter().filter(|dependency| dependency.scope != "test");
        concrete.filter_map(|dependency| self.concrete(&dependency.coordinates)).collect()
    }

    fn concrete(&self, dependency: &Coordinates) -> Option<Coordinates> {
        let group = self.filled(&dependency.group)?;
        let artifact = self.filled(&dependency.artifact)?;
        let version = if dependency.version.is_empty() {
            let is_same = |managed: &&Dependency| {
                self.filled(&managed.coordinates.group).as_ref() == Some(&group)
                    && self.filled(&managed.coordinates.artifact).as_ref() == Some(&artifact)
            };
            &self.managed.iter().find(is_same)?.coordinates.version
        } else {
            &dependency.version
        };
        let version = self.filled(version)?;
        let is_one = !version.is_empty() && !version.contains(['[', '(', ',', ' ']);
        let is_moving = matches!(version.as_str(), "LATEST" | "RELEASE");
        (is_one && !is_moving && !group.is_empty() && !artifact.is_empty()).then_some(Coordinates {
            group,
            artifact,
            version,
        })
    }

    /// The value with its `${properties}` filled in; `None` when one of them does not stand in this file.
    fn filled(&self, value: &str) -> Option<String> {
        let mut value = value.to_owned();
        for _ in 0..MAX_REFERENCES {
            let Some(start) = value.find("${") else { return Some(value) };
            let end = start + value[start..].find('}')?;
            let replacement = self.property(&value[start + 2..end])?;
            value.replace_range(start..=end, replacement);
            if value.len() > MAX_VALUE {
                return None;
            }
        }
        None
    }

    fn property(&self, name: &str) -> Option<&str> {
        let value = match name {
            "project.version" | "pom.version" | "version" if self.own.version.is_empty() => {
                &self.parent.version
            }
            "project.version" | "pom.version" | "version" => &self.own.version,
            "project.groupId" | "pom.groupId" | "groupId" if self.own.group.is_empty() => &self.parent.group,
            "project.groupId" | "pom.groupId" | "groupId" => &self.own.group,
            "project.artifactId" => &self.own.artifact,
            "project.parent.version" | "parent.version" => &self.parent.version,
            "project.parent.groupId" | "parent.groupId" => &self.parent.group,
            name => self.properties.get(name)?,
        };
        (!value.is_empty()).then_some(value)
    }
}
