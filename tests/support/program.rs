//! The real program: started with a data folder of its own, asked over GraphQL, stopped by SIGTERM when dropped.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Which database a server runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// SQLite always; PostgreSQL where `LAZARET_TEST_POSTGRES` names a server.
pub fn databases() -> Vec<Database> {
    if std::env::var_os("LAZARET_TEST_POSTGRES").is_some() {
        vec![Database::Sqlite, Database::Postgres]
    } else {
        println!("skipped: no PostgreSQL (LAZARET_TEST_POSTGRES is not set)");
        vec![Database::Sqlite]
    }
}

/// A command of the program, deaf to the environment of whoever runs the tests, without the network.
pub fn lazaret(data: &Path) -> Command {
    let mut command = online(data);
    command.arg("--offline");
    command
}

/// The same with the network, and nowhere to fetch advisories from.
pub fn online(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lazaret"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LAZARET_")) {
        command.env_remove(name);
    }
    command.env_remove("DOCKER_HOST").env("XDG_RUNTIME_DIR", data).env("HOME", data);
    command.env("LAZARET_ADVISORIES_SOURCE", data.join("no-advisories"));
    command.args(["--data-dir", data.to_str().unwrap()]);
    command
}

/// Runs to the end.
pub fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A running server.
pub struct Lazaret {
    child: Child,
    pub url: String,
    pub token: String,
    pub data: TempDir,
    database_url: Option<String>,
    archives: PathBuf,
    client: reqwest::Client,
}

impl Lazaret {
    /// Starts a server that watches an empty folder of archives and no engine.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, None).await
    }

    /// The same with an engine, as `DOCKER_HOST` names it.
    pub async fn start_with(database: Database, docker_host: Option<&str>) -> Self {
        let data = TempDir::new().unwrap();
        let archives = data.path().join("archives");
        std::fs::create_dir(&archives).unwrap();
        let database_url = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(new_postgres_database().await),
        };
        let (child, url, token) = spawn(data.path(), &archives, database_url.as_deref(), docker_host);
        let token = token.expect("the first start prints the admin token");
        Self { child, url, token, data, database_url, archives, client: reqwest::Client::new() }
    }

    /// A further command on this server's store.
    pub fn command(&self) -> Command {
        let mut command = lazaret(self.data.path());
        if let Some(url) = &self.database_url {
            command.args(["--database-url", url]);
        }
        command
    }

    /// The folder whose archives become images.
    pub fn archives(&self) -> &Path {
        &self.archives
    }

    /// Stops the server and starts it again on the same data.
    pub fn restart(&mut self) {
        self.stop();
        let (child, url, token) = spawn(self.data.path(), &self.archives, self.database_url.as_deref(), None);
        assert_eq!(token, None, "a token is printed only once");
        self.child = child;
        self.url = url;
    }

    /// SIGTERM, and the exit status of the graceful end.
    pub fn stop(&mut self) -> Option<i32> {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        for _ in 0..300 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        None
    }

    /// A POST of a GraphQL request; the whole answer.
    pub async fn graphql(&self, query: &str, variables: Value) -> Value {
        let answer = self
            .client
            .post(format!("{}/graphql", self.url))
            .bearer_auth(&self.token)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .body(json!({ "query": query, "variables": variables }).to_string())
            .send()
            .await
            .unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// `data` of an answer without errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.graphql(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
        answer["data"].take()
    }

    /// A GET with the admin token: status and body.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer =
            self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// A raw POST to `/graphql` with the admin token: status and body.
    pub async fn post_raw(&self, body: &str) -> (u16, String) {
        let request = self.client.post(format!("{}/graphql", self.url)).bearer_auth(&self.token);
        let answer =
            request.header("Content-Type", "application/json").body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Asks again until `ready` says yes of the answer's data, for at most a minute.
    pub async fn wait_for(&self, query: &str, ready: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..600 {
            last = self.data(query, json!({})).await;
            if ready(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("still not after a minute:\n{query}\n{last:#}");
    }

    /// Waits until the inventory holds `count` images and gives them.
    pub async fn images(&self, count: usize) -> Vec<Value> {
        let query = "{ images(first: 100) { nodes { id digest name } } }";
        let data =
            self.wait_for(query, |data| data["images"]["nodes"].as_array().unwrap().len() == count).await;
        data["images"]["nodes"].as_array().unwrap().clone()
    }

    /// Authorizes these images by mutation.
    pub async fn authorize(&self, ids: &[&str]) {
        let authorized = self
            .data(
                "mutation($ids: [ID!]!) { authorizeImages(input: { imageIds: $ids }) { userErrors { code message } } }",
                json!({ "ids": ids }),
            )
            .await;
        assert_eq!(authorized["authorizeImages"]["userErrors"], json!([]));
    }

    /// Authorizes and scans these images by mutation and waits for the end; the job.
    pub async fn scan(&self, ids: &[&str]) -> Value {
        self.authorize(ids).await;
        let started = self
            .data(
                "mutation($ids: [ID!]) { startScan(input: { scope: SELECTED, imageIds: $ids }) { scanJob { id status total } userErrors { code message } } }",
                json!({ "ids": ids }),
            )
            .await;
        assert_eq!(started["startScan"]["userErrors"], json!([]), "{started:#}");
        let id = started["startScan"]["scanJob"]["id"].as_str().unwrap();
        self.finished_job(id).await
    }

    /// Waits until a scan job has ended.
    pub async fn finished_job(&self, id: &str) -> Value {
        let query = format!(
            "{{ node(id: \"{id}\") {{ ... on ScanJob {{ id status total done failed cancelled progress }} }} }}"
        );
        let data = self
            .wait_for(&query, |data| !matches!(data["node"]["status"].as_str(), Some("QUEUED" | "RUNNING")))
            .await;
        data["node"].clone()
    }
}

impl Drop for Lazaret {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.stop();
        }
    }
}

