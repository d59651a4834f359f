//! Who asks.

use super::Role;

/// A person or program on whose behalf something is read or changed. Made once per request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requester {
    name: String,
    role: Role,
    token_id: Option<i64>,
}

/// The requester's role does not allow what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this needs the role {needed}, and the token \"{name}\" has the role {role}; ask with a token of a higher role"
)]
pub struct Forbidden {
    /// The least role that may do it.
    pub needed: Role,
    /// The requester's role.
    pub role: Role,
    /// The requester's name.
    pub name: String,
}

impl Requester {
    /// Somebody who showed a valid token.
    pub fn with_token(token_id: i64, name: impl Into<String>, role: Role) -> Self {
        Self { name: name.into(), role, token_id: Some(token_id) }
    }

    /// Somebody with access to the data folder, who could read and write everything anyway: an administrator.
    pub fn local() -> Self {
        Self { name: "local".to_owned(), role: Role::Admin, token_id: None }
    }

    /// The program itself: what it does on a schedule or at start.
    pub fn system() -> Self {
        Self { name: "system".to_owned(), role: Role::Admin, token_id: None }
    }

    /// The token's name, `local` or `system`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the requester may do.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The row of the token that was shown, when one was.
    pub fn token_id(&self) -> Option<i64> {
        self.token_id
    }

    /// Passes when the requester has this role or a higher one.
    pub fn require(&self, needed: Role) -> Result<(), Forbidden> {
        if self.role >= needed {
            Ok(())
        } else {
            Err(Forbidden { needed, role: self.role, name: self.name.clone() })
        }
    }
}
