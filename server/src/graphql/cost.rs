//! Refuses documents that cost too much before anything walks them.
//!
//! A fragment that spreads the next one twice, and so on, doubles its fields at each level: few bytes make
//! billions of fields, and every later check walks each of them. Here each fragment is counted once.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Name, Positioned, Request, ServerError, ServerResult, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
    parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet},
};

use super::error::{ErrorCode, with_code};

/// The longest document, in bytes.
const MAX_DOCUMENT: usize = 64 * 1024;
/// The most fields, with all fragments spread out.
const MAX_FIELDS: u64 = 500;
/// The most aliases, with all fragments spread out.
const MAX_ALIASES: u64 = 100;
/// The most fields at the root of a mutation.
const MAX_MUTATIONS: u64 = 10;
/// The deepest that selections may be nested, fragments included.
const MAX_NESTING: usize = 40;

/// The extension that asks [`check`] first.
pub(super) struct CostLimit;

impl ExtensionFactory for CostLimit {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for CostLimit {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        if request.query.len() > MAX_DOCUMENT {
            return Err(refusal(format!(
                "the document has {} bytes, and at most {MAX_DOCUMENT} are read",
                request.query.len()
            )));
        }
        check(request.parsed_query()?)?;
        next.run(ctx, request).await
    }
}

#[derive(Clone, Copy, Default)]
struct Cost {
    fields: u64,
    aliases: u64,
    /// Fields that stand at the top of the selection.
    roots: u64,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
    }
}

enum Fragment {
    Counting,
    Counted(Cost),
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    fragments: HashMap<&'a Name, Fragment>,
}

/// Counts all operations of a document and refuses what is too much.
fn check(document: &ExecutableDocument) -> ServerResult<()> {
    let mut counter = Counter { document, fragments: HashMap::new() };
    let mut total = Cost::default();
    for name in document.fragments.keys() {
        within_limits(counter.fragment(name, 0)?)?;
    }
    for (_, operation) in document.operations.iter() {
        let cost = counter.selection(&operation.node.selection_set, 0)?;
        if operation.node.ty == OperationType::Mutation && cost.roots > MAX_MUTATIONS {
            return Err(refusal(format!(
                "the mutation has {} fields at its root, and at most {MAX_MUTATIONS} are run",
                cost.roots
            )));
        }
        total.add(cost);
    }
    within_limits(total)
}

fn within_limits(cost: Cost) -> ServerResult<()> {
    if cost.fields > MAX_FIELDS {
        return Err(refusal(format!("the document has more than {MAX_FIELDS} fields, fragments spread out")));
    }
    if cost.aliases > MAX_ALIASES {
        return Err(refusal(format!(
            "the document has more than {MAX_ALIASES} aliases, fragments spread out"
        )));
    }
    Ok(())
}

impl<'a> Counter<'a> {
    fn selection(&mut self, set: &'a Positioned<SelectionSet>, depth: usize) -> ServerResult<Cost> {
        if depth > MAX_NESTING {
            return Err(refusal(format!("the document is nested deeper than {MAX_NESTING} levels")));
        }
        let mut cost = Cost::default();
        for item in &set.node.items {
            match &item.node {
                Selection::Field(field) => {
                    cost.roots = cost.roots.saturating_add(1);
                    cost.fields = cost.fields.saturating_add(1);
                    cost.aliases = cost.aliases.saturating_add(u64::from(field.node.alias.is_some()));
                    cost.add(self.selection(&field.node.selection_set, depth + 1)?);
                }
                Selection::InlineFragment(inline) => {
                    let inner = self.selection(&inline.node.selection_set, depth + 1)?;
                    cost.roots = cost.roots.saturating_add(inner.roots);
                    cost.add(inner);
                }
                Selection::FragmentSpread(spread) => {
                    let inner = self.fragment(&spread.node.fragment_name.node, depth + 1)?;
                    cost.roots = cost.roots.saturating_add(inner.roots);
                    cost.add(inner);
                }
            }
        }
        Ok(cost)
    }

    fn fragment(&mut self, name: &'a Name, depth: usize) -> ServerResult<Cost> {
        match self.fragments.get(name) {
            Some(Fragment::Counted(cost)) => return Ok(*cost),
            Some(Fragment::Counting) => {
                return Err(with_code(
                    ServerError::new(format!("the fragment \"{name}\" spreads itself"), None),
                    ErrorCode::BadUserInput,
                ));
            }
            None => {}
        }
        // An unknown fragment costs nothing here; validation names it.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Cost::default()) };
        self.fragments.insert(name, Fragment::Counting);
        let cost = self.selection(&fragment.node.selection_set, depth)?;
        self.fragments.insert(name, Fragment::Counted(cost));
        Ok(cost)
    }
}

fn refusal(message: String) -> ServerError {
    with_code(ServerError::new(message, None), ErrorCode::QueryTooComplex)
}
