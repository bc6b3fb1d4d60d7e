use super::*;
use crate::model::{
    cadence::Cadence,
    environment::{Environment, KeyHome},
    estate,
    identity::{Auth, Identity, Kind},
    name::Name,
    root::Root,
};
use std::collections::BTreeMap;

type Files = BTreeMap<String, String>;

/// The usual workspace, an unusual one, and the longest that there can be.
fn samples() -> Vec<(String, DnsName)> {
    let longest = "d.".repeat(120) + "ab";
    [
        ("Example Home", "example.internal"),
        ("O'Brien & Söhne #2 = {name}, @ENV@ 世界", "LAN"),
        (&"ü".repeat(LONGEST_NAME), &longest),
    ]
    .map(|(name, domain)| (name.to_owned(), domain.parse().unwrap()))
    .to_vec()
}

fn files(name: &str, domain: &DnsName) -> Files {
    let files = Scaffold::new(name, domain).unwrap().files();
    let count = files.len();
    let files: Files = files.into_iter().collect();
    assert_eq!(files.len(), count, "a path occurs twice");
    files
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn environment(files: &Files, env: &str) -> Environment {
    let path = layout::environment(&name(env));
    Environment::parse(name(env), &path, files[&path].as_bytes()).unwrap()
}

fn identity(files: &Files, env: &Environment, of: &str) -> Identity {
    let path = layout::declaration(&env.name, &name(of));
    Identity::parse(env, name(of), &path, files[&path].as_bytes()).unwrap()
}

/// Everything that init declares, through the parsers.
fn parse(files: &Files) -> (Root, Vec<Environment>, Vec<Identity>) {
    let root = Root::parse(layout::ROOT, files[layout::ROOT].as_bytes()).unwrap();
    let environments = vec![environment(files, "test"), environment(files, "prod")];
    let all = |env| ["vault-server", "hello"].map(|of| identity(files, env, of));
    let identities = environments.iter().flat_map(all).collect();
    (root, environments, identities)
}

#[test]
fn init_writes_these_files() {
    let domain = "example.internal".parse().unwrap();
    let files = files("Example Home", &domain);
    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    let expected = [
        ".gitignore",
        "ca/prod/environment.toml",
        "ca/root/root.toml",
        "ca/test/environment.toml",
        "identities/policies/kv-read.hcl",
        "identities/policies/self-renew.hcl",
        "identities/prod/hello/identity.toml",
        "identities/prod/vault-server/identity.toml",
        "identities/test/hello/identity.toml",
        "identities/test/vault-server/identity.toml",
    ];
    assert_eq!(paths, expected);
    let ignored = ["key.pem", &format!("/{}", layout::PENDING), &format!("/{}", layout::SITE)];
    for ignored in ignored {
        assert!(files[".gitignore"].lines().any(|line| line == ignored), "{ignored}");
    }
    let reminded = layout::REMINDED.strip_suffix("json").unwrap_or_default();
    assert!(files[".gitignore"].contains(&format!("\n/{reminded}*\n")));
    for (path, text) in &files {
        assert!(!text.contains('@') && text.ends_with('\n'), "{path}");
    }
}

#[test]
fn the_declarations_pass_as_they_are() {
    for (name, domain) in samples() {
        let (root, environments, identities) = parse(&files(&name, &domain));
        assert_eq!(root.subject.organization, name);
        assert_eq!(root.subject.common_name, format!("{name} Root"));
        assert_eq!(estate::shared(&environments), []);
        for env in &environments {
            let home = format!("{}.{domain}", env.name);
            assert_eq!(env.home().as_str(), home);
            assert_eq!(env.declared.trust_domain.as_str(), home);
            assert_eq!(env.declared.address, format!("https://vault.{home}:8200"));
            assert_eq!(env.declared.runtime_owner, format!("vault-{}", env.name));
            let keys = env.declared.intermediates.values().map(|ca| ca.key);
            assert_eq!(keys.collect::<Vec<_>>(), [KeyHome::Local, KeyHome::Vault]);
        }
        for pair in identities.chunks(2) {
            let [listener, app] = pair else { panic!("{pair:?}") };
            let home = format!("{}.{domain}", app.environment);
            assert_eq!(listener.declared.kind, Kind::Listener);
            assert_eq!(listener.dns, [format!("vault.{home}").parse().unwrap()]);
            assert_eq!(app.uri, Some(format!("spiffe://{home}/app/hello")));
            assert_eq!(app.declared.auth, [Auth::Cert]);
        }
    }
}

#[test]
fn what_the_comments_offer_passes_too() {
    for (name, domain) in samples() {
        let offered = |line: &str| match line.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
                key.to_owned()
            }
            _ => line.to_owned(),
        };
        let mut files = files(&name, &domain);
        for text in files.values_mut() {
            *text = text.lines().map(|line| offered(line) + "\n").collect();
        }
        let (root, environments, identities) = parse(&files);
        assert!(root.subject.country.is_some());
        assert_eq!(estate::shared(&environments), []);
        assert!(environments.iter().all(|env| env.declared.mounts.path("transit").is_some()));
        assert!(environments.iter().all(|env| env.declared.kubernetes.is_some()));
        assert!(identities.iter().all(|identity| identity.declared.key.is_some()));
        // What is offered of cadences is what holds when nothing is declared.
        assert_eq!(root.rotation.root(), Cadence::root());
        assert_eq!(root.rotation.crl(), Cadence::root_crl());
        let declared = &environments[0].declared;
        let ca = &declared.intermediates[&self::name("identity")];
        assert_eq!((ca.cadence(), ca.crl_cadence()), (Cadence::intermediate(), Cadence::crl()));
        assert_eq!(declared.identity.cadence(Kind::App), Cadence::identity());
        assert_ne!(declared.identity.cadence(Kind::Listener), Cadence::identity());
    }
}

