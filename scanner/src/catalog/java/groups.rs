//! Groups of well-known artifacts whose archives do not tell them: they are not built by Maven, and their manifests name
//! products, not coordinates.

/// Artifacts, or beginnings of them where they end with a hyphen, and the group that publishes them.
const GROUPS: [(&str, &str); 47] = [
    ("activation", "javax.activation"),
    ("antlr4-", "org.antlr"),
    ("bcmail-", "org.bouncycastle"),
    ("bcpg-", "org.bouncycastle"),
    ("bcpkix-", "org.bouncycastle"),
    ("bcprov-", "org.bouncycastle"),
    ("bcutil-", "org.bouncycastle"),
    ("byte-buddy", "net.bytebuddy"),
    ("cassandra-driver-", "com.datastax.cassandra"),
    ("elasticsearch", "org.elasticsearch"),
    ("groovy", "org.codehaus.groovy"),
    ("h2", "com.h2database"),
    ("hibernate-core", "org.hibernate"),
    ("hibernate-entitymanager", "org.hibernate"),
    ("javassist", "org.javassist"),
    ("jedis", "redis.clients"),
    ("junit", "junit"),
    ("kafka-clients", "org.apache.kafka"),
    ("kafka_", "org.apache.kafka"),
    ("kotlin-reflect", "org.jetbrains.kotlin"),
    ("kotlin-stdlib", "org.jetbrains.kotlin"),
    ("log4j", "log4j"),
    ("lucene-", "org.apache.lucene"),
    ("micrometer-", "io.micrometer"),
    ("okhttp", "com.squareup.okhttp3"),
    ("okio", "com.squareup.okio"),
    ("postgresql", "org.postgresql"),
    ("reactor-core", "io.projectreactor"),
    ("reactor-netty-", "io.projectreactor.netty"),
    ("rxjava", "io.reactivex.rxjava2"),
    ("servlet-api", "javax.servlet"),
    ("spring-amqp", "org.springframework.amqp"),
    ("spring-batch-", "org.springframework.batch"),
    ("spring-boot", "org.springframework.boot"),
    ("spring-cloud-", "org.springframework.cloud"),
    ("spring-data-", "org.springframework.data"),
    ("spring-hateoas", "org.springframework.hateoas"),
    ("spring-integration-", "org.springframework.integration"),
    ("spring-kafka", "org.springframework.kafka"),
    ("spring-ldap-", "org.springframework.ldap"),
    ("spring-rabbit", "org.springframework.amqp"),
    ("spring-retry", "org.springframework.retry"),
    ("spring-security-", "org.springframework.security"),
    ("spring-session-", "org.springframework.session"),
    ("spring-ws-", "org.springframework.ws"),
    ("tomcat-embed-", "org.apache.tomcat.embed"),
    ("xstream", "com.thoughtworks.xstream"),
];
/// Modules of the Spring framework, whose prefix other projects share.
const SPRING: [&str; 20] = [
    "aop",
    "aspects",
    "beans",
    "context",
    "context-indexer",
    "context-support",
    "core",
    "expression",
    "instrument",
    "jcl",
    "jdbc",
    "jms",
    "messaging",
    "orm",
    "oxm",
    "test",
    "tx",
    "web",
    "webflux",
    "webmvc",
];

/// The group of an artifact; `None` when it is not one of the well-known.
pub(super) fn of_artifact(artifact: &str) -> Option<&'static str> {
    if artifact
        .strip_prefix("spring-")
        .is_some_and(|module| SPRING.contains(&module) || module == "websocket")
    {
        return Some("org.springframework");
    }
    let known = GROUPS.iter().find(|(name, _)| {
        if name.ends_with(['-', '_']) {
            artifact.starts_with(name)
        } else {
            artifact == *name || (*name == "spring-boot" && artifact.starts_with("spring-boot-"))
        }
    });
    known.map(|(_, group)| *group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_artifacts_have_their_groups() {
        for (artifact, group) in [
            ("spring-core", Some("org.springframework")),
            ("spring-websocket", Some("org.springframework")),
            ("spring-boot-starter-web", Some("org.springframework.boot")),
            ("spring-security-web", Some("org.springframework.security")),
            ("bcprov-jdk15on", Some("org.bouncycastle")),
            ("kafka_2.13", Some("org.apache.kafka")),
            ("h2", Some("com.h2database")),
            ("h2-tools", None),
            ("spring-unknown", None),
        ] {
            assert_eq!(of_artifact(artifact), group, "{artifact}");
        }
    }
}
