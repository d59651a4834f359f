//! The rules that the program brings.

use super::RuleSource;

macro_rules! sources {
    ($($name:literal,)*) => {
        /// Every file of rules.
        pub(super) fn sources() -> Vec<RuleSource> {
            vec![$(RuleSource {
                name: concat!($name, ".toml").to_owned(),
                text: include_str!(concat!("rules/", $name, ".toml")).to_owned(),
            },)*]
        }
    };
}

// One line per file in `rules/`; a rule's id is in one file only. Of rules that find the same bytes and know as much the
// first wins, so what goes by names alone comes last.
sources! {
    "ai",
    "ai_tools",
    "allow",
    "application_files",
    "aws_google",
    "azure",
    "chat",
    "ci",
    "cloud",
    "commands",
    "commerce",
    "databases",
    "forges",
    "keys",
    "logs",
    "mail",
    "monitoring",
    "package_files",
    "payment",
    "platforms",
    "quality",
    "registries",
    "service_commands",
    "services",
    "system_files",
    "vaults",
    "work_services",
    "generic",
    "headers",
}
