//! The credentials that `docker login` left: in `config.json`, or with the helper program that it names.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_client::secrets::RegistryAuth;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::config::Environment;

/// A helper may have to ask a key chain; it asks no person here.
const HELPER_TIMEOUT: Duration = Duration::from_secs(30);
/// Under this name Docker Hub's credentials are kept.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";
/// The user name by which helpers say that the secret is an identity token.
const TOKEN_USER: &str = "<token>";

/// Why credentials cannot be had. No secret is ever part of it.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file cannot be read or understood.
    #[error(
        "the credentials in {} cannot be read ({reason}); repair the file, or set DOCKER_CONFIG to another folder",
        .path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The helper program that the file names failed.
    #[error(
        "the credential helper `{program}` did not answer ({reason}); it is named in docker's config.json"
    )]
    Helper {
        /// The program.
        program: String,
        /// Why.
        reason: String,
    },
    /// They are of a kind that is not supported.
    #[error(
        "the credentials of {registry} are an identity token, which is not supported; log in with a password or an access token"
    )]
    IdentityToken {
        /// The registry.
        registry: String,
    },
}

/// docker's `config.json`, as far as it concerns credentials.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DockerConfig {
    auths: BTreeMap<String, Entry>,
    creds_store: String,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
}

/// What a helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The credentials for `registry` (host and port): anonymous when there are none.
pub(super) async fn find(
    environment: &Environment,
    registry: &str,
) -> Result<RegistryAuth, CredentialsError> {
    let Some(path) = config_file(environment) else { return Ok(RegistryAuth::Anonymous) };
    let file = |reason: String| CredentialsError::File { path: path.clone(), reason };
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(RegistryAuth::Anonymous),
        Err(error) => return Err(file(error.to_string())),
    };
    let config: DockerConfig = serde_json::from_slice(&text).map_err(|error| {
        // The error's own text could quote a secret.
        file(format!("line {} is no JSON that docker would write", error.line()))
    })?;
    let key = if registry == "docker.io" { DOCKER_HUB } else { registry };
    let helper = config.cred_helpers.get(key).unwrap_or(&config.creds_store);
    if !helper.is_empty()
        && let Some(auth) = ask(environment, helper, key).await?
    {
        return Ok(auth);
    }
    let entry = config.auths.iter().find(|(name, _)| host_of(name) == host_of(key));
    match entry {
        None => Ok(RegistryAuth::Anonymous),
        Some((name, entry)) => entry.read(registry).map_err(|error| match error {
            Some(error) => error,
            None => file(format!("the entry for {name} is not base64 of USER:PASSWORD")),
        }),
    }
}

fn config_file(environment: &Environment) -> Option<PathBuf> {
    let variable = |name: &str| environment.get(name).filter(|text| !text.is_empty()).map(Path::new);
    let folder = variable("DOCKER_CONFIG").map(Path::to_path_buf);
    let folder = folder.or_else(|| variable("HOME").map(|home| home.join(".docker")));
    folder.map(|folder| folder.join("config.json"))
}

/// Entries are named by host, or by an address of it.
fn host_of(name: &str) -> &str {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    name.split('/').next().unwrap_or(name)
}

impl Entry {
    /// The credentials; no error at all when they are malformed.
    fn read(&self, registry: &str) -> Result<RegistryAuth, Option<CredentialsError>> {
        if !self.identitytoken.is_empty() {
            return Err(Some(CredentialsError::IdentityToken { registry: registry.to_owned() }));
        }
        if !self.username.is_empty() {
            return Ok(RegistryAuth::Basic(self.username.clone(), self.password.clone()));
        }
        if self.auth.is_empty() {
            return Ok(RegistryAuth::Anonymous);
        }
        let decoded = STANDARD.decode(self.auth.trim()).map_err(|_| None)?;
        let decoded = String::from_utf8(decoded).map_err(|_| None)?;
        let (user, password) = decoded.split_once(':').ok_or(None)?;
        Ok(RegistryAuth::Basic(user.to_owned(), password.trim_end_matches('\0').to_owned()))
    }
}

