# More than anybody should have.
path "{mounts.pki}/issue/*" {
  capabilities = ["update"]
}

path "{mounts.kv2}/data/*" {
  capabilities = ["read"]
}
