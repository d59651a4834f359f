//! The real advisories that the demo works with: published facts, with one-line summaries of our own.

/// One record of the folder `advisories`.
macro_rules! record {
    ($id:literal) => {
        (concat!($id, ".json"), include_str!(concat!("advisories/", $id, ".json")))
    };
}

/// File name and OSV text of each record.
pub const RECORDS: &[(&str, &str)] = &[
    record!("DEBIAN-CVE-2005-2541"),
    record!("DEBIAN-CVE-2018-25032"),
    record!("DEBIAN-CVE-2021-3711"),
    record!("DEBIAN-CVE-2021-3712"),
    record!("DEBIAN-CVE-2021-3995"),
    record!("DEBIAN-CVE-2022-0778"),
    record!("DEBIAN-CVE-2022-1271"),
    record!("DEBIAN-CVE-2022-2068"),
    record!("DEBIAN-CVE-2022-2097"),
    record!("DEBIAN-CVE-2022-25235"),
    record!("DEBIAN-CVE-2022-37434"),
    record!("DEBIAN-CVE-2022-40674"),
    record!("DEBIAN-CVE-2022-4304"),
    record!("DEBIAN-CVE-2022-4450"),
    record!("DEBIAN-CVE-2023-0215"),
    record!("DEBIAN-CVE-2023-0286"),
    record!("DEBIAN-CVE-2023-31484"),
    record!("DSA-5343-1"),
    record!("GHSA-29mw-wpgm-hmr9"),
    record!("GHSA-35jh-r3h4-6jhm"),
    record!("GHSA-42xw-2xvc-qx8m"),
    record!("GHSA-765h-qjxv-5f44"),
    record!("GHSA-cph5-m8f7-6c5x"),
    record!("GHSA-f2jv-r9rf-7988"),
    record!("GHSA-jf85-cpcp-j695"),
    record!("GHSA-p6mc-m468-83gw"),
    record!("GHSA-r683-j2x4-v87g"),
    record!("GHSA-vh95-rmgr-6w4m"),
    record!("GHSA-w457-6q6x-cgp9"),
    record!("GHSA-w7rc-rwvf-8q5r"),
    record!("GHSA-x5pg-88wf-qq4p"),
    record!("GHSA-xvch-5gv4-984h"),
    record!("PYSEC-2018-28"),
    record!("PYSEC-2019-13"),
    record!("PYSEC-2019-133"),
    record!("PYSEC-2019-140"),
    record!("PYSEC-2019-16"),
    record!("PYSEC-2019-217"),
    record!("PYSEC-2019-79"),
    record!("PYSEC-2020-148"),
    record!("PYSEC-2020-35"),
    record!("PYSEC-2020-36"),
    record!("PYSEC-2021-108"),
    record!("PYSEC-2021-142"),
    record!("PYSEC-2021-66"),
    record!("PYSEC-2021-98"),
    record!("PYSEC-2022-190"),
    record!("PYSEC-2023-74"),
];
