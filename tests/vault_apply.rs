//! The example estate on two real servers: what is applied is what is declared, everybody logs in
//! as himself and as nobody else, and one environment's server is never taken for another's.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]

mod common;
mod vaults;

use common::Site;
use serde_json::{Value, json};
use vaults::{Server, Setup, estate, jwt, jwt_signed_by, new_jwt_key};

/// Who logs in by certificate.
const CERT: [&str; 4] = ["caddy", "coturn", "operator", "synapse"];

fn two(site: &Site) -> [Server<'_>; 2] {
    ["test", "prod"].map(|environment| {
        let server = Server::start(site, environment);
        server.apply();
        server
    })
}

#[test]
fn after_an_apply_nothing_is_left_to_do() {
    let site = estate();
    for server in two(&site) {
        server.is_as_declared();
        let again = server.apply();
        assert!(again.stderr.contains("no changes"), "{}", again.stderr);
    }
}

/// The examples of the help pages, in their order.
#[test]
fn every_example_works() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    let root = rootward::cli::command();
    let noun = root.find_subcommand("vault").unwrap();
    let mut count = 0;
    for verb in ["plan", "apply", "drift"] {
        let page = noun.find_subcommand(verb).unwrap();
        let text = page.get_after_help().map(ToString::to_string).unwrap_or_default();
        for example in text.lines().filter_map(|line| line.strip_prefix("  $ rootward ")) {
            let mut words: Vec<&str> = example.split(' ').collect();
            if example.contains("--prune") {
                words.push("--yes"); // there is no terminal to ask at
            }
            let mut command = prod.command(&words);
            common::Run::of(command.current_dir(site.root()).output().unwrap()).ok();
            count += 1;
        }
    }
    assert!(count >= 7, "{count}");
    prod.is_as_declared();
}

#[test]
fn everybody_has_exactly_his_policies() {
    let site = estate();
    for server in two(&site) {
        let env = server.environment;
        let mut logins = Vec::new();
        for name in CERT {
            let login = server.cert_login(&format!("{env}/{name}"), Some(name)).unwrap();
            logins.push((name, vec![name.to_owned()], login));
        }
        logins.push(("sygnal", vec!["sygnal".into()], server.approle_login("sygnal").unwrap()));
        for (name, repository, policy) in [
            ("ci-deploy", "example/deploy", "ci-deploy"),
            ("synapse", "example/synapse", "synapse-ops"),
        ] {
            let role = format!("gitea_cicd_{name}");
            let login = server.jwt_login(&role, &jwt(env, repository)).unwrap();
            logins.push((name, vec![policy.to_owned()], login));
        }
        for (name, policies, login) in logins {
            assert_eq!(login.token_policies, policies, "{env}/{name}");
            assert!(login.identity_policies.is_empty(), "{env}/{name}: {login:?}");
            let entity =
                server.api("GET", &format!("identity/entity/id/{}", login.entity), &Value::Null);
            assert_eq!(entity["data"]["name"], name);
            let own = server.ask(Some(&login.token), "GET", "auth/token/lookup-self", &Value::Null);
            assert_eq!(
                own.1["data"]["ttl"].as_u64().map(|ttl| (3500..=3600).contains(&ttl)),
                Some(true)
            );
        }
    }
}

#[test]
fn nobody_logs_in_as_another() {
    let site = estate();
    for server in two(&site) {
        let env = server.environment;
        for name in CERT.into_iter().chain(["sygnal", "ci-deploy"]) {
            let client = format!("{env}/{name}");
            for role in CERT.into_iter().filter(|role| *role != name) {
                let (status, said) = server.cert_login(&client, Some(role)).unwrap_err();
                assert_eq!(status, 400, "{client} as {role}: {said}");
            }
            match server.cert_login(&client, None) {
                // Without a name the server looks for a role: it finds his own.
                Ok(login) => assert_eq!(login.metadata["cert_name"], name, "{client}"),
                Err(answer) => assert!(!CERT.contains(&name), "{client}: {answer:?}"),
            }
        }
        for (role, repository) in [("ci-deploy", "example/synapse"), ("synapse", "example/deploy")]
        {
            let role = format!("gitea_cicd_{role}");
            let (status, said) = server.jwt_login(&role, &jwt(env, repository)).unwrap_err();
            assert_eq!(status, 400, "{role}: {said}");
        }
        let other = if env == "prod" { "test" } else { "prod" };
        let foreign = jwt(other, "example/deploy");
        assert!(server.jwt_login("gitea_cicd_ci-deploy", &foreign).is_err());
        let forged = json!({
            "iss": format!("https://git.{env}.example.internal"), "repository": "example/deploy",
            "aud": format!("https://vault.{env}.example.internal"), "sub": "job",
        });
        let forged = jwt_signed_by(&new_jwt_key(), forged);
        assert!(server.jwt_login("gitea_cicd_ci-deploy", &forged).is_err());
    }
}

