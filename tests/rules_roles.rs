//! `policy lint --roles`: each fault planted by itself in a dump of roles that is clean without; and
//! the same found on a real server.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
#[cfg(feature = "vault")]
mod vaults;

use common::{Run, Site};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// With prod/identity and test/identity, and a second identity in prod.
static READY: LazyLock<common::Template> = LazyLock::new(|| {
    let site = Site::prepared();
    site.keyed(&["intermediate", "request", "test/identity"]).ok();
    site.keyed(&["intermediate", "sign", "test/identity"]).ok();
    let text = site.read("identities/prod/hello/identity.toml");
    std::fs::create_dir(site.path("identities/prod/web")).unwrap();
    site.write("identities/prod/web/identity.toml", &text);
    common::Template::of(&site)
});

struct Roles {
    site: Site,
    roles: Value,
}

impl Roles {
    /// As `vault apply` writes them, for prod/hello and prod/web.
    fn clean() -> Self {
        let site = READY.site();
        let ca = site.read("ca/prod/identity/g1/cert.pem");
        let role = |name: &str| {
            json!({
                "certificate": ca,
                "display_name": name,
                "allowed_common_names": [name],
                "allowed_uri_sans": format!("spiffe://prod.example.internal/app/{name}"),
                "allowed_names": null,
                "ocsp_ca_certificates": "",
                "token_policies": [name],
                "token_no_default_policy": true,
                "token_num_uses": 0,
                "token_ttl": 3600,
                "token_max_ttl": "24h",
                "token_period": 0,
            })
        };
        let roles = json!({ "hello": role("hello"), "web": role("web") });
        Self { site, roles }
    }

    fn with(change: impl Fn(&Site, &mut Value)) -> Self {
        let mut this = Self::clean();
        change(&this.site, &mut this.roles);
        this
    }

    fn lint(&self) -> Run {
        let text = serde_json::to_string_pretty(&self.roles).unwrap();
        std::fs::write(self.site.beside("roles.json"), text).unwrap();
        let file = self.site.beside("roles.json").display().to_string();
        self.site.run(&["policy", "lint", "--env", "prod", "--roles", &file])
    }

    /// Exactly these, each in the file with a line.
    #[track_caller]
    fn finds(&self, expected: &[(&str, &str)]) {
        let run = self.lint();
        assert_eq!(run.code, if expected.is_empty() { 0 } else { 3 }, "{run:?}");
        let lines: Vec<&str> = run.stdout.lines().collect();
        let fits = |(line, (id, said)): (&&str, &(&str, &str))| {
            let place = line.strip_prefix(&format!("{id}: ")).unwrap_or_default();
            let after = place.split("/roles.json:").nth(1).unwrap_or_default();
            after.starts_with(|c: char| c.is_ascii_digit()) && line.contains(said)
        };
        let same = lines.len() == expected.len() && lines.iter().zip(expected).all(fits);
        assert!(same, "expected {expected:#?} in {run:#?}");
    }
}

/// One field of the role `hello` is other than it should be.
#[track_caller]
fn field(name: &str, value: Value, id: &str, said: &str) {
    Roles::with(|_, roles| roles["hello"][name] = value.clone()).finds(&[(id, said)]);
}

#[test]
fn roles_as_declared_are_clean_in_every_form() {
    let roles = Roles::clean();
    roles.finds(&[]);
    let file = roles.site.beside("lines.json");
    let lines = format!("{{\"data\": {}}}\n{}\n", roles.roles["hello"], roles.roles["web"]);
    std::fs::write(&file, lines).unwrap();
    let run = roles.site.run(&["policy", "lint", "--roles", &file.display().to_string()]).ok();
    assert!(run.stderr.contains("2 roles"), "{run:?}");
}

