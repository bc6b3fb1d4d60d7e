//! Aliases tie logins to entities: whatever happens to them, each login is its own identity's.
#![cfg(feature = "vault")]
#![expect(clippy::disallowed_methods, reason = "tests look at files themselves")]
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;
mod vaults;

use serde_json::{Value, json};
use vaults::{Server, estate};

fn entity_id(server: &Server, name: &str) -> String {
    let answer = server.api("GET", &format!("identity/entity/name/{name}"), &Value::Null);
    answer["data"]["id"].as_str().unwrap().to_owned()
}

fn accessor(server: &Server, mount: &str) -> String {
    let answer = server.api("GET", "sys/auth", &Value::Null);
    answer["data"][format!("{mount}/")]["accessor"].as_str().unwrap().to_owned()
}

fn alias_id(server: &Server, entity: &str, mount: &str) -> String {
    let answer = server.api("GET", &format!("identity/entity/name/{entity}"), &Value::Null);
    let aliases = answer["data"]["aliases"].as_array().unwrap().clone();
    let path = format!("auth/{mount}/");
    let of = |alias: &&Value| alias["mount_path"] == path.as_str();
    aliases.iter().find(of).unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn aliases_are_mended() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let id = |name: &str| entity_id(&prod, name);
    let synapse = id("synapse");

    let alias = alias_id(&prod, "synapse", "cert");
    prod.api("DELETE", &format!("identity/entity-alias/id/{alias}"), &Value::Null);
    prod.mended("removed", &["+ alias synapse@cert"], false);
    assert_eq!(prod.cert_login("prod/synapse", Some("synapse")).unwrap().entity, synapse);

    // To an entity of somebody with rights: the next login would have them.
    let evil = json!({"name": "somebody", "policies": ["coturn"]});
    prod.api("POST", "identity/entity", &evil);
    let moved = json!({"name": "synapse", "canonical_id": id("somebody"),
        "mount_accessor": accessor(&prod, "cert")});
    prod.api("POST", "identity/entity-alias", &moved);
    let login = prod.cert_login("prod/synapse", Some("synapse")).unwrap();
    assert_eq!(login.identity_policies, ["coturn"]);
    prod.mended("moved", &["+ alias synapse@cert"], false);
    let login = prod.cert_login("prod/synapse", Some("synapse")).unwrap();
    assert_eq!((login.entity.clone(), login.identity_policies.len()), (synapse.clone(), 0));

    // Another name in the same mount: whoever has it would be synapse.
    let alias = alias_id(&prod, "synapse", "gitea");
    let renamed = json!({"name": "example/evil", "canonical_id": synapse,
        "mount_accessor": accessor(&prod, "gitea")});
    prod.api("POST", &format!("identity/entity-alias/id/{alias}"), &renamed);
    prod.mended(
        "renamed",
        &["~ alias synapse@gitea", "name: example/evil -> example/synapse"],
        false,
    );

    // A way in that nobody declared.
    prod.api("POST", "sys/auth/userpass", &json!({"type": "userpass"}));
    let more = json!({"name": "eve", "canonical_id": synapse,
        "mount_accessor": accessor(&prod, "userpass")});
    prod.api("POST", "identity/entity-alias", &more);
    let drift = prod.rootward(&["vault", "drift", "prod", "--exit-code"]).fails(4, "");
    assert!(drift.stdout.contains("alias synapse@userpass"), "{}", drift.stdout);
    prod.rootward(&["vault", "apply", "prod", "--yes", "--prune"]).ok();
    prod.rootward(&["vault", "drift", "prod", "--exit-code"]).ok();
    assert!(prod.api("GET", "sys/auth", &Value::Null)["data"]["userpass/"].is_object());
}

/// Two repositories change hands: each alias is the other's, and neither is lost.
#[test]
fn aliases_change_hands() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let (synapse, deploy) = (entity_id(&prod, "synapse"), entity_id(&prod, "ci-deploy"));
    site.edit("identities/prod/synapse/identity.toml", "example/synapse", "example/deploy");
    let file = "identities/prod/ci-deploy/identity.toml";
    site.edit(file, "example/deploy", "example/synapse");
    prod.apply();
    prod.is_as_declared();
    let of = |role: &str, subject: &str| {
        prod.jwt_login(role, &vaults::jwt("prod", subject)).map(|login| login.entity)
    };
    assert_eq!(of("gitea_cicd_synapse", "example/deploy").unwrap(), synapse);
    assert_eq!(of("gitea_cicd_ci-deploy", "example/synapse").unwrap(), deploy);
}

/// An identity has another name, and the same repository: its alias is the new one's.
#[test]
fn an_identity_that_is_renamed_keeps_its_alias() {
    let site = estate();
    let prod = Server::start(&site, "prod");
    prod.apply();
    let rename = |from: &str, to: &str| {
        std::fs::rename(site.path(from), site.path(to)).unwrap();
    };
    rename("identities/prod/ci-deploy", "identities/prod/deployer");
    prod.rootward(&["vault", "apply", "prod", "--yes", "--prune"]).ok();
    prod.is_as_declared();
    let jwt = vaults::jwt("prod", "example/deploy");
    let login = prod.jwt_login("gitea_cicd_deployer", &jwt).unwrap();
    assert_eq!(login.entity, entity_id(&prod, "deployer"));
    assert!(prod.jwt_login("gitea_cicd_ci-deploy", &jwt).is_err());
}
