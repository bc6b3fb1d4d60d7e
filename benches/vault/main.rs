//! `vault apply` and `vault plan` beside the bare requests:
//! `cargo bench --bench vault [-- apply|plan|workers]`.
//!
//! 1,000 identities with 2,000 policies on a real OpenBao with raft storage, over mutual TLS. The
//! limit is a loop of the very same requests over reqwest, each worker with a client of its own.
//! Medians of pairs measured in turn; servers are fresh, and the disk is the same.
#![expect(clippy::disallowed_methods, reason = "benches look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a bench fails where it stands")]
#![expect(clippy::print_stdout, reason = "what is measured is printed")]

#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/vaults/mod.rs"]
mod vaults;

use common::Site;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use vaults::{Server, Setup, estate};

const IDENTITIES: usize = 1_000;
/// As many as rootward has.
const WORKERS: usize = 8;

fn main() {
    // cargo passes --bench; whatever else is given selects.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    let site = crowded();
    if is_wanted("apply") {
        apply(&site);
    }
    if !is_wanted("plan") && !is_wanted("workers") {
        return;
    }
    let server = fresh(&site);
    server.apply();
    let reads = reads(&server);
    if is_wanted("plan") {
        plan(&server, &reads);
    }
    if is_wanted("workers") {
        workers(&server, &reads);
    }
}

/// The first apply beside the bare writes, each on a fresh server.
fn apply(site: &Site) {
    let mut pairs = Vec::new();
    for round in 0..3 {
        pairs.push(match round % 2 {
            0 => (applied(site), bare_applied(site)),
            _ => {
                let bare = bare_applied(site);
                (applied(site), bare)
            }
        });
    }
    report("first apply / bare requests", &pairs, "<= 1.11, which is 0.9 of their rate");
}

/// A plan that finds nothing to do beside the bare reads.
fn plan(server: &Server, reads: &[Request]) {
    println!("{:44} {} requests", "a plan without changes", reads.len());
    let plan = || {
        seconds(|| {
            server.rootward(&["vault", "plan", "prod", "--exit-code"]).ok();
        })
    };
    plan();
    let bare = || seconds(|| ask_all(server, reads, WORKERS));
    let pairs: Vec<_> = (0..9).map(|_| (plan(), bare())).collect();
    report("plan without changes / bare reads", &pairs, "<= 1.2");
}

/// The example with many more identities, each with a policy of its own and one for its CI.
fn crowded() -> Site {
    let site = estate();
    for number in 0..IDENTITIES {
        let dir = format!("identities/prod/app-{number}");
        std::fs::create_dir(site.path(&dir)).unwrap();
        site.write(
            &format!("{dir}/identity.toml"),
            "version = 1\nkind = \"app\"\npolicies = [\"kv-read\", \"db-creds\", \"self-renew\"]\n\
             ops = [\"kv-write\", \"self-renew\"]\nauth = [\"cert\"]\n",
        );
    }
    site
}

fn fresh(site: &Site) -> Server<'_> {
    let dir = site.beside("server-prod");
    if dir.exists() {
        std::fs::remove_dir_all(dir).unwrap();
    }
    Server::with(site, "prod", Setup { raft: true, ..Setup::default() })
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn applied(site: &Site) -> f64 {
    let server = fresh(site);
    seconds(|| {
        server.apply();
    })
}