#[test]
fn a_role_without_limits_is_found_and_what_it_captures() {
    Roles::with(|_, roles| {
        roles["hello"]["allowed_common_names"] = json!([]);
        roles["hello"]["allowed_uri_sans"] = json!("");
    })
    .finds(&[
        (
            "ROLE-UNCONSTRAINED",
            "role hello: it limits nothing, expected allowed_common_names and allowed_uri_sans",
        ),
        ("ROLE-CAPTURE", "it comes before web and takes its certificates"),
    ]);
    // The last captures nothing.
    Roles::with(|_, roles| {
        roles["web"]["allowed_common_names"] = json!([]);
        roles["web"]["allowed_uri_sans"] = json!([]);
        roles["web"]["allowed_organizational_units"] = json!(["ops"]);
    })
    .finds(&[("ROLE-UNCONSTRAINED", "role web: it limits allowed_organizational_units alone")]);
    // One of both is a limit; a leaf that is taken byte for byte is one, too.
    Roles::with(|_, roles| roles["hello"]["allowed_uri_sans"] = json!([])).finds(&[]);
    Roles::with(|site, roles| {
        roles["web"]["certificate"] = json!(site.read("identities/prod/hello/cert.pem"));
        roles["web"]["allowed_common_names"] = json!([]);
        roles["web"]["allowed_uri_sans"] = json!([]);
    })
    .finds(&[]);
}

#[test]
fn a_role_that_trusts_another_ca_than_its_environments_is_found() {
    let id = "ROLE-FOREIGN-ISSUER";
    let pinned = |path: &'static str| {
        Roles::with(move |site, roles| roles["hello"]["certificate"] = json!(site.read(path)))
    };
    pinned("ca/root/g1/cert.pem").finds(&[(
        "ROLE-ROOT-PINNED",
        "role hello: it trusts root@g1 (Example Home Root), expected prod/identity",
    )]);
    // Among others is as bad.
    pinned("ca/prod/identity/g1/chain.pem").finds(&[("ROLE-ROOT-PINNED", "it trusts root@g1")]);
    pinned("ca/test/identity/g1/cert.pem").finds(&[(id, "role hello: it trusts test/identity")]);
    field("certificate", json!("nothing"), id, "its certificate is none");
    let foreign = Roles::clean();
    let other = Site::ready();
    let mut roles = foreign;
    roles.roles["hello"]["certificate"] = json!(other.read("ca/root/g1/cert.pem"));
    roles.finds(&[("ROLE-ROOT-PINNED", "a root that is not ours")]);
    roles.roles["hello"]["certificate"] = json!(other.read("ca/prod/identity/g1/cert.pem"));
    roles.finds(&[(id, "a CA that is not ours")]);
    let ca = roles.site.read("ca/prod/identity/g1/cert.pem");
    roles.roles["hello"]["certificate"] = json!(ca);
    roles.roles["hello"]["ocsp_ca_certificates"] = json!(ca);
    roles.finds(&[("ROLE-OCSP-CA", "role hello: ocsp_ca_certificates is set")]);
}

#[test]
fn two_roles_for_one_name_are_found_on_both() {
    let id = "ROLE-COLLISION";
    let both = [
        (id, "role hello: it takes the common name web, as the role web does"),
        (id, "role web: it takes the common name web, as the role hello does"),
    ];
    Roles::with(|_, roles| roles["hello"]["allowed_common_names"] = json!("hello, web"))
        .finds(&both);
    // A certificate with both URIs, whatever its common name.
    Roles::with(|_, roles| {
        for name in ["hello", "web"] {
            roles[name]["allowed_common_names"] = json!([]);
            roles[name]["allowed_uri_sans"] = json!("spiffe://prod.example.internal/app/web");
        }
    })
    .finds(&[(id, "role hello: it takes a certificate, as the role web"), (id, "role web: ")]);
    // What trusts another CA takes other certificates.
    let apart = Roles::with(|site, roles| {
        roles["hello"]["allowed_common_names"] = json!("web");
        roles["hello"]["certificate"] = json!(site.read("ca/test/identity/g1/cert.pem"));
    });
    apart.finds(&[("ROLE-FOREIGN-ISSUER", "")]);
}

