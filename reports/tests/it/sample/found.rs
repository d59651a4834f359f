//! Secrets and malware of the example image.

use lazaret_reports::model::{
    Category, CategoryResult, CategoryStatus, EngineVersion, Malware, MalwareEngine, Secret, SecretKind,
    SecretSource, Severity,
};

use super::layer;

/// A secret in a file of a layer; `buried_by` is the layer that deletes the file.
fn secret(rule: &str, title: &str, severity: Severity, path: &str, at: usize) -> Secret {
    let advice = "Revoke it, and give the build a secret mount instead.";
    Secret {
        title: title.to_owned(),
        rule: rule.to_owned(),
        kind: SecretKind::Token,
        severity,
        source: SecretSource::File,
        path: path.to_owned(),
        line: 3,
        layer: Some(layer(at)),
        instruction: String::new(),
        snippet: "TOKEN=ghp_****…9f2c".to_owned(),
        fingerprint: format!("{:032x}", rule.len() * 7 + path.len()),
        buried: false,
        buried_by: None,
        advice: Secret::advise(advice, None, None),
        allowed: None,
        first_seen: None,
        last_seen: None,
    }
}

/// A token that counts, a buried key, a password of the configuration and one of the history, which are the same.
pub fn secrets() -> Vec<Secret> {
    let token = secret(
        "github-personal-access-token",
        "GitHub personal access token",
        Severity::High,
        "srv/shop/.env",
        3,
    );
    let advice = "Make a new key pair, and take the old public key out of every authorized_keys.";
    let key = Secret {
        kind: SecretKind::Key,
        line: 1,
        snippet: "-----BEGIN OPENSSH PRIVATE KEY----- b3Bl****…LQ==".to_owned(),
        buried: true,
        buried_by: Some(layer(3)),
        advice: Secret::advise(advice, Some(1), Some(3)),
        ..secret("openssh-private-key", "OpenSSH private key", Severity::High, "root/.ssh/id_ed25519", 1)
    };
    let password = Secret {
        kind: SecretKind::Password,
        source: SecretSource::Config,
        line: 1,
        layer: None,
        instruction: "ENV API_PASSWORD=corr****…aple".to_owned(),
        snippet: "API_PASSWORD=corr****…aple".to_owned(),
        ..secret("password-assignment", "Password in an assignment", Severity::Medium, "ENV API_PASSWORD", 0)
    };
    let step = Secret {
        source: SecretSource::History,
        path: "step 4".to_owned(),
        layer: Some(layer(2)),
        instruction: "RUN /bin/sh -c echo api:corr****…aple | chpasswd".to_owned(),
        snippet: "echo api:corr****…aple | chpasswd".to_owned(),
        ..password.clone()
    };
    vec![password, token, key, step]
}

fn detection(engine: MalwareEngine, name: &str, path: &str) -> Malware {
    Malware {
        name: name.to_owned(),
        engine,
        severity: Severity::Critical,
        path: path.to_owned(),
        purl: String::new(),
        size: 68,
        md5: "44d88612fea8a8f36de82e1278abb02f".to_owned(),
        sha1: "3395856ce81f2b7382dee72602f798b642f14140".to_owned(),
        sha256: "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f".to_owned(),
        layer: Some(layer(2)),
        buried: false,
        buried_by: None,
        description: "A harmless file that every virus scanner must find".to_owned(),
        advice: Malware::advise("Find out what put it there, and build the image without it.", None, None),
        allowed: None,
        first_seen: None,
        last_seen: None,
    }
}

/// A file that two engines name, and the same file within two archives.
pub fn malware() -> Vec<Malware> {
    use MalwareEngine::{Clamav, Yara};
    let mut buried = detection(Yara, "eicar_test_file", "tmp/eicar.com");
    buried.buried = true;
    buried.buried_by = Some(layer(3));
    buried.advice = Malware::advise("Find out what put it there.", Some(2), Some(3));
    vec![
        detection(Yara, "eicar_test_file", "opt/drop/eicar.com"),
        detection(Clamav, "Eicar-Test-Signature", "opt/drop/eicar.com"),
        detection(Yara, "eicar_test_file", "opt/drop/nested.tar.gz!/eicar.zip!/eicar.com"),
        buried,
    ]
}

/// Every category searched.
pub fn categories() -> Vec<CategoryResult> {
    let engine =
        |name: &str, version: &str| EngineVersion { name: name.to_owned(), version: version.to_owned() };
    let result = |category, engines| CategoryResult {
        category,
        status: CategoryStatus::Scanned,
        error: String::new(),
        engines,
    };
    vec![
        result(Category::Vulnerability, Vec::new()),
        result(Category::Secret, vec![engine("Secret rules", "secrets-1-3f9a51c07b2e6d84")]),
        result(
            Category::Malware,
            vec![
                engine("YARA and hash lists", "malware-1-90be14d7a35cf268"),
                engine("ClamAV", "ClamAV 1.4.3/27821/Mon Nov 23 09:26:11 2026"),
            ],
        ),
    ]
}