fn spawn(
    data: &Path,
    archives: &Path,
    database: Option<&str>,
    docker: Option<&str>,
) -> (Child, String, Option<String>) {
    let mut command = lazaret(data);
    if let Some(url) = database {
        command.args(["--database-url", url]);
    }
    command.args(["serve", "--listen", "127.0.0.1:0", "--archives"]).arg(archives);
    // A socket that is not there: the machine's own engine is none of a test's business.
    command.env("DOCKER_HOST", docker.unwrap_or("unix:///nonexistent/docker.sock"));
    let log = std::fs::File::create(data.join("stderr.log")).unwrap();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut url, mut token) = (None, None);
    while url.is_none() {
        let Some(Ok(line)) = lines.next() else {
            panic!("serve ended early: {}", std::fs::read_to_string(data.join("stderr.log")).unwrap())
        };
        if let Some(at) = line.find("lzt_") {
            token = line[at..].split_whitespace().next().map(str::to_owned);
        }
        if let Some(at) = line.find("http://") {
            url = line[at..].split_whitespace().next().map(|url| url.trim_end_matches('/').to_owned());
        }
    }
    // What follows is read so that the pipe never fills; the token may stand after the URL.
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    if token.is_none() {
        while let Ok(line) = receiver.recv_timeout(Duration::from_secs(2)) {
            if let Some(at) = line.find("lzt_") {
                token = line[at..].split_whitespace().next().map(str::to_owned);
                break;
            }
        }
    }
    (child, url.unwrap(), token)
}

async fn new_postgres_database() -> String {
    let server = std::env::var("LAZARET_TEST_POSTGRES").unwrap();
    let server = server.trim_end_matches('/');
    let mut random = [0; 8];
    getrandom::fill(&mut random).unwrap();
    let name = format!("lazaret_e2e_{}", hex::encode(random));
    let admin = sea_orm::Database::connect(format!("{server}/postgres")).await.unwrap();
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    format!("{server}/{name}")
}