/// Method, path, body.
type Request = (&'static str, String, Value);

/// The writes of a plan, kind by kind, since one kind stands on the one before.
fn bare_applied(site: &Site) -> f64 {
    let server = fresh(site);
    let file = site.beside("plan.json").display().to_string();
    server.rootward(&["vault", "plan", "prod", "-o", &file]).ok();
    let plan: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let steps = plan["steps"].as_array().unwrap().clone();
    seconds(|| {
        for kind in steps.chunk_by(|one, next| one["address"]["kind"] == next["address"]["kind"]) {
            let requests: Vec<Request> = match kind[0]["address"]["kind"].as_str().unwrap() {
                "alias" => aliases(&server, kind),
                _ => kind.iter().map(|step| ("PUT", path(step), step["body"].clone())).collect(),
            };
            ask_all(&server, &requests, WORKERS);
        }
    })
}

fn path(step: &Value) -> String {
    step["address"]["path"].as_str().unwrap().to_owned()
}

fn aliases(server: &Server, steps: &[Value]) -> Vec<Request> {
    let listed = server.api("GET", "identity/entity/id?list=true", &Value::Null);
    let infos = listed["data"]["key_info"].as_object().unwrap();
    let ids: std::collections::BTreeMap<&str, &String> =
        infos.iter().map(|(id, info)| (info["name"].as_str().unwrap(), id)).collect();
    let mounts = server.api("GET", "sys/auth", &Value::Null);
    let alias = |step: &Value| {
        let path = path(step);
        let (entity, mount) = path.split_once('@').unwrap();
        let body = json!({
            "name": step["body"]["name"], "canonical_id": ids[entity],
            "mount_accessor": mounts["data"][format!("{mount}/")]["accessor"],
        });
        ("PUT", "identity/entity-alias".to_owned(), body)
    };
    steps.iter().map(alias).collect()
}

/// What a plan has to ask: the bulk reads, and each role.
fn reads(server: &Server) -> Vec<Request> {
    let mut paths: Vec<String> = [
        "sys/mounts",
        "sys/auth",
        "sys/policies/detailed/acl?list=true",
        "identity/entity/id?list=true",
    ]
    .map(str::to_owned)
    .into();
    for base in
        ["auth/cert/certs", "auth/cert/crls", "auth/approle/role", "auth/gitea/role", "pki/roles"]
    {
        let listed = server.api("GET", &format!("{base}?list=true"), &Value::Null);
        let names = listed["data"]["keys"].as_array().unwrap();
        paths.push(format!("{base}?list=true"));
        paths.extend(names.iter().map(|name| format!("{base}/{}", name.as_str().unwrap())));
    }
    paths.extend(["auth/cert/config", "auth/gitea/config"].map(str::to_owned));
    paths.into_iter().map(|path| ("GET", path, Value::Null)).collect()
}

/// All of them by so many workers, each with its own connection; each must succeed.
fn ask_all(server: &Server, requests: &[Request], workers: usize) {
    let dir = server.site.path("identities/prod/operator");
    let file = |name: &str| std::fs::read(dir.join(name)).unwrap();
    let (chain, key, token) = (file("chain.pem"), file("key.pem"), server.token());
    let next = AtomicUsize::new(0);
    let work = || {
        let http = server.client_of(&chain, &key);
        while let Some((method, path, body)) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let mut request = http.request(method, format!("{}/v1/{path}", server.url()));
            request = request.header("X-Vault-Token", &token);
            if !body.is_null() {
                request = request.body(body.to_string());
            }
            let answer = request.send().unwrap();
            assert!(answer.status().is_success(), "{path}: {answer:?}");
            answer.bytes().unwrap();
        }
    };
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
}

/// What more workers gain, beside one.
fn workers(server: &Server, reads: &[Request]) {
    let policy = json!({ "policy": "path \"kvv2/data/x\" {\n  capabilities = [\"read\"]\n}\n" });
    let writes = |round: usize| -> Vec<Request> {
        let path = |number: usize| format!("sys/policies/acl/bench-{round}-{number}");
        (0..300).map(|number| ("PUT", path(number), policy.clone())).collect()
    };
    let numbers = [1, 2, 4, 8, 16];
    let mut rates: Vec<[Vec<f64>; 2]> = vec![Default::default(); numbers.len()];
    for round in 0..9 {
        for (index, workers) in numbers.into_iter().enumerate() {
            let writes = writes(round * 10 + index);
            let rate = |requests: &[Request]| {
                requests.len() as f64 / seconds(|| ask_all(server, requests, workers))
            };
            rates[index][0].push(rate(reads));
            rates[index][1].push(rate(&writes));
        }
    }
    let base = [median(rates[0][0].clone()), median(rates[0][1].clone())];
    for (index, workers) in numbers.into_iter().enumerate() {
        let gain = |what: usize| median(rates[index][what].clone()) / base[what];
        println!("{workers:3} workers beside one: reads {:5.2}, writes {:5.2}", gain(0), gain(1));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn report(what: &str, pairs: &[(f64, f64)], goal: &str) {
    let ratio = median(pairs.iter().map(|(ours, limit)| ours / limit).collect());
    let (ours, limit): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (ours, limit) = (median(ours), median(limit));
    println!("{what:44} {ratio:6.2}   (goal {goal}; here {ours:.2} s / {limit:.2} s)");
}