/// Asks `docker-credential-NAME`; `None` when it has none.
async fn ask(
    environment: &Environment,
    name: &str,
    key: &str,
) -> Result<Option<RegistryAuth>, CredentialsError> {
    let program = format!("docker-credential-{name}");
    let failed =
        |reason: &str| CredentialsError::Helper { program: program.clone(), reason: reason.to_owned() };
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err(failed("its name has other characters than letters, digits, `-`, `_` and `.`"));
    }
    let answering = async {
        let mut child = Command::new(&program)
            .arg("get")
            .env_clear()
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            match stdin.write_all(key.as_bytes()).await {
                // It may answer without having read the question.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                written => written?,
            }
        }
        child.wait_with_output().await
    };
    let output = match tokio::time::timeout(HELPER_TIMEOUT, answering).await {
        Ok(output) => output.map_err(|error| failed(&error.to_string()))?,
        Err(_) => return Err(failed("it took too long")),
    };
    if !output.status.success() {
        // The words that the protocol gives for "none".
        if String::from_utf8_lossy(&output.stdout).contains("credentials not found") {
            return Ok(None);
        }
        return Err(failed(&output.status.to_string()));
    }
    let answer: Answer =
        serde_json::from_slice(&output.stdout).map_err(|_| failed("its answer is not that of a helper"))?;
    if answer.username == TOKEN_USER {
        return Err(CredentialsError::IdentityToken { registry: host_of(key).to_owned() });
    }
    Ok(Some(RegistryAuth::Basic(answer.username, answer.secret)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn environment(config: &str) -> (tempfile::TempDir, Environment) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let path = folder.path().display().to_string();
        let system = std::env::var("PATH").unwrap_or_default();
        let variables = [("DOCKER_CONFIG", path.clone()), ("PATH", format!("{path}:{system}"))];
        (folder, variables.map(|(name, value)| (name.to_owned(), value)).into())
    }

    fn basic(user: &str, password: &str) -> RegistryAuth {
        RegistryAuth::Basic(user.to_owned(), password.to_owned())
    }

    #[tokio::test]
    async fn entries_are_found_by_host_whatever_their_form() {
        let auth = STANDARD.encode("me:with:colon");
        let (_folder, environment) = environment(&format!(
            r#"{{"auths":{{
                "https://a.example/v2/":{{"auth":"{auth}"}},
                "b.example:5000":{{"username":"you","password":"p"}},
                "https://index.docker.io/v1/":{{"auth":"{auth}"}},
                "c.example":{{"identitytoken":"t"}},
                "d.example":{{"auth":"%%%"}},
                "e.example":{{}}}},
                "credsStore":"", "HttpHeaders":{{"a":"b"}}}}"#
        ));
        for (registry, expected) in [
            ("a.example", basic("me", "with:colon")),
            ("b.example:5000", basic("you", "p")),
            ("docker.io", basic("me", "with:colon")),
            ("b.example", RegistryAuth::Anonymous),
            ("e.example", RegistryAuth::Anonymous),
        ] {
            assert_eq!(find(&environment, registry).await.unwrap(), expected, "{registry}");
        }
        let token = find(&environment, "c.example").await;
        assert!(matches!(token, Err(CredentialsError::IdentityToken { .. })));
        assert!(matches!(find(&environment, "d.example").await, Err(CredentialsError::File { .. })));
    }

    #[tokio::test]
    async fn without_a_file_one_is_nobody_and_a_broken_file_is_named_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let home = [("HOME".to_owned(), folder.path().display().to_string())].into();
        assert_eq!(find(&home, "a.example").await.unwrap(), RegistryAuth::Anonymous);
        let (_folder, environment) = environment(r#"{"auths":{"a.example":{"auth":"hunter2"]"#);
        let error = find(&environment, "a.example").await.unwrap_err().to_string();
        assert!(error.contains("config.json") && !error.contains("hunter2"), "{error}");
    }

    #[tokio::test]
    async fn helpers_are_asked_and_may_have_none() {
        let auth = STANDARD.encode("file:entry");
        let (folder, environment) = environment(&format!(
            r#"{{"auths":{{"none.example":{{"auth":"{auth}"}}}},
                "credsStore":"test","credHelpers":{{"bad.example":"../evil","token.example":"token"}}}}"#
        ));
        let helper = |name: &str, script: &str| {
            let path = folder.path().join(format!("docker-credential-{name}"));
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        helper(
            "test",
            r#"read -r host; case "$host" in
                a.example) echo '{"ServerURL":"a.example","Username":"me","Secret":"s"}';;
                none.example) echo 'credentials not found in native keychain'; exit 1;;
                *) echo 'locked' >&2; exit 3;; esac"#,
        );
        helper("token", r#"echo '{"ServerURL":"x","Username":"<token>","Secret":"s"}'"#);
        assert_eq!(find(&environment, "a.example").await.unwrap(), basic("me", "s"));
        assert_eq!(find(&environment, "none.example").await.unwrap(), basic("file", "entry"));
        assert!(matches!(find(&environment, "locked").await, Err(CredentialsError::Helper { .. })));
        assert!(matches!(find(&environment, "bad.example").await, Err(CredentialsError::Helper { .. })));
        let token = find(&environment, "token.example").await;
        assert!(matches!(token, Err(CredentialsError::IdentityToken { .. })));
    }
}
