//! Every way to log in, and what it gave.

use super::server::{Answer, Server};
use serde_json::{Value, json};

/// What a login gave.
#[derive(Clone, Debug)]
pub struct Login {
    pub token: String,
    pub entity: String,
    /// Of the role.
    pub token_policies: Vec<String>,
    /// Of the entity and its groups.
    pub identity_policies: Vec<String>,
    pub metadata: Value,
}

impl Login {
    fn of(answer: Answer) -> Result<Self, Answer> {
        let auth = &answer.1["auth"];
        let (Some(token), Some(entity)) =
            (auth["client_token"].as_str(), auth["entity_id"].as_str())
        else {
            return Err(answer);
        };
        let names = |value: &Value| -> Vec<String> {
            let all = value.as_array().into_iter().flatten();
            all.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Ok(Self {
            token: token.to_owned(),
            entity: entity.to_owned(),
            token_policies: names(&auth["token_policies"]),
            identity_policies: names(&auth["identity_policies"]),
            metadata: auth["metadata"].clone(),
        })
    }
}

impl Server<'_> {
    /// Of an identity, `ENV/NAME`, with its certificate, at the role; without a role at whichever
    /// takes it.
    pub fn cert_login(&self, identity: &str, role: Option<&str>) -> Result<Login, Answer> {
        let body = role.map_or_else(|| json!({}), |role| json!({ "name": role }));
        let path = format!("auth/{}/login", self.mount("cert"));
        Login::of(self.ask_as(identity, None, "POST", &path, &body))
    }

    /// With a secret id that the root token makes.
    pub fn approle_login(&self, name: &str) -> Result<Login, Answer> {
        let mount = self.mount("approle");
        let (status, made) = self.ask(
            Some(&self.token()),
            "POST",
            &format!("auth/{mount}/role/{name}/secret-id"),
            &json!({}),
        );
        if status != 200 {
            return Err((status, made));
        }
        let body = json!({ "role_id": name, "secret_id": made["data"]["secret_id"] });
        Login::of(self.ask(None, "POST", &format!("auth/{mount}/login"), &body))
    }

    pub fn jwt_login(&self, role: &str, jwt: &str) -> Result<Login, Answer> {
        let body = json!({ "role": role, "jwt": jwt });
        let path = format!("auth/{}/login", self.mount("jwt"));
        Login::of(self.ask(None, "POST", &path, &body))
    }

    pub fn kubernetes_login(&self, role: &str, jwt: &str) -> Result<Login, Answer> {
        let body = json!({ "role": role, "jwt": jwt });
        Login::of(self.ask(None, "POST", "auth/kubernetes/login", &body))
    }

    /// Where the example declares it.
    pub fn mount(&self, what: &str) -> String {
        let plain = if what == "jwt" { "gitea" } else { what };
        let plain = if what == "kv2" { "kvv2" } else { plain };
        match self.environment {
            "prod" => plain.to_owned(),
            other => format!("{other}-{plain}"),
        }
    }

    /// What the token may do at the path.
    #[track_caller]
    pub fn capabilities(&self, token: &str, path: &str) -> Vec<String> {
        let body = json!({ "token": token, "paths": [path] });
        let answer = self.api("POST", "sys/capabilities", &body);
        let found = answer["data"][path].as_array().cloned().unwrap_or_default();
        found.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The status of a request with the token of a login.
    pub fn status(&self, login: &Login, method: &str, path: &str, body: &Value) -> u16 {
        self.ask(Some(&login.token), method, path, body).0
    }
}
