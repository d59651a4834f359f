//! Debian's `docker-registry` on a free port, with data and configuration of its own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lazaret_scanner::testing::OciLayout;
use serde_json::Value;
use tempfile::TempDir;

/// The user `lazaret` with the password `open-sesame`, as `htpasswd -B` writes them.
const USERS: &str = "lazaret:$2y$05$.suJTdebbLCQCfgg6VlCgeAD/AYnge9Yddh4X1bJxhUN4gbV4GSuW\n";

/// A running registry.
pub struct Registry {
    child: Child,
    folder: TempDir,
    /// Host and port.
    pub host: String,
    locked: bool,
}

impl Registry {
    /// Starts a registry that anybody may use without TLS; `None`, said aloud, where it is not installed.
    pub fn plain() -> Option<Self> {
        Self::start(false)
    }

    /// Starts one that asks for a password, and has a certificate of a private authority.
    pub fn locked() -> Option<Self> {
        Self::start(true)
    }

    fn start(locked: bool) -> Option<Self> {
        let installed = Command::new("docker-registry").arg("--version").output();
        if installed.is_err() {
            println!("skipped: no docker-registry (it is not installed)");
            return None;
        }
        let folder = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let host = format!("127.0.0.1:{port}");
        let at = |name: &str| folder.path().join(name).display().to_string();
        let mut config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http:\n  addr: {host}\n",
            at("data")
        );
        if locked {
            make_certificate(folder.path());
            std::fs::write(folder.path().join("users"), USERS).unwrap();
            let (certificate, key, users) = (at("server.pem"), at("server.key"), at("users"));
            let security = format!(
                "  tls: {{certificate: {certificate}, key: {key}}}\nauth: {{htpasswd: {{realm: test, path: {users}}}}}\n"
            );
            config.push_str(&security);
        }
        std::fs::write(folder.path().join("config.yml"), config).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("docker-registry")
            .args(["serve", &at("config.yml")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let registry = Self { child, folder, host, locked };
        for _ in 0..300 {
            if std::net::TcpStream::connect(&registry.host).is_ok() {
                return Some(registry);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{}", std::fs::read_to_string(registry.folder.path().join("log")).unwrap())
    }

    /// The certificate authority of a locked registry.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A folder for `DOCKER_CONFIG` with the credentials of a locked registry.
    pub fn docker_config(&self) -> PathBuf {
        let folder = self.folder.path().join("docker");
        std::fs::create_dir_all(&folder).unwrap();
        let entry = serde_json::json!({ "username": "lazaret", "password": "open-sesame" });
        let config = serde_json::json!({ "auths": { self.host.as_str(): entry } });
        std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
        folder
    }

    /// Takes the bytes of a blob away; its manifest stays.
    pub fn drop_blob(&self, digest: &str) {
        let hex = digest.strip_prefix("sha256:").unwrap();
        let blobs = self.folder.path().join("data/docker/registry/v2/blobs/sha256");
        std::fs::remove_dir_all(blobs.join(&hex[..2]).join(hex)).unwrap();
    }

    /// Pushes what a layout's index names first, as `repository:tag`, with all that it is made of.
    pub async fn push(&self, layout: OciLayout, repository: &str, tag: &str) {
        let files = layout.files();
        let index: Value = serde_json::from_slice(&files["index.json"]).unwrap();
        let top = &index["manifests"][0];
        let blob = |digest: &Value| {
            files[&format!("blobs/sha256/{}", digest.as_str().unwrap().trim_start_matches("sha256:"))].clone()
        };
        let manifest: Value = serde_json::from_slice(&blob(&top["digest"])).unwrap();
        let children = manifest["manifests"].as_array().cloned().unwrap_or_else(|| vec![top.clone()]);
        for child in &children {
            let manifest: Value = serde_json::from_slice(&blob(&child["digest"])).unwrap();
            let layers = manifest["layers"].as_array().unwrap().iter();
            for part in layers.chain([&manifest["config"]]) {
                self.push_blob(repository, part["digest"].as_str().unwrap(), blob(&part["digest"])).await;
            }
            self.push_manifest(repository, child, child["digest"].as_str().unwrap(), blob(&child["digest"]))
                .await;
        }
        self.push_manifest(repository, top, tag, blob(&top["digest"])).await;
    }

    fn client(&self) -> reqwest::Client {
        let mut client = reqwest::Client::builder().no_proxy();
        if self.locked {
            let pem = std::fs::read(self.authority()).unwrap();
            client = client.tls_certs_merge([reqwest::Certificate::from_pem(&pem).unwrap()]);
        }
        client.build().unwrap()
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let scheme = if self.locked { "https" } else { "http" };
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{scheme}://{}{path}", self.host)
        };
        let request = self.client().request(method, url);
        if self.locked { request.basic_auth("lazaret", Some("open-sesame")) } else { request }
    }

    async fn push_blob(&self, repository: &str, digest: &str, bytes: Vec<u8>) {
        let path = format!("/v2/{repository}/blobs/uploads/");
        let begun = self.request(reqwest::Method::POST, &path).send().await.unwrap();
        let location = begun.headers()["location"].to_str().unwrap().to_owned();
        let path = format!("{location}&digest={digest}");
        let put = self.request(reqwest::Method::PUT, &path).body(bytes).send().await.unwrap();
        assert_eq!(put.status().as_u16(), 201, "{}", put.text().await.unwrap());
    }

    async fn push_manifest(&self, repository: &str, descriptor: &Value, name: &str, bytes: Vec<u8>) {
        let path = format!("/v2/{repository}/manifests/{name}");
        let put = self
            .request(reqwest::Method::PUT, &path)
            .header("Content-Type", descriptor["mediaType"].as_str().unwrap())
            .body(bytes)
            .send()
            .await
            .unwrap();
        assert_eq!(put.status().as_u16(), 201, "{}", put.text().await.unwrap());
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A private authority, and a certificate of it for 127.0.0.1.
fn make_certificate(folder: &Path) {
    let openssl = |args: &[&str]| {
        let made = Command::new("openssl").args(args).current_dir(folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let new_key = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority =
        ["-x509", "-days", "7", "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(&[&new_key[..], &authority].concat());
    openssl(
        &[&new_key[..], &["-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr"]].concat(),
    );
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "7",
        "-extfile",
        "names",
        "-out",
        "server.pem",
    ]);
}
