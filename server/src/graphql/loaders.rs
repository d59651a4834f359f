//! Rows by id, many at a time: one query per table for all that a request asks of it. Made for each request, so
//! that nobody sees what was read for another.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use lazaret_entities::{
    Category, allow_rule, host, image, image_category, image_layer, layer, scan_task_category, tag,
    vulnerability_id,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::error::ApiError;
use crate::{scan::categories, store::Store};

/// All loaders of a request.
pub(super) struct Loaders {
    pub(super) images: DataLoader<Images>,
    pub(super) hosts: DataLoader<Hosts>,
    pub(super) tags: DataLoader<TagsOfImage>,
    pub(super) layers: DataLoader<LayersOfImage>,
    pub(super) identifiers: DataLoader<IdentifiersOfVulnerability>,
    pub(super) categories: DataLoader<CategoriesOfImage>,
    pub(super) task_categories: DataLoader<CategoriesOfTask>,
    pub(super) allow_rules: DataLoader<AllowRules>,
}

impl Loaders {
    pub(super) fn new(store: &Store) -> Self {
        Self {
            images: DataLoader::new(Images(store.clone()), tokio::spawn),
            hosts: DataLoader::new(Hosts(store.clone()), tokio::spawn),
            tags: DataLoader::new(TagsOfImage(store.clone()), tokio::spawn),
            layers: DataLoader::new(LayersOfImage(store.clone()), tokio::spawn),
            identifiers: DataLoader::new(IdentifiersOfVulnerability(store.clone()), tokio::spawn),
            categories: DataLoader::new(CategoriesOfImage(store.clone()), tokio::spawn),
            task_categories: DataLoader::new(CategoriesOfTask(store.clone()), tokio::spawn),
            allow_rules: DataLoader::new(AllowRules(store.clone()), tokio::spawn),
        }
    }
}

/// The loaders of the request.
pub(super) fn loaders<'a>(ctx: &Context<'a>) -> Result<&'a Loaders, ApiError> {
    ctx.data_opt::<Loaders>().ok_or_else(|| ApiError::internal("the request was made without loaders"))
}

/// A loader's error must be cloned to everybody who waited; its text is enough for the log.
pub(super) type LoadError = String;

fn failed(error: &sea_orm::DbErr) -> LoadError {
    error.to_string()
}

/// Images by id.
pub(super) struct Images(Store);

impl Loader<i64> for Images {
    type Value = image::Model;
    type Error = LoadError;

