//! One app that logs in in four ways is one entity, from its first login on.
#![cfg(feature = "vault")]

mod common;
mod vaults;

use serde_json::{Value, json};
use vaults::{Cluster, Server, estate, jwt};

#[test]
fn four_ways_to_log_in_are_one_entity() {
    let (site, cluster) = (estate(), Cluster::start());
    let environment = site.read("ca/prod/environment.toml");
    let declared = format!(
        "{environment}\n[kubernetes]\nhost = \"https://127.0.0.1:{}\"\nca = \"kubernetes-ca.pem\"\n",
        cluster.port
    );
    let mounted =
        declared.replace("jwt = \"gitea\"", "jwt = \"gitea\"\nkubernetes = \"kubernetes\"");
    site.write("ca/prod/environment.toml", &mounted);
    site.write("ca/prod/kubernetes-ca.pem", &cluster.ca);
    let file = "identities/prod/synapse/identity.toml";
    site.edit(file, "[\"cert\", \"jwt\"]", "[\"cert\", \"approle\", \"jwt\", \"kubernetes\"]");
    let declaration = site.read(file);
    site.write(file, &(declaration + "\n[kubernetes]\nnamespace = \"matrix\"\n"));

    let prod = Server::start(&site, "prod");
    prod.apply();
    prod.is_as_declared();
    let entity = prod.api("GET", "identity/entity/name/synapse", &Value::Null)["data"].clone();
    let mut names: Vec<&str> = entity["aliases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alias| alias["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["example/synapse", "matrix/synapse", "synapse", "synapse"]);

    let pod = cluster.pod("matrix", "synapse");
    let logins = [
        prod.cert_login("prod/synapse", Some("synapse")).unwrap(),
        prod.approle_login("synapse").unwrap(),
        prod.jwt_login("gitea_cicd_synapse", &jwt("prod", "example/synapse")).unwrap(),
        prod.kubernetes_login("synapse", &pod).unwrap(),
    ];
    for login in &logins {
        assert_eq!(login.entity, entity["id"], "{login:?}");
        assert!(login.identity_policies.is_empty());
    }
    let policies: Vec<&str> = logins.iter().map(|login| login.token_policies[0].as_str()).collect();
    assert_eq!(policies, ["synapse", "synapse", "synapse-ops", "synapse"]);
    let entities = prod.api("GET", "identity/entity/id?list=true", &Value::Null);
    let infos = entities["data"]["key_info"].as_object().unwrap();
    let made = infos.values().filter(|info| info["name"].as_str().unwrap().starts_with("entity_"));
    assert_eq!(made.count(), 0, "no login had to make an entity");

    // Other accounts, the same account elsewhere, and a token that the cluster does not know.
    for (namespace, account) in [("matrix", "default"), ("default", "synapse")] {
        let pod = cluster.pod(namespace, account);
        let (status, said) = prod.kubernetes_login("synapse", &pod).unwrap_err();
        assert_eq!(status, 403, "{namespace}/{account}: {said}");
    }
    let stranger = Cluster::start().pod("matrix", "synapse");
    assert_eq!(prod.kubernetes_login("synapse", &stranger).unwrap_err().0, 403);

    // A token of a reviewer is one more secret on the server, and is nobody's declaration.
    let mut config = prod.api("GET", "auth/kubernetes/config", &Value::Null)["data"].clone();
    config["token_reviewer_jwt"] = json!(pod);
    prod.api("POST", "auth/kubernetes/config", &config);
    let drift = prod.rootward(&["vault", "drift", "prod", "--exit-code"]).fails(4, "");
    assert!(drift.stdout.contains("~ auth config kubernetes"), "{}", drift.stdout);
    prod.apply();
    prod.is_as_declared();
    prod.kubernetes_login("synapse", &pod).unwrap();

    // Shut out in one way is shut out in all.
    site.keyed(&["revoke", "prod/synapse", "--reason", "keyCompromise", "--yes"]).ok();
    prod.apply();
    for login in &logins {
        assert_eq!(prod.status(login, "GET", "auth/token/lookup-self", &Value::Null), 403);
    }
    assert!(prod.kubernetes_login("synapse", &pod).is_err());
}
