# Provisions the secrets kept under the identity's own name, and does not read them.
path "{mounts.kv2}/data/{name}" {
  capabilities = ["create", "update"]
}

path "{mounts.kv2}/data/{name}/*" {
  capabilities = ["create", "update"]
}

path "{mounts.kv2}/metadata/{name}/*" {
  capabilities = ["read", "list"]
}
