# Reads the secrets kept under the identity's own name.
path "{mounts.kv2}/data/{name}" {
  capabilities = ["read"]
}

path "{mounts.kv2}/data/{name}/*" {
  capabilities = ["read"]
}
