//! Where each category of an image and of a task stands.

use std::collections::BTreeMap;

use lazaret_entities::image::ScanStatus;
use lazaret_entities::scan_task::TaskStatus;
use lazaret_entities::{Categories, Category, Timestamp, image_category, scan_task, scan_task_category};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};

use image_category::Column as I;
use scan_task_category::Column as T;

/// Rows of one statement: twelve columns each stay below SQLite's bound on parameters.
const BATCH: usize = 1000;

/// How the search for a category ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Why it failed, in one sentence; empty when it did not.
    pub(super) error: String,
    /// What looked, with its version; empty where that says nothing.
    pub(super) engine: String,
    /// What was not looked at, as JSON.
    pub(super) warnings: String,
}

impl Outcome {
    /// It succeeded, up to these warnings.
    pub(super) fn with(warnings: &impl serde::Serialize) -> Self {
        Self { warnings: serde_json::json!(warnings).to_string(), ..Self::default() }
    }

    /// It failed: what an earlier search could not look at stays true.
    pub(super) fn failed(error: impl Into<String>) -> Self {
        Self { error: error.into(), ..Self::default() }
    }
}

/// Notes that categories wait: of tasks, each given with its image and the categories that it did not have before.
pub(super) async fn ordered(
    tx: &impl ConnectionTrait,
    tasks: &[(i64, i64, Categories)],
) -> Result<(), DbErr> {
    let each = |(task, image, categories): &(i64, i64, Categories)| {
        let (task, image) = (*task, *image);
        categories.iter().map(move |category| (task, image, category)).collect::<Vec<_>>()
    };
    let all: Vec<(i64, i64, Category)> = tasks.iter().flat_map(each).collect();
    for batch in all.chunks(BATCH) {
        let rows = batch.iter().map(|(task_id, _, category)| scan_task_category::ActiveModel {
            task_id: Set(*task_id),
            category: Set(*category),
            status: Set(TaskStatus::Queued),
            progress: Set(0),
            error: Set(String::new()),
        });
        scan_task_category::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns([T::TaskId, T::Category]).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
        let rows = batch.iter().map(|(_, image, category)| fresh(*image, *category, ScanStatus::Queued));
        image_category::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns([I::ImageId, I::Category]).update_column(I::Status).to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// A category of an image that nothing is known of.
pub(super) fn fresh(image_id: i64, category: Category, status: ScanStatus) -> image_category::ActiveModel {
    image_category::ActiveModel {
        image_id: Set(image_id),
        category: Set(category),
        status: Set(status),
        error: Set(String::new()),
        last_scanned_at: Set(Timestamp::ZERO),
        engine: Set(String::new()),
        warnings: Set("[]".to_owned()),
        critical: Set(0),
        high: Set(0),
        medium: Set(0),
        low: Set(0),
        unknown: Set(0),
    }
}

/// Moves all categories of a task together: it begins, waits again or was cancelled.
pub(super) async fn moved(
    tx: &impl ConnectionTrait,
    task: &scan_task::Model,
    to: TaskStatus,
) -> Result<(), DbErr> {
    let (of_image, keeps_progress) = match to {
        TaskStatus::Queued => (ScanStatus::Queued, false),
        TaskStatus::Running => (ScanStatus::Scanning, false),
        TaskStatus::Cancelled => (ScanStatus::Cancelled, true),
        TaskStatus::Succeeded => (ScanStatus::Scanned, true),
        TaskStatus::Failed => (ScanStatus::Failed, true),
    };
    let mut change = scan_task_category::ActiveModel { status: Set(to), ..Default::default() };
    if !keeps_progress {
        change.progress = Set(0);
    }
    scan_task_category::Entity::update_many()
        .set(change)
        .filter(scan_task_category::Column::TaskId.eq(task.id))
        .exec(tx)
        .await?;
    image_category::Entity::update_many()
        .set(image_category::ActiveModel { status: Set(of_image), ..Default::default() })
        .filter(image_category::Column::ImageId.eq(task.image_id))
        .filter(image_category::Column::Category.is_in(task.categories.iter()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Stores how the categories of a task ended. `image_id` is the image that the task turned out to be about.
pub(super) async fn ended(
    tx: &impl ConnectionTrait,
    task: &scan_task::Model,
    image_id: i64,
    outcomes: &BTreeMap<Category, Outcome>,
    now: Timestamp,
) -> Result<(), DbErr> {
    for (category, outcome) in outcomes {
        let failed = !outcome.error.is_empty();
        let status = if failed { TaskStatus::Failed } else { TaskStatus::Succeeded };
        let mut change = scan_task_category::ActiveModel {
            status: Set(status),
            error: Set(outcome.error.clone()),
            ..Default::default()
        };
        if !failed {
            change.progress = Set(100);
        }
        scan_task_category::Entity::update_many()
            .set(change)
            .filter(scan_task_category::Column::TaskId.eq(task.id))
            .filter(scan_task_category::Column::Category.eq(*category))
            .exec(tx)
            .await?;
        let mut row =
            fresh(image_id, *category, if failed { ScanStatus::Failed } else { ScanStatus::Scanned });
        row.error = Set(outcome.error.clone());
        row.last_scanned_at = Set(now);
        let mut columns = vec![I::Status, I::Error, I::LastScannedAt];
        if !failed {
            row.engine = Set(outcome.engine.clone());
            row.warnings = Set(outcome.warnings.clone());
            columns.extend([I::Engine, I::Warnings]);
        }
        image_category::Entity::insert(row)
            .on_conflict(OnConflict::columns([I::ImageId, I::Category]).update_columns(columns).to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Stores how far categories of a running task are, in per cent; the task is as far as they are on the average.
///
/// # Errors
/// When the database refuses.
pub async fn progress(
    tx: &impl ConnectionTrait,
    task_id: i64,
    percent: &BTreeMap<Category, i32>,
) -> Result<(), DbErr> {
    for (category, percent) in percent {
        scan_task_category::Entity::update_many()
            .col_expr(scan_task_category::Column::Progress, Expr::value(*percent))
            .filter(scan_task_category::Column::TaskId.eq(task_id))
            .filter(scan_task_category::Column::Category.eq(*category))
            .filter(scan_task_category::Column::Status.eq(TaskStatus::Running))
            .exec(tx)
            .await?;
    }
    let rows = scan_task_category::Entity::find()
        .filter(scan_task_category::Column::TaskId.eq(task_id))
        .all(tx)
        .await?;
    let count = i32::try_from(rows.len().max(1)).unwrap_or(i32::MAX);
    let mean = rows.iter().map(|row| row.progress).sum::<i32>() / count;
    scan_task::Entity::update_many()
        .col_expr(scan_task::Column::Progress, Expr::value(mean))
        .filter(scan_task::Column::Id.eq(task_id))
        .filter(scan_task::Column::Status.eq(TaskStatus::Running))
        .exec(tx)
        .await?;
    Ok(())
}

/// What is known of the categories of images.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_images(
    conn: &impl ConnectionTrait,
    images: &[i64],
) -> Result<BTreeMap<i64, BTreeMap<Category, image_category::Model>>, DbErr> {
    let mut known: BTreeMap<i64, BTreeMap<Category, image_category::Model>> = BTreeMap::new();
    for batch in images.chunks(BATCH) {
        let rows = image_category::Entity::find()
            .filter(image_category::Column::ImageId.is_in(batch.iter().copied()))
            .all(conn)
            .await?;
        for row in rows {
            known.entry(row.image_id).or_default().insert(row.category, row);
        }
    }
    Ok(known)
}

/// The failed categories with their reasons in one line: `MALWARE: clamd does not answer`. Where all of `whole` failed
/// for one reason it is the reason alone.
pub(super) fn describe(errors: &BTreeMap<Category, &str>, whole: Categories) -> String {
    let mut by_reason: Vec<(&str, Categories)> = Vec::new();
    for (category, reason) in errors {
        let one = Categories::only(*category);
        match by_reason.iter_mut().find(|(known, _)| known == reason) {
            Some((_, set)) => *set = set.union(one),
            None => by_reason.push((reason, one)),
        }
    }
    match by_reason.as_slice() {
        [(reason, set)] if *set == whole => (*reason).to_owned(),
        reasons => {
            let said = reasons.iter().map(|(reason, set)| {
                let names: Vec<&str> = set.iter().map(Category::name).collect();
                format!("{}: {reason}", names.join(", "))
            });
            said.collect::<Vec<_>>().join("; ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_named_unless_all_failed_alike() {
        let mut errors = BTreeMap::from([(Category::Malware, "clamd does not answer")]);
        assert_eq!(describe(&errors, Categories::ALL), "MALWARE: clamd does not answer");
        errors.insert(Category::Secret, "no rules");
        assert_eq!(describe(&errors, Categories::ALL), "SECRET: no rules; MALWARE: clamd does not answer");
        let alike: BTreeMap<Category, &str> = Category::ALL.into_iter().map(|one| (one, "gone")).collect();
        assert_eq!(describe(&alike, Categories::ALL), "gone");
        let two = BTreeMap::from([(Category::Vulnerability, "gone"), (Category::Secret, "gone")]);
        assert_eq!(describe(&two, Categories::ALL), "VULNERABILITY, SECRET: gone");
        assert_eq!(describe(&BTreeMap::new(), Categories::ALL), "");
    }
}
