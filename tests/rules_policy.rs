//! `policy lint`: each fault planted by itself in the example estate, which is clean without.
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod policies;
use policies::Estate;

const FILE: &str = "identities/policies/planted.hcl";
const INVALID: &str = "POLICY-INVALID";
const UNUSED: &str = "POLICY-UNUSED";
const NEEDLESS: &str = "EXCEPTION-UNUSED";
const EXPIRED: &str = "EXCEPTION-EXPIRED";
const EXCEPTIONS: &str = "identities/policies/exceptions.toml";

/// One rule of a policy that `prod/caddy` has, on line 1.
fn rule(path: &str, capabilities: &str) -> String {
    format!("path \"{path}\" {{ capabilities = [{capabilities}] }}\n")
}

/// The planted rule is found, by that rule alone, and the line says that.
#[track_caller]
fn finds(path: &str, capabilities: &str, id: &str, said: &str) {
    let estate = Estate::planted(&rule(path, capabilities));
    let out = estate.finds(&[&format!("{id}: {FILE}:1: ")]);
    assert!(out.contains(said), "expected {said:?} in {out}");
}

#[track_caller]
fn finds_nothing(path: &str, capabilities: &str) {
    Estate::planted(&rule(path, capabilities)).finds(&[]);
}

#[test]
fn the_example_estate_is_clean_and_says_what_it_lets_pass() {
    let estate = Estate::example();
    estate.finds(&[]);
    let listed = estate.policy(&["lint", "--exceptions"]).ok().stdout;
    assert!(
        listed.starts_with("POLICY-SYSTEM of snapshot on sys/storage/raft/snapshot\n"),
        "{listed}"
    );
    assert!(listed.contains("lets 2 findings pass"), "{listed}");
}

#[test]
fn what_the_server_would_not_take_is_found_with_its_line() {
    for (text, said) in [
        (
            "# one\npath \"kvv2/data/caddy\" {\n  capabilities = [\"reed\"]\n}\n",
            ":2: path \"kvv2/data/caddy\": got capability \"reed\"",
        ),
        ("path \"a+*\" { policy = \"read\" }", ":1: "),
        ("path \"a\" {", ":1: "),
        ("\npath \"a\" { capability = [\"read\"] }", ":2: unknown key \"capability\""),
    ] {
        let estate = Estate::planted(text);
        let out = estate.finds(&[INVALID]);
        assert!(out.starts_with(&format!("{INVALID}: {FILE}{said}")), "{out}");
        // Whoever asks for rights is told to look here.
        let asked = estate.policy(&["who-can", "read", "kvv2/*"]).fails(2, FILE);
        assert!(asked.stderr.contains(" policy lint\n"), "{asked:?}");
    }
}

#[test]
fn a_path_in_no_mount_is_found() {
    let id = "POLICY-MOUNT";
    finds(
        "secret/data/{name}",
        "\"read\"",
        id,
        "secret/data/caddy is in no mount of prod, expected one of",
    );
    finds("pki2/issue/{name}", "\"update\"", id, "pki2/issue/caddy");
    finds("auth/ldap/users/{name}", "\"read\"", id, "auth/ldap/users/caddy");
    finds_nothing("secret/*", "\"deny\"");
    finds_nothing("cubbyhole/*", "\"read\", \"create\"");
}

#[test]
fn a_rule_that_never_decides_is_found() {
    let id = "POLICY-SHADOWED";
    // Both begin to be wild at the same place; then the one with fewer + decides, deny or not.
    let all = rule("{mounts.kv2}/data/{name}/*", "\"read\"");
    let denied = rule("{mounts.kv2}/data/{name}/+/*", "\"deny\"");
    let out = Estate::planted(&format!("{all}{denied}")).finds(&[&format!("{id}: {FILE}:2: ")]);
    assert!(
        out.contains("kvv2/data/caddy/+/* decides over no path, as kvv2/data/caddy/* is nearer"),
        "{out}"
    );
    // Not a prefix: it is nearer, and takes a part.
    let one = rule("{mounts.kv2}/data/{name}/+", "\"deny\"");
    Estate::planted(&format!("{all}{one}")).finds(&[]);
    // For somebody else the same rule decides: then it is needed.
    let estate = Estate::planted(&denied);
    estate.0.write("identities/policies/whole.hcl", &all);
    let declaration = "identities/prod/caddy/identity.toml";
    estate.0.edit(declaration, "policies = [", "policies = [\"whole\", ");
    estate.finds(&[&format!("{id}: {FILE}:1: ")]);
    estate.0.edit("identities/prod/coturn/identity.toml", "\"kv-read\"", "\"planted\"");
    estate.finds(&[]);
}

