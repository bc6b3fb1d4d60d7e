//! What an identity is called on its server: policies, roles and aliases.

use super::{Auth, Identity};

impl Identity {
    /// The policy that its logins have at run time.
    pub fn runtime_policy(&self) -> String {
        self.name.to_string()
    }

    /// The policy of whoever provisions it, where one is declared.
    pub fn ops_policy(&self) -> Option<String> {
        (!self.declared.ops.is_empty()).then(|| format!("{}-ops", self.name))
    }

    /// The name of its role in an auth method.
    pub fn role(&self, auth: Auth) -> String {
        match auth {
            Auth::Jwt => format!("gitea_cicd_{}", self.name),
            Auth::Cert | Auth::Approle | Auth::Kubernetes => self.name.to_string(),
        }
    }

    /// The policy that a login by this method gives: CI provisions, all else runs.
    pub fn policy_of(&self, auth: Auth) -> String {
        let ops = self.ops_policy().filter(|_| auth == Auth::Jwt);
        ops.unwrap_or_else(|| self.runtime_policy())
    }

    /// The name by which Vault knows it in an auth method: the Subject CN, the role id, the value
    /// of the user claim, or `NAMESPACE/SERVICE-ACCOUNT`.
    pub fn alias(&self, auth: Auth) -> String {
        match (auth, &self.declared.jwt) {
            (Auth::Jwt, Some(jwt)) => jwt.subject.clone(),
            (Auth::Kubernetes, _) => {
                let (namespace, account) = self.service_account();
                format!("{namespace}/{account}")
            }
            _ => self.name.to_string(),
        }
    }

    /// Namespace and name of the service account of its pods.
    pub fn service_account(&self) -> (&str, &str) {
        let declared = self.declared.kubernetes.as_ref();
        let namespace = declared.and_then(|declared| declared.namespace.as_ref());
        let account = declared.and_then(|declared| declared.service_account.as_ref());
        (namespace.unwrap_or(&self.name).as_str(), account.unwrap_or(&self.name).as_str())
    }
}