#[test]
fn what_else_a_role_allows_is_found() {
    let glob = Roles::with(|_, roles| roles["hello"]["allowed_common_names"] = json!(["hello*"]));
    glob.finds(&[("ROLE-GLOB", "allowed_common_names has \"hello*\"")]);
    let glob = Roles::with(|_, roles| roles["hello"]["allowed_common_names"] = json!(["*b"]));
    let collides = ("ROLE-COLLISION", "the common name web");
    let found = glob.lint();
    assert!(found.stdout.contains(collides.0) && found.stdout.contains(collides.1), "{found:?}");
    Roles::with(|_, roles| {
        roles["hello"]["allowed_common_names"] = json!([]);
        roles["hello"]["allowed_uri_sans"] = json!([]);
        roles["hello"]["allowed_names"] = json!(["hello"]);
    })
    .finds(&[("ROLE-NAMES", "role hello: allowed_names without allowed_uri_sans")]);
}

#[test]
fn what_a_login_gives_is_found() {
    let id = "ROLE-POLICY";
    field(
        "token_policies",
        json!(["hello", "root"]),
        id,
        "it gives the policy root, expected hello",
    );
    field("token_policies", json!(["web"]), id, "it gives web, the policy of prod/web");
    field("token_policies", json!([]), id, "it gives no policy");
    field("policies", json!("root"), id, "it gives the policy root");
    let id = "ROLE-LIFETIME";
    field("token_ttl", json!(7200), id, "token_ttl is 7200 seconds, expected 3600 at most");
    field(
        "token_max_ttl",
        json!("768h0m0s"),
        id,
        "token_max_ttl is 2764800 seconds, expected 86400",
    );
    field("token_period", json!(60), id, "token_period is 60 seconds, expected 0 at most");
    let id = "ROLE-RENEWAL";
    field("token_num_uses", json!(5), id, "token_num_uses is 5, expected 0");
    let roles = Roles::clean();
    roles.site.edit("identities/prod/hello/identity.toml", ", \"self-renew\"", "");
    let run = roles.lint();
    assert!(
        run.stdout.contains("ROLE-RENEWAL") && run.stdout.contains("POLICY-RENEWAL"),
        "{run:?}"
    );
}

#[test]
fn a_file_that_holds_no_roles_is_named() {
    let roles = Roles::clean();
    let file = roles.site.beside("roles.json");
    std::fs::write(&file, "\n[7]").unwrap();
    let run = roles.site.run(&["policy", "lint", "--roles", &file.display().to_string()]);
    run.fails(2, "roles.json:2: got no object, expected a role");
}

/// Whatever somebody made on a server by hand is found there, too.
#[cfg(feature = "vault")]
#[test]
fn roles_on_a_real_server_are_judged() {
    let site = vaults::estate();
    let setup = vaults::Setup { clients: vec!["prod", "test"], ..Default::default() };
    let prod = vaults::Server::with(&site, "prod", setup);
    prod.apply();
    let lint = || prod.rootward(&["policy", "lint", "--live", "prod"]);
    let clean = lint().ok();
    assert!(clean.stderr.contains("the server of prod: 4 roles"), "{clean:?}");
    let planted = json!({
        "certificate": site.read("ca/root/g1/cert.pem"),
        "token_policies": "synapse",
    });
    prod.api("POST", "auth/cert/certs/aaa", &planted);
    let run = lint().fails(3, "");
    for found in [
        "ROLE-UNCONSTRAINED: auth/cert/certs/aaa: role aaa: it limits nothing",
        "ROLE-ROOT-PINNED: auth/cert/certs/aaa: role aaa: it trusts root@g1",
        "ROLE-POLICY: auth/cert/certs/aaa: role aaa: it gives synapse, the policy of prod/synapse",
        "ROLE-LIFETIME: auth/cert/certs/aaa: role aaa: token_ttl is 0",
    ] {
        assert!(run.stdout.contains(found), "{found:?} in {}", run.stdout);
    }
    // The server agrees: a certificate of test logs in by it.
    let login = prod.cert_login("test/coturn", Some("aaa")).unwrap();
    assert!(prod.capabilities(&login.token, "kvv2/data/synapse/db").contains(&"read".to_owned()));
    prod.api("DELETE", "auth/cert/certs/aaa", &Value::Null);
    lint().ok();
}