#[test]
fn a_wildcard_that_reaches_others_is_found() {
    let id = "POLICY-WILDCARD";
    finds(
        "{mounts.kv2}/data/*",
        "\"read\"",
        id,
        "prod/caddy may read kvv2/data/*, which reaches what is",
    );
    finds("{mounts.kv2}/*", "\"list\"", id, "kvv2/*");
    finds("{mounts.kv2}/data/+/db", "\"read\"", id, "kvv2/data/+/db");
    finds("{mounts.kv2}/+/+", "\"read\"", id, "kvv2/+/+");
    // Without the slash before the wildcard: synapse's begin with s, too.
    finds("{mounts.kv2}/data/s*", "\"read\"", id, "which reaches what is sygnal's");
    finds_nothing("{mounts.kv2}/data/{name}/*", "\"read\"");
    finds_nothing("{mounts.kv2}/+/{name}/*", "\"read\"");
    finds_nothing("{mounts.kv2}/data/x*", "\"read\"");
}

#[test]
fn secrets_that_two_apps_reach_are_found() {
    let id = "POLICY-OVERLAP";
    finds("{mounts.kv2}/data/coturn/turn", "\"read\"", id, "which is named after coturn");
    finds_nothing("{mounts.kv2}/data/shared", "\"read\"");
    let shared = rule("{mounts.kv2}/data/shared/*", "\"read\"");
    let estate = Estate::planted(&shared);
    estate.finds(&[]);
    estate.0.edit(
        "identities/prod/coturn/identity.toml",
        "policies = [",
        "policies = [\"planted\", ",
    );
    let out = estate.finds(&[&format!("{id}: {FILE}:1: ")]);
    assert!(
        out.contains("prod/caddy may read kvv2/data/shared/*, and prod/coturn may read it"),
        "{out}"
    );
    assert!(out.contains("; so is prod/coturn"), "{out}");
    // Two paths of which one is in the other.
    let estate = Estate::planted(&rule("{mounts.kv2}/data/shared/*", "\"read\""));
    estate.0.write(
        "identities/policies/inner.hcl",
        &rule("{mounts.kv2}/data/shared/turn", "\"update\""),
    );
    estate.0.edit(
        "identities/prod/coturn/identity.toml",
        "policies = [",
        "policies = [\"inner\", ",
    );
    let out = estate.finds(&[
        &format!("{id}: identities/policies/inner.hcl:1: "),
        &format!("{id}: {FILE}:1: "),
    ]);
    assert!(out.contains("and prod/coturn may update kvv2/data/shared/turn"), "{out}");
}

#[test]
fn sudo_and_the_server_itself_are_found() {
    finds(
        "{mounts.kv2}/data/{name}",
        "\"read\", \"sudo\"",
        "POLICY-SUDO",
        "prod/caddy has sudo on kvv2/data/caddy",
    );
    let id = "POLICY-SYSTEM";
    finds(
        "sys/health",
        "\"read\"",
        id,
        "prod/caddy may read sys/health, expected its own token alone",
    );
    finds("auth/token/lookup", "\"update\"", id, "auth/token/lookup");
    finds("sys/*", "\"list\"", id, "sys/*");
    finds_nothing("sys/capabilities-self", "\"update\"");
    finds_nothing("sys/*", "\"deny\"");
}

