//! `vault apply` is killed at any moment, the server is restarted, sealed or slowed meanwhile: the
//! next apply leads to the end, and until then nobody may do more than what was declared before or
//! is declared now.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod vaults;

use common::Site;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use vaults::{Login, Server, Setup, estate, jwt};

/// Of the moments; printed with a failure.
const SEED: u64 = 20_261_122;

/// How often an apply that is under way is killed.
const KILLS: usize = 20;

struct Random(u64);

impl Random {
    /// Below `end` (SplitMix64).
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What is looked at: a path of each kind for each name, and some that are nobody's.
const NAMES: [&str; 6] = ["caddy", "ci-deploy", "coturn", "operator", "sygnal", "synapse"];
const NOBODYS: [&str; 6] = [
    "kvv2/data/other/x",
    "sys/policies/acl/synapse",
    "auth/token/create",
    "auth/cert/certs/synapse",
    "identity/entity",
    "sys/seal",
];

fn paths() -> Vec<String> {
    let own = NAMES.iter().flat_map(|name| {
        ["kvv2/data/N/x", "postgres/creds/N", "pki/issue/N", "transit/sign/N"]
            .map(|path| path.replace('N', name))
    });
    let nobodys = NOBODYS.iter().map(|path| (*path).to_owned());
    own.chain(nobodys).chain(["sys/storage/raft/snapshot".to_owned()]).collect()
}

/// `PATH capability`.
type Rights = BTreeSet<String>;

/// What templates of that name give to an identity.
fn rights(name: &str, templates: &[&str]) -> Rights {
    let of = |template: &&str| match *template {
        "kv-read" => vec![format!("kvv2/data/{name}/x read")],
        "kv-write" => ["create", "update"].map(|verb| format!("kvv2/data/{name}/x {verb}")).into(),
        "db-creds" => vec![format!("postgres/creds/{name} read")],
        "pki-issue" => vec![format!("pki/issue/{name} update")],
        "transit" => vec![format!("transit/sign/{name} update")],
        "snapshot" => vec!["sys/storage/raft/snapshot read".to_owned()],
        other => panic!("{other}"),
    };
    templates.iter().flat_map(of).collect()
}

/// Login -> rights: `synapse`, and `synapse-ops` for its CI.
type Declared = BTreeMap<&'static str, Rights>;

fn declared(list: &[(&'static str, &[&str])]) -> Declared {
    list.iter()
        .map(|(login, templates)| (*login, rights(login.trim_end_matches("-ops"), templates)))
        .collect()
}

/// The example as it is.
fn one() -> Declared {
    declared(&[
        ("caddy", &["pki-issue"]),
        ("ci-deploy", &["transit"]),
        ("coturn", &["kv-read", "pki-issue"]),
        ("operator", &["snapshot"]),
        ("sygnal", &["kv-read"]),
        ("synapse", &["kv-read", "db-creds"]),
        ("synapse-ops", &["kv-write"]),
    ])
}

/// Narrower, wider, other; shorter tokens; the CI of one and of the other change hands.
fn another(site: &Site) -> Declared {
    let policies = |name: &str, before: &str, after: &str| {
        site.edit(&format!("identities/prod/{name}/identity.toml"), before, after);
    };
    policies("synapse", "\"kv-read\", \"db-creds\", ", "\"kv-read\", ");
    policies(
        "coturn",
        "\"kv-read\", \"pki-issue\", ",
        "\"kv-read\", \"pki-issue\", \"db-creds\", ",
    );
    policies("caddy", "\"pki-issue\", ", "\"transit\", ");
    policies("sygnal", "auth = [\"approle\"]", "auth = [\"approle\", \"cert\"]");
    policies("synapse", "example/synapse", "example/deploy");
    policies("ci-deploy", "example/deploy", "example/synapse");
    let environment = site.read("ca/prod/environment.toml");
    site.write("ca/prod/environment.toml", &(environment + "\n[tokens]\nttl = \"30m\"\n"));
    declared(&[
        ("caddy", &["transit"]),
        ("ci-deploy", &["transit"]),
        ("coturn", &["kv-read", "pki-issue", "db-creds"]),
        ("operator", &["snapshot"]),
        ("sygnal", &["kv-read"]),
        ("synapse", &["kv-read"]),
        ("synapse-ops", &["kv-write"]),
    ])
}

/// Whoever gets in.
fn logins(server: &Server) -> Vec<(&'static str, Login)> {
    let mut logins = Vec::new();
    for name in NAMES {
        let login = server.cert_login(&format!("prod/{name}"), Some(name));
        logins.extend(login.ok().map(|login| (name, login)));
    }
    logins.extend(server.approle_login("sygnal").ok().map(|login| ("sygnal", login)));
    for repository in ["example/synapse", "example/deploy"] {
        for (login, role) in [("synapse-ops", "synapse"), ("ci-deploy", "ci-deploy")] {
            let role = format!("gitea_cicd_{role}");
            let jwt = jwt("prod", repository);
            logins.extend(server.jwt_login(&role, &jwt).ok().map(|it| (login, it)));
        }
    }
    logins
}

/// Nobody may do more than one of the two declarations says; gives how many got in.
#[track_caller]
fn look(server: &Server, allowed: &[&Declared], when: &str) -> usize {
    let (paths, logins) = (paths(), logins(server));
    for (name, login) in &logins {
        assert_eq!(login.token_policies, [*name], "{when}");
        assert!(login.identity_policies.is_empty(), "{when}: {name}: {login:?}");
        let path = format!("identity/entity/id/{}", login.entity);
        let entity = server.api("GET", &path, &Value::Null);
        let (own, entity) =
            (name.trim_end_matches("-ops"), entity["data"]["name"].as_str().unwrap());
        // One that the server made is nobody's: it has nothing, and its next login is at home.
        let is_own = entity == own || allowed.len() > 1 && entity.starts_with("entity_");
        assert!(is_own, "{when}: {name} is {entity}");
        let body = json!({ "token": login.token, "paths": paths });
        let found = server.api("POST", "sys/capabilities", &body);
        let may = paths.iter().flat_map(|path| {
            let verbs = found["data"][path].as_array().cloned().unwrap_or_default();
            verbs.into_iter().map(move |verb| format!("{path} {}", verb.as_str().unwrap()))
        });
        let may: Rights = may.filter(|right| !right.ends_with(" deny")).collect();
        let all: Rights = allowed.iter().flat_map(|declared| declared[name].clone()).collect();
        let more: Vec<_> = may.difference(&all).collect();
        assert!(more.is_empty(), "{when}: {name} may {more:?}");
    }
    logins.len()
}

fn begin(server: &Server) -> Child {
    let mut command = server.command(&["vault", "apply", "prod", "--yes"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn kill(mut child: Child) -> bool {
    let was_running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    was_running
}

/// How long a whole apply takes here, from these declarations.
fn duration(server: &Server) -> Duration {
    let start = Instant::now();
    server.apply();
    start.elapsed()
}

#[test]
fn the_first_apply_may_end_anywhere() {
    let (site, mut random) = (estate(), Random(SEED));
    let declared = one();
    let whole = duration(&Server::start(&site, "prod"));
    let mut killed = 0;
    for round in 0..8 {
        let server = Server::start(&site, "prod");
        let when = format!("seed {SEED}, first apply, round {round}");
        for _ in 0..3 {
            let moment = Duration::from_micros(random.below(whole.as_micros() as u64));
            let child = begin(&server);
            sleep(moment);
            killed += usize::from(kill(child));
            look(&server, &[&declared], &when);
        }
        server.apply();
        assert_eq!(look(&server, &[&declared], &when), 7, "{when}");
    }
    assert!(killed >= 5, "only {killed} were killed while they ran");
}

#[test]
fn a_change_may_end_anywhere_and_the_server_with_it() {
    let mut random = Random(SEED);
    let site = estate();
    let before = site.beside("before");
    copy(&site, &before);
    let (old, new) = (one(), another(&site));
    let after = site.beside("after");
    copy(&site, &after);
    let mut server = Server::with(&site, "prod", Setup { raft: true, ..Setup::default() });
    server.apply();
    restore(&site, &before);
    let mut whole = duration(&server);
    let (mut killed, mut round) = (0, 0);
    while killed < KILLS {
        round += 1;
        assert!(round < 3 * KILLS, "only {killed} were killed while they ran");
        // There and back.
        let declarations = if round % 2 == 0 { &before } else { &after };
        restore(&site, declarations);
        let when = format!("seed {SEED}, round {round}");
        let moment = Duration::from_micros(random.below(whole.as_micros() as u64));
        let (child, before_it) = (begin(&server), killed);
        match round % 5 {
            1 => {
                sleep(moment);
                server.kill();
                sleep(Duration::from_millis(50));
                killed += usize::from(kill(child));
                server.run();
                server.unseal();
            }
            2 => {
                sleep(moment);
                server.seal();
                killed += usize::from(kill(child));
                server.unseal();
            }
            3 => {
                sleep(moment / 2);
                server.signal(Signal::STOP);
                sleep(Duration::from_millis(100));
                server.signal(Signal::CONT);
                sleep(moment / 2);
                killed += usize::from(kill(child));
            }
            _ => {
                sleep(moment);
                killed += usize::from(kill(child));
            }
        }
        if killed == before_it {
            whole = whole * 9 / 10; // it had ended: the next moment is earlier
        }
        look(&server, &[&old, &new], &when);
        if round % 3 == 2 {
            server.apply();
            let declared = if round % 2 == 0 { &old } else { &new };
            assert!(look(&server, &[declared], &when) >= 7, "{when}");
        }
    }
    server.apply();
    server.rootward(&["vault", "plan", "prod", "--deep", "--exit-code"]).ok();
}

/// The declarations of prod.
fn copy(site: &Site, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::copy(site.path("ca/prod/environment.toml"), to.join("environment.toml")).unwrap();
    for name in NAMES {
        let file = site.path(&format!("identities/prod/{name}/identity.toml"));
        std::fs::copy(file, to.join(name)).unwrap();
    }
}

fn restore(site: &Site, from: &std::path::Path) {
    std::fs::copy(from.join("environment.toml"), site.path("ca/prod/environment.toml")).unwrap();
    for name in NAMES {
        let file = site.path(&format!("identities/prod/{name}/identity.toml"));
        std::fs::copy(from.join(name), file).unwrap();
    }
}
