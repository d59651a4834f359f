//! Published vulnerabilities of the example image.

use lazaret_reports::model::Severity::{self, Critical, High, Low, Medium, Unknown};

/// `(id, aliases, severity, rated by, score, summary, fixed in, advisory)`
pub type Row<'a> = (&'a str, &'a [&'a str], Severity, &'a str, Option<f64>, &'a str, &'a [&'a str], &'a str);

/// Those of the source package openssl; each of its binary packages has them.
#[rustfmt::skip]
pub const OPENSSL: [Row<'_>; 5] = [
    ("CVE-2021-3711", &["DSA-4963-1"], Critical, "CVSS 3.1", Some(9.8), "SM2 decryption buffer overflow", &["1.1.1k-1+deb11u1"], "DSA-4963-1"),
    ("CVE-2022-1292", &["DSA-5139-1"], Critical, "CVSS 3.1", Some(9.8), "The c_rehash script allows command injection", &["1.1.1n-0+deb11u2"], "DSA-5139-1"),
    ("CVE-2022-0778", &["DSA-5103-1"], High, "CVSS 3.1", Some(7.5), "Infinite loop in BN_mod_sqrt() reachable when parsing certificates", &["1.1.1k-1+deb11u2"], "DSA-5103-1"),
    ("CVE-2023-0286", &["DSA-5343-1"], High, "CVSS 3.1", Some(7.4), "X.400 address type confusion in X.509 GeneralName", &["1.1.1n-0+deb11u4"], "DSA-5343-1"),
    ("CVE-2022-4304", &["DSA-5343-1"], Medium, "CVSS 3.1", Some(5.9), "Timing oracle in RSA decryption", &["1.1.1n-0+deb11u4"], "DSA-5343-1"),
];

/// Those of the other packages, with the name of the package.
#[rustfmt::skip]
pub const OTHERS: [(&str, Row<'_>); 17] = [
    ("zlib1g", ("CVE-2022-37434", &["DSA-5218-1"], Critical, "CVSS 3.1", Some(9.8), "Heap-based buffer over-read or overflow in inflate via a large gzip header extra field", &["1:1.2.11.dfsg-2+deb11u2"], "DSA-5218-1")),
    ("zlib1g", ("CVE-2018-25032", &["DSA-5111-1"], High, "CVSS 3.1", Some(7.5), "Memory corruption when deflating if the input has many distant matches", &["1:1.2.11.dfsg-2+deb11u1"], "DSA-5111-1")),
    ("libexpat1", ("CVE-2022-25235", &["DSA-5085-1"], Critical, "CVSS 3.1", Some(9.8), "Missing validation of encoding lets malformed UTF-8 through", &["2.2.10-2+deb11u2"], "DSA-5085-1")),
    ("libexpat1", ("CVE-2022-43680", &["DSA-5266-1"], High, "CVSS 3.1", Some(7.5), "Use after free caused by overeager destruction of a shared DTD", &["2.2.10-2+deb11u5"], "DSA-5266-1")),
    ("libexpat1", ("CVE-2023-52425", &[], High, "CVSS 3.1", Some(7.5), "Denial of service by repeated full reparsing of large tokens", &[], "DEBIAN-CVE-2023-52425")),
    ("libc6", ("CVE-2021-33574", &["DEBIAN-CVE-2021-33574"], Critical, "CVSS 3.1", Some(9.8), "The mq_notify function has a use after free", &["2.31-13+deb11u3"], "DEBIAN-CVE-2021-33574")),
    ("libc6", ("CVE-2010-4756", &[], Low, "Debian urgency", Some(4.0), "The glob implementation allows remote authenticated users to consume CPU and memory", &[], "DEBIAN-CVE-2010-4756")),
    ("tar", ("CVE-2005-2541", &[], Low, "Debian urgency", Some(10.0), "Tar does not properly warn the user when extracting setuid or setgid files", &[], "DEBIAN-CVE-2005-2541")),
    ("Django", ("CVE-2019-14234", &["GHSA-6r97-cj55-9hrq", "PYSEC-2019-13"], Critical, "GHSA", Some(9.8), "SQL injection in key transforms of JSONField and HStoreField", &["2.2.4"], "GHSA-6r97-cj55-9hrq")),
    ("Django", ("CVE-2020-7471", &["GHSA-hmr4-m2h5-33qx", "PYSEC-2020-35"], Critical, "GHSA", Some(9.8), "SQL injection via StringAgg delimiter", &["2.2.10", "3.0.3"], "GHSA-hmr4-m2h5-33qx")),
    ("Django", ("CVE-2021-35042", &["GHSA-xpfp-f569-q3p2", "PYSEC-2021-109"], High, "GHSA", None, "SQL injection via unsanitized QuerySet.order_by() input", &["2.2.24"], "GHSA-xpfp-f569-q3p2")),
    ("Jinja2", ("CVE-2019-10906", &["GHSA-462w-v97r-4m45", "PYSEC-2019-217"], High, "GHSA", Some(8.6), "Sandbox escape via string formatting", &["2.10.1"], "GHSA-462w-v97r-4m45")),
    ("Jinja2", ("CVE-2020-28493", &["GHSA-g3rq-g295-4j3m", "PYSEC-2021-66"], Medium, "GHSA", Some(5.3), "Regular expression denial of service in the urlize filter", &["2.11.3"], "GHSA-g3rq-g295-4j3m")),
    ("Werkzeug", ("CVE-2019-14806", &["GHSA-gq9m-qvpx-68hc", "PYSEC-2019-140"], High, "GHSA", Some(7.5), "Insufficient debugger PIN randomness in Docker containers", &["0.15.3"], "GHSA-gq9m-qvpx-68hc")),
    ("urllib3", ("CVE-2019-11324", &["GHSA-mh33-7rrq-662w", "PYSEC-2019-133"], High, "GHSA", Some(7.5), "Mishandles certain cases where the desired set of CA certificates differs from the system store", &["1.24.2"], "GHSA-mh33-7rrq-662w")),
    ("urllib3", ("CVE-2020-26137", &["GHSA-wqvq-5m8c-6g24", "PYSEC-2020-148"], Medium, "GHSA", Some(6.5), "CRLF injection if the attacker controls the request method", &["1.25.9"], "GHSA-wqvq-5m8c-6g24")),
    ("requests", ("PYSEC-2018-28", &["GHSA-x84v-xcm2-53pg"], Unknown, "", None, "Credentials are sent when a redirect leads from https to http on the same host", &["2.20.0"], "PYSEC-2018-28")),
];