#[test]
fn who_can_mint_a_name_can_become_it() {
    let id = "POLICY-MINT";
    finds(
        "{mounts.pki}/issue/coturn",
        "\"update\"",
        id,
        "prod/caddy may update pki/issue/coturn and so become TLS server coturn.prod.example.internal, \
         expected pki/issue/caddy at most",
    );
    finds("{mounts.pki}/sign/+", "\"create\"", id, "pki/sign/");
    finds(
        "{mounts.pki}/issue/*",
        "\"update\"",
        id,
        "become TLS server coturn.prod.example.internal",
    );
    finds(
        "{mounts.pki}/issue/c*",
        "\"update\"",
        id,
        "become TLS server coturn.prod.example.internal",
    );
    finds("{mounts.pki}/issue/any", "\"update\"", id, "become whatever the role any allows");
    for path in [
        "issuer/default/issue/coturn",
        "issuer/+/sign/+",
        "issuer/*",
        "sign-verbatim",
        "sign-verbatim/{name}",
        "issuer/default/sign-verbatim",
        "sign-self-issued",
        "root/sign-intermediate",
        "root/generate/internal",
        "intermediate/set-signed",
        "roles/{name}",
        "roles/+",
        "config/issuers",
        "keys/import",
        "issuers/import/bundle",
        "issuers/*",
        "*",
    ] {
        finds(&format!("{{mounts.pki}}/{path}"), "\"update\"", id, "prod/caddy may update pki/");
    }
    // What it has anyway, what only looks, and what a nearer rule denies.
    for path in ["issue/{name}", "sign/{name}", "issuer/default/issue/{name}", "revoke"] {
        finds_nothing(&format!("{{mounts.pki}}/{path}"), "\"update\"");
    }
    finds_nothing("{mounts.pki}/issue/*", "\"read\"");
    finds_nothing("{mounts.pki}/*", "\"read\", \"list\"");
    let denied = format!(
        "{}{}",
        rule("{mounts.pki}/roles/*", "\"update\""),
        rule("{mounts.pki}/roles/+", "\"deny\"")
    );
    let out = Estate::planted(&denied).policy(&["lint"]);
    assert!(!out.stdout.contains("pki/roles/+ and so"), "{out:?}");
}

#[test]
fn who_can_become_whom_is_found() {
    let id = "POLICY-BECOME";
    finds(
        "auth/{mounts.approle}/role/sygnal/secret-id",
        "\"update\"",
        id,
        "and so log in as prod/sygnal",
    );
    finds(
        "auth/{mounts.approle}/role/+/secret-id",
        "\"update\"",
        id,
        "and so log in as prod/sygnal",
    );
    finds(
        "auth/{mounts.approle}/role/{name}",
        "\"update\"",
        id,
        "let itself log in with any policy",
    );
    finds("auth/{mounts.cert}/certs/{name}", "\"create\"", id, "auth/cert/certs/caddy");
    finds(
        "auth/{mounts.cert}/crls/prod-identity",
        "\"delete\"",
        id,
        "let revoked certificates log in",
    );
    finds("auth/{mounts.jwt}/role/*", "\"update\"", id, "let itself log in with any policy");
    finds("auth/token/create", "\"update\"", id, "make tokens that outlive its login");
    finds("auth/token/create/ops", "\"update\"", id, "auth/token/create/ops");
    finds("identity/entity/name/{name}", "\"update\"", id, "take over entities");
    finds("sys/policies/acl/{name}", "\"update\"", id, "give itself any right");
    finds("{mounts.transit}/sign/ci-deploy", "\"update\"", id, "sign or decrypt as prod/ci-deploy");
    finds("{mounts.transit}/export/signing-key/+", "\"read\"", id, "prod/ci-deploy");
    finds("{mounts.database}/creds/+", "\"read\"", id, "become prod/synapse in the database");
    finds("{mounts.database}/roles/{name}", "\"update\"", id, "in the database");
    finds_nothing("auth/{mounts.approle}/role/{name}/secret-id", "\"update\"");
    finds_nothing("{mounts.transit}/sign/{name}", "\"update\"");
    finds_nothing("{mounts.database}/creds/{name}", "\"read\"");
    // An engine that the example estate does not mount.
    let estate = Estate::planted(&rule("{mounts.ssh}/sign/coturn", "\"update\""));
    estate.0.edit("ca/prod/environment.toml", "pki = \"pki\"", "pki = \"pki\"\nssh = \"ssh\"");
    let out = estate.finds(&[&format!("{id}: {FILE}:1: ")]);
    assert!(out.contains("log in by SSH as prod/coturn"), "{out}");
}

#[test]
fn whoever_cannot_renew_is_found_where_it_is_declared() {
    let estate = Estate::example();
    let file = "identities/prod/sygnal/identity.toml";
    estate.0.edit(file, ", \"self-renew\"", "");
    estate.finds(&[&format!(
        "POLICY-RENEWAL: {file}:5: the policy sygnal allows no auth/token/lookup-self"
    )]);
    let estate = Estate::example();
    let file = "identities/prod/synapse/identity.toml";
    estate.0.edit(file, "[\"kv-write\", \"self-renew\"]", "[\"kv-write\"]");
    estate.finds(&[&format!("POLICY-RENEWAL: {file}:6: the policy synapse-ops allows no ")]);
}

