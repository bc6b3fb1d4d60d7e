# Signs and verifies with the identity's own transit key, which never leaves the server.
path "transit/sign/{name}" {
  capabilities = ["update"]
}

path "transit/verify/{name}" {
  capabilities = ["update"]
}
