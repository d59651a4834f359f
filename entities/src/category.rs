//! What scans look for.

use std::fmt;
use std::str::FromStr;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query;

/// A category of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Category {
    /// Packages that advisories speak of.
    #[sea_orm(string_value = "VULNERABILITY")]
    Vulnerability,
    /// Credentials that somebody left in the image.
    #[sea_orm(string_value = "SECRET")]
    Secret,
    /// Files and packages that were made to do harm.
    #[sea_orm(string_value = "MALWARE")]
    Malware,
}

impl Category {
    /// Every category, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Vulnerability, Self::Secret, Self::Malware];

    /// Its name in the store, on the command line and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vulnerability => "VULNERABILITY",
            Self::Secret => "SECRET",
            Self::Malware => "MALWARE",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Vulnerability => 1,
            Self::Secret => 2,
            Self::Malware => 4,
        }
    }
}

/// A set of categories, stored as their names with commas between: `VULNERABILITY,SECRET`; the empty text is the empty
/// set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct Categories {
    bits: u8,
}

impl Categories {
    /// None.
    pub const NONE: Self = Self { bits: 0 };
    /// Every category.
    pub const ALL: Self = Self { bits: 7 };

    /// The set of this category alone.
    pub const fn only(category: Category) -> Self {
        Self { bits: category.bit() }
    }

    /// Whether `category` is among them.
    pub const fn contains(self, category: Category) -> bool {
        self.bits & category.bit() != 0
    }

    /// Whether all of `other` are among them.
    pub const fn covers(self, other: Self) -> bool {
        other.bits & !self.bits == 0
    }

    /// Those of either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits }
    }

    /// Those that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self { bits: self.bits & !other.bits }
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// Them in order.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL.into_iter().filter(move |category| self.contains(*category))
    }

    /// Every set that contains `category`: what a filter on a column of sets compares with.
    pub fn containing(category: Category) -> impl Iterator<Item = Self> {
        (0..=Self::ALL.bits).map(|bits| Self { bits }).filter(move |set| set.contains(category))
    }
}

impl FromIterator<Category> for Categories {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Self {
        categories.into_iter().fold(Self::NONE, |set, category| set.union(Self::only(category)))
    }
}

impl fmt::Display for Categories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, category) in self.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{}", category.name())?;
        }
        Ok(())
    }
}

impl FromStr for Categories {
    type Err = sea_query::ValueTypeErr;

    /// Reads the names in any order, in the case in which they are stored.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::NONE);
        }
        let of_name = |name: &str| Category::ALL.into_iter().find(|category| category.name() == name);
        text.split(',').map(|name| of_name(name).ok_or(sea_query::ValueTypeErr)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_written_in_order_and_read_back() {
        for bits in 0..=7 {
            let set = Categories { bits };
            assert_eq!(set.to_string().parse::<Categories>().expect("its own text"), set);
        }
        assert_eq!(Categories::ALL.to_string(), "VULNERABILITY,SECRET,MALWARE");
        assert_eq!(Categories::NONE.to_string(), "");
        let set: Categories = "MALWARE,VULNERABILITY".parse().expect("names in another order");
        assert_eq!(set.to_string(), "VULNERABILITY,MALWARE");
        for wrong in ["malware", "MALWARE,", ",", "MALWARE SECRET"] {
            assert!(wrong.parse::<Categories>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn sets_are_compared_and_joined() {
        let two: Categories = [Category::Secret, Category::Malware].into_iter().collect();
        assert!(Categories::ALL.covers(two) && !two.covers(Categories::ALL) && two.covers(Categories::NONE));
        assert_eq!(Categories::ALL.without(two), Categories::only(Category::Vulnerability));
        assert_eq!(two.union(Categories::only(Category::Vulnerability)), Categories::ALL);
        assert_eq!(Categories::containing(Category::Secret).count(), 4);
        assert!(Categories::containing(Category::Secret).all(|set| set.contains(Category::Secret)));
    }
}