#[test]
fn a_template_of_nobody_and_names_of_two_are_found() {
    let estate = Estate::example();
    estate.0.write("identities/policies/idle.hcl", &rule("cubbyhole/x", "\"read\""));
    estate.finds(&[&format!("{UNUSED}: identities/policies/idle.hcl: no identity has it")]);
    // With one environment alone nobody knows.
    estate.policy(&["lint", "--env", "prod"]).ok();
    let estate = Estate::example();
    let file = "identities/prod/coturn/identity.toml";
    let text = estate.0.read("identities/prod/ci-deploy/identity.toml");
    estate.0.write(file, &text);
    let out = estate.finds(&[&format!("ALIAS-TAKEN: {file}:8: ")]);
    assert!(out.contains("the jwt alias example/deploy, which prod/ci-deploy has"), "{out}");
    let estate = Estate::example();
    let text = estate.0.read("identities/prod/sygnal/identity.toml");
    std::fs::create_dir(estate.0.path("identities/prod/synapse-ops")).unwrap();
    estate.0.write("identities/prod/synapse-ops/identity.toml", &text);
    let out = estate.finds(&["ALIAS-TAKEN: identities/prod/synapse-ops/identity.toml:5: "]);
    assert!(out.contains("the policy synapse-ops, which prod/synapse has"), "{out}");
}

/// An exception in the place of those of the example estate, with one that is needed there.
fn excepted(estate: &Estate, entry: &str) {
    let text = estate.0.read(EXCEPTIONS);
    estate.0.write(EXCEPTIONS, &format!("{text}\n[[exception]]\n{entry}"));
}

#[test]
fn an_exception_lets_pass_what_it_names_until_its_end() {
    let planted = || Estate::planted(&rule("sys/health", "\"read\""));
    let entry = "rule = \"POLICY-SYSTEM\"\nobject = \"prod/caddy\"\nreason = \"probe\"\n";
    let until = |day: &str| format!("{entry}until = {day}\n");
    let estate = planted();
    excepted(&estate, &until("2026-12-01"));
    estate.finds(&[]);
    excepted(
        &estate,
        &until("2026-12-01")
            .replace("prod/caddy", "planted")
            .replace("reason", "path = \"sys/health\"\nreason"),
    );
    // The second is not needed.
    let line = estate.0.read(EXCEPTIONS).lines().count() - 5;
    estate.finds(&[&format!(
        "{NEEDLESS}: {EXCEPTIONS}:{line}: nothing breaks POLICY-SYSTEM for planted"
    )]);
    let estate = planted();
    excepted(&estate, &until("2026-11-30"));
    let expired = format!("{EXPIRED}: {EXCEPTIONS}:");
    estate.finds(&[&expired, &format!("POLICY-SYSTEM: {FILE}:1: ")]);
    let estate = planted();
    excepted(&estate, &until("2027-01-01").replace("reason", "path = \"sys/seal\"\nreason"));
    estate.finds(&[&format!("{NEEDLESS}: {EXCEPTIONS}:"), &format!("POLICY-SYSTEM: {FILE}:1: ")]);
    let estate = planted();
    excepted(&estate, &until("2027-01-01").replace("SYSTEM", "SISTEM"));
    estate.policy(&["lint"]).fails(2, "did you mean \"POLICY-SYSTEM\"?");
}

#[test]
fn findings_are_a_document_with_a_version() {
    let estate = Estate::planted(&rule("{mounts.pki}/issue/*", "\"update\""));
    let run = estate.policy(&["lint", "--json"]);
    assert_eq!(run.code, 3);
    let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(value["version"], 1);
    let finding = &value["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["file"], &finding["line"]),
        (&"POLICY-MINT".into(), &FILE.into(), &1.into())
    );
    assert_eq!(
        (&finding["object"], &finding["path"]),
        (&"prod/caddy".into(), &"pki/issue/*".into())
    );
    assert_eq!(value["exceptions"][0]["passes"].as_array().unwrap().len(), 2);
}
