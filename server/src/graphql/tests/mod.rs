mod fixture;
mod images;
mod limits;
mod mutations;
mod paging;
mod schema;
mod vulnerabilities;