    async fn load(&self, ids: &[i64]) -> Result<HashMap<i64, image::Model>, LoadError> {
        let found = image::Entity::find().filter(image::Column::Id.is_in(ids.iter().copied()));
        let rows = found.all(self.0.read()).await.map_err(|error| failed(&error))?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// Hosts by id.
pub(super) struct Hosts(Store);

impl Loader<i64> for Hosts {
    type Value = host::Model;
    type Error = LoadError;

    async fn load(&self, ids: &[i64]) -> Result<HashMap<i64, host::Model>, LoadError> {
        let found = host::Entity::find().filter(host::Column::Id.is_in(ids.iter().copied()));
        let rows = found.all(self.0.read()).await.map_err(|error| failed(&error))?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// The tags that point to an image now, by its id.
pub(super) struct TagsOfImage(Store);

impl Loader<i64> for TagsOfImage {
    type Value = Vec<tag::Model>;
    type Error = LoadError;

    async fn load(&self, ids: &[i64]) -> Result<HashMap<i64, Vec<tag::Model>>, LoadError> {
        let rows = tag::Entity::find()
            .filter(tag::Column::ImageId.is_in(ids.iter().copied()))
            .filter(tag::Column::GoneAt.is_null())
            .order_by_asc(tag::Column::Reference)
            .order_by_asc(tag::Column::HostId)
            .all(self.0.read())
            .await
            .map_err(|error| failed(&error))?;
        let mut by_image: HashMap<i64, Vec<tag::Model>> = HashMap::new();
        for row in rows {
            by_image.entry(row.image_id).or_default().push(row);
        }
        Ok(by_image)
    }
}

/// The layers of an image, lowest first, by its id.
pub(super) struct LayersOfImage(Store);

impl Loader<i64> for LayersOfImage {
    type Value = Vec<(image_layer::Model, layer::Model)>;
    type Error = LoadError;

    async fn load(&self, ids: &[i64]) -> Result<HashMap<i64, Self::Value>, LoadError> {
        let rows = image_layer::Entity::find()
            .filter(image_layer::Column::ImageId.is_in(ids.iter().copied()))
            .order_by_asc(image_layer::Column::ImageId)
            .order_by_asc(image_layer::Column::Position)
            .find_also_related(layer::Entity)
            .all(self.0.read())
            .await
            .map_err(|error| failed(&error))?;
        let mut by_image: HashMap<i64, Self::Value> = HashMap::new();
        for (place, layer) in rows {
            if let Some(layer) = layer {
                by_image.entry(place.image_id).or_default().push((place, layer));
            }
        }
        Ok(by_image)
    }
}

/// All identifiers of a vulnerability, by its id.
pub(super) struct IdentifiersOfVulnerability(Store);

impl Loader<i64> for IdentifiersOfVulnerability {
    type Value = Vec<String>;
    type Error = LoadError;

    async fn load(&self, ids: &[i64]) -> Result<HashMap<i64, Vec<String>>, LoadError> {
        let rows = vulnerability_id::Entity::find()
            .filter(vulnerability_id::Column::VulnerabilityId.is_in(ids.iter().copied()))
            .order_by_asc(vulnerability_id::Column::Identifier)
            .all(self.0.read())
            .await
            .map_err(|error| failed(&error))?;
        let mut by_vulnerability: HashMap<i64, Vec<String>> = HashMap::new();
        for row in rows {
            by_vulnerability.entry(row.vulnerability_id).or_default().push(row.identifier);
        }
        Ok(by_vulnerability)
    }
}

/// What is known of each category of an image, by its id.
pub(super) struct CategoriesOfImage(Store);

impl Loader<i64> for CategoriesOfImage {
    type Value = BTreeMap<Category, image_category::Model>;
    type Error = LoadError;

    async fn load(&self, ids: &[i64]) -> Result<HashMap<i64, Self::Value>, LoadError> {
        let found = categories::of_images(self.0.read(), ids).await.map_err(|error| failed(&error))?;
        Ok(found.into_iter().collect())
    }
}

/// Where each category of a task stands, by its id.
pub(super) struct CategoriesOfTask(Store);

impl Loader<i64> for CategoriesOfTask {
    type Value = Vec<scan_task_category::Model>;
    type Error = LoadError;

    async fn load(&self, ids: &[i64]) -> Result<HashMap<i64, Self::Value>, LoadError> {
        let rows = scan_task_category::Entity::find()
            .filter(scan_task_category::Column::TaskId.is_in(ids.iter().copied()))
            .all(self.0.read())
            .await
            .map_err(|error| failed(&error))?;
        let mut by_task: HashMap<i64, Self::Value> = HashMap::new();
        for row in rows {
            by_task.entry(row.task_id).or_default().push(row);
        }
        for rows in by_task.values_mut() {
            rows.sort_by_key(|row| row.category);
        }
        Ok(by_task)
    }
}

/// Allow rules by id.
pub(super) struct AllowRules(Store);

impl Loader<i64> for AllowRules {
    type Value = allow_rule::Model;
    type Error = LoadError;

    async fn load(&self, ids: &[i64]) -> Result<HashMap<i64, allow_rule::Model>, LoadError> {
        let found = allow_rule::Entity::find().filter(allow_rule::Column::Id.is_in(ids.iter().copied()));
        let rows = found.all(self.0.read()).await.map_err(|error| failed(&error))?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}