#[test]
fn an_identity_of_test_does_not_get_into_prod() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let (status, said) = prod.cert_login("test/synapse", Some("synapse")).unwrap_err();
    assert_eq!(status, 0, "{said}");
    assert!(
        said.to_string().contains("UnknownCA") || said.to_string().contains("BadCertificate"),
        "{said}"
    );
    drop(prod);

    // Where the listener lets both in, the role is what keeps it out.
    let lax = Setup { clients: vec!["test", "prod"], ..Setup::default() };
    let prod = Server::with(&site, "prod", lax);
    prod.apply();
    for name in CERT {
        prod.cert_login(&format!("prod/{name}"), Some(name)).unwrap();
        for role in [Some(name), None] {
            let (status, said) = prod.cert_login(&format!("test/{name}"), role).unwrap_err();
            assert_eq!(status, 400, "{said}");
        }
    }
}

#[test]
fn every_role_is_pinned_to_the_environment_s_own_intermediate() {
    let site = estate();
    for server in two(&site) {
        let env = server.environment;
        let own = site.read(&format!("ca/{env}/identity/g1/cert.pem"));
        let base = format!("auth/{}/certs", server.mount("cert"));
        let listed = server.api("GET", &format!("{base}?list=true"), &Value::Null);
        assert_eq!(listed["data"]["keys"], json!(CERT));
        for name in CERT {
            let role = server.api("GET", &format!("{base}/{name}"), &Value::Null);
            let role = &role["data"];
            assert_eq!(role["certificate"].as_str().unwrap().trim(), own.trim());
            assert_eq!(role["allowed_common_names"], json!([name]));
            let uris = role["allowed_uri_sans"].as_array().unwrap();
            let (domain, end) = (format!("spiffe://{env}.example.internal/"), format!("/{name}"));
            let uri = uris[0].as_str().unwrap();
            assert!(uris.len() == 1 && uri.starts_with(&domain) && uri.ends_with(&end), "{uris:?}");
            assert!(!uri.contains('*'));
        }
    }
}

#[test]
fn a_token_reads_what_is_its_own() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    for path in ["kvv2/data/synapse/x", "kvv2/data/coturn/x"] {
        prod.api("POST", path, &json!({"data": {"k": "v"}}));
    }
    let login = prod.cert_login("prod/synapse", Some("synapse")).unwrap();
    assert_eq!(prod.status(&login, "GET", "kvv2/data/synapse/x", &Value::Null), 200);
    assert_eq!(prod.status(&login, "GET", "kvv2/data/coturn/x", &Value::Null), 403);
    assert_eq!(prod.status(&login, "POST", "kvv2/data/synapse/x", &json!({"data": {}})), 403);
    assert_eq!(prod.status(&login, "GET", "auth/token/lookup-self", &Value::Null), 200);
    assert_eq!(prod.status(&login, "GET", "sys/policies/acl/synapse", &Value::Null), 403);

    // Its CI writes what it reads, and reads nothing.
    let ops = prod.jwt_login("gitea_cicd_synapse", &jwt("prod", "example/synapse")).unwrap();
    assert_eq!(ops.entity, login.entity);
    assert_eq!(prod.status(&ops, "POST", "kvv2/data/synapse/y", &json!({"data": {}})), 200);
    assert_eq!(prod.status(&ops, "GET", "kvv2/data/synapse/x", &Value::Null), 403);
    assert_eq!(prod.status(&ops, "POST", "kvv2/data/coturn/x", &json!({"data": {}})), 403);
}

#[test]
fn the_server_of_another_environment_is_refused() {
    let site = estate();
    let test = Server::start(&site, "test");
    test.apply();
    let before = test.requests();
    // As the shell of somebody who meant prod, whose variables are those of test.
    for more in
        [&[][..], &["--cacert", &site.path("ca/test/identity/g1/cert.pem").display().to_string()]]
    {
        for verb in ["plan", "apply", "drift"] {
            let run = test.rootward(&[&["vault", verb, "prod"], more].concat());
            let run = run.fails(3, "WRONG-ENVIRONMENT: ");
            assert!(
                run.stderr.contains("is a server of test, expected one of prod"),
                "{}",
                run.stderr
            );
        }
    }
    assert_eq!(test.requests(), before, "nothing was asked, no token was sent");
}

/// Its certificate is of neither environment: what it carries says whose it is.
#[test]
fn the_marks_of_another_environment_are_refused() {
    let site = estate();
    let listener = site.beside("listener");
    std::fs::create_dir(&listener).unwrap();
    let names = ["test", "prod"].map(|env| format!("vault.{env}.example.internal"));
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(listener.join("chain.pem"), made.cert.pem()).unwrap();
    std::fs::write(listener.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let ca = listener.join("chain.pem").display().to_string();
    let setup =
        Setup { listener: Some(listener), clients: vec!["test", "prod"], ..Setup::default() };
    let server = Server::with(&site, "test", setup);
    server.rootward(&["vault", "apply", "test", "--yes", "--cacert", &ca]).ok();
    let before = server.writes();
    for verb in ["plan", "apply", "drift"] {
        let run = server.rootward(&["vault", verb, "prod", "--cacert", &ca]);
        let run = run.fails(3, "WRONG-ENVIRONMENT: ");
        assert!(run.stderr.contains("this is the server of test"), "{}", run.stderr);
    }
    assert_eq!(server.writes(), before);
}