#[test]
fn policies_are_there_and_name_declared_mounts() {
    let domain = "example.internal".parse().unwrap();
    let files = files("Example Home", &domain);
    let (_, environments, identities) = parse(&files);
    for policy in identities.iter().flat_map(|identity| &identity.declared.policies) {
        assert!(files.contains_key(&format!("{}/{policy}.hcl", layout::POLICIES)), "{policy}");
    }
    for (_, text) in POLICIES {
        for mount in text.split("{mounts.").skip(1).map(|rest| rest.split('}').next().unwrap()) {
            let has = |env: &Environment| env.declared.mounts.path(mount).is_some();
            assert!(environments.iter().all(has), "{mount}");
        }
    }
}

#[test]
fn names_that_cannot_stand_in_a_subject_are_refused() {
    let domain = "example.internal".parse().unwrap();
    let long = "x".repeat(LONGEST_NAME + 1);
    for name in
        ["", " ", " x", "x ", "x\u{a0}", "a\nb", "a\x1bb", "a\u{202e}b", "a\"b", "a\\b", &long]
    {
        let refused = Scaffold::new(name, &domain).unwrap_err();
        assert!(refused.starts_with("got the name "), "{refused}");
        assert!(refused.contains(", expected ") && refused.chars().all(is_plain), "{refused}");
    }
}

#[test]
fn the_limits_are_those_of_the_parsers() {
    let domain = "example.internal".parse().unwrap();
    let long = "x".repeat(LONGEST_NAME + 1);
    let files: Files = Scaffold { name: &long, domain: &domain }.files().into_iter().collect();
    assert!(Root::parse(layout::ROOT, files[layout::ROOT].as_bytes()).is_err());

    let (_, longest) = samples().pop().unwrap();
    assert_eq!(longest.as_str().len(), LONGEST_DOMAIN);
    let longer: DnsName = format!("{longest}x").parse().unwrap();
    assert!(format!("vault.prod.{longer}").parse::<DnsName>().is_err());
    let refused = Scaffold::new("Example Home", &longer).unwrap_err();
    assert_eq!(refused, "got a domain of 243 characters, expected at most 242");
}
